// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/plan_fixture.h"

#include "harness/file.h"
#include "harness/plan_order.h"

#include <errno.h>
#include <string.h>

#define FACTORS "tests/golden/good/sweep-factors.json"
#define LABELS "tests/golden/good/sweep-labels.json"
#define TOPOLOGIES "tests/golden/good/topology-factor.json"

static struct loaded load(const char *path, const char *const *sets)
{
	return load_plan(path, &(struct plan_options){ .sets = sets });
}

#define LOAD(path, ...) load(path, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static json_t *at(json_t *json, const char *path)
{
	_free_ char *copy = strdup(path);
	char *rest = copy, *part;

	while ((part = strsep(&rest, "/")))
		json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10))
					   : json_object_get(json, part);
	return json;
}

static json_int_t number_at(json_t *json, const char *path)
{
	assert_true(json_is_integer(at(json, path)));
	return json_integer_value(at(json, path));
}

/* Each batch visits each cell once, and the batches come one after the other. */
static void assert_complete(const struct plan *plan)
{
	size_t batches = plan->job_count / plan->cell_count;

	assert_int_equal(plan->job_count, plan->cells[0].experiment->batches * plan->cell_count);
	for (size_t batch = 0; batch < batches; batch++) {
		uint64_t seen = 0;

		for (size_t i = 0; i < plan->cell_count; i++) {
			const struct job *job = &plan->jobs[batch * plan->cell_count + i];

			assert_int_equal(job->batch, batch);
			assert_false(seen >> job->cell & 1);
			seen |= 1ull << job->cell;
		}
		assert_int_equal(seen, (1ull << plan->cell_count) - 1);
	}
}

static bool same_order(const struct plan *a, const struct plan *b)
{
	return a->job_count == b->job_count &&
	       !memcmp(a->jobs, b->jobs, a->job_count * sizeof(*a->jobs));
}

static void test_order(void **state)
{
	_loaded_ struct loaded first = LOAD(FACTORS, "batches=100");
	_loaded_ struct loaded again = LOAD(FACTORS, "batches=100");
	_loaded_ struct loaded other = LOAD(FACTORS, "batches=100", "seed=8");

	(void)state;
	assert_complete(good(&first));
	assert_complete(good(&other));
	assert_true(same_order(good(&first), good(&again)));
	assert_false(same_order(good(&first), good(&other)));
}

/* Each cell should come first as often as the next: 1000 of 6000, give or take five deviations. */
static void test_order_is_fair(void **state)
{
	_loaded_ struct loaded loaded = LOAD(FACTORS, "batches=6000");
	const struct plan *plan = good(&loaded);
	size_t firsts[6] = {};

	(void)state;
	assert_int_equal(plan->cell_count, 6);
	for (size_t i = 0; i < plan->job_count; i += 6)
		firsts[plan->jobs[i].cell]++;
	for (size_t i = 0; i < 6; i++)
		assert_in_range(firsts[i], 1000 - 145, 1000 + 145);
}

static void test_cells(void **state)
{
	_loaded_ struct loaded loaded = LOAD(LABELS);
	const struct plan *plan = good(&loaded);
	const struct cell *cell = &plan->cells[7];

	(void)state;
	assert_string_equal(plan->name, "sweep-labels");
	assert_int_equal(plan->cell_count, 8);
	assert_string_equal(cell->label, "shape=large and fast rules=50 ttl=64");
	assert_int_equal(json_object_size(cell->factors), 3);
	assert_int_equal(number_at(cell->experiment_json, "load/size"), 1300);
	assert_int_equal(number_at(cell->experiment_json, "load/ttl"), 64);
	assert_null(at(cell->experiment_json, "sweep"));
	/* What the factor leads through is made where the file does not have it. */
	assert_int_equal(number_at(cell->topology_json, "nodes/client/firewall/rules"), 50);
	assert_int_equal(number_at(cell->topology_json, "nodes/server/firewall/rules"), 5);
	assert_int_equal(number_at(plan->cells[0].topology_json, "nodes/client/firewall/rules"), 0);
}

static void test_topologies(void **state)
{
	_loaded_ struct loaded loaded = LOAD(TOPOLOGIES);
	const struct plan *plan = good(&loaded);

	(void)state;
	assert_int_equal(plan->cell_count, 2);
	assert_string_equal(plan->cells[0].experiment->topology->name, "pair");
	assert_string_equal(plan->cells[1].experiment->topology->name, "chain");
	assert_int_equal(plan->cells[1].experiment->from_node, 0);
	assert_int_equal(plan->cells[1].experiment->to_node, 2);
	/* 0.25 s of a packet each 1000 us */
	assert_int_equal(plan->cells[0].experiment->packets, 250);
	assert_near(plan->load_s, 2 * 4 * 0.255, 1e-9);
}

static void test_defaults(void **state)
{
	_loaded_ struct loaded loaded = LOAD(LABELS);
	const struct cell *cell = &good(&loaded)->cells[0];

	(void)state;
	assert_int_equal(number_at(cell->experiment_json, "warmup"), 10);
	assert_int_equal(number_at(cell->experiment_json, "load/timeout_ms"), 1000);
	assert_string_equal(json_string_value(at(cell->experiment_json, "build")), "batch");
	assert_int_equal(number_at(cell->topology_json, "links/0/tx_queues"), 0);
	assert_int_equal(number_at(loaded.plan->experiment_json, "warmup"), 10);
	assert_non_null(at(loaded.plan->experiment_json, "sweep"));
}

/* A folder in which the topologies of tests/golden are found; its path in `dir`. */
static void make_folder(char *dir)
{
	_free_ char *here = realpath("tests/golden/topologies", NULL), *link = NULL;

	assert_non_null(mkdtemp(dir));
	if (!here || asprintf(&link, "%s/topologies", dir) < 0)
		abort();
	assert_int_equal(symlink(here, link), 0);
}

/* What a result folder keeps as its experiment can be run again, and comes to the same. */
static void test_filled_in_is_good(void **state)
{
	static const char *const paths[] = { FACTORS, LABELS, TOPOLOGIES };
	char dir[] = "/tmp/labrun-plan-XXXXXX", again[100];

	(void)state;
	make_folder(dir);
	snprintf(again, sizeof(again), "%s/again.json", dir);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_loaded_ struct loaded first = LOAD(paths[i]);
		struct loaded second;

		assert_int_equal(json_dump_file(good(&first)->experiment_json, again, 0), 0);
		second = LOAD(again);
		assert_true(
			json_equal(good(&first)->experiment_json, good(&second)->experiment_json));
		assert_true(same_order(first.plan, second.plan));
		loaded_done(&second);
	}
	file_remove_tree(dir);
}

static void test_sets(void **state)
{
	_loaded_ struct loaded loaded =
		LOAD(FACTORS, "batches=2", "load.interval_us=250", "title=any text",
		     "topology.links[0].mtu=1300", "topology.nodes.client.forward=true",
		     "topology.nodes.client.firewall.rules=9", "name=\"quoted\"");
	const struct plan *plan = good(&loaded);

	(void)state;
	assert_string_equal(plan->name, "quoted");
	assert_int_equal(plan->job_count, 12);
	assert_string_equal(plan->cells[0].experiment->title, "any text");
	for (size_t i = 0; i < plan->cell_count; i++) {
		json_t *topology = plan->cells[i].topology_json;

		assert_int_equal(number_at(plan->cells[i].experiment_json, "load/interval_us"),
				 250);
		assert_int_equal(number_at(topology, "links/0/mtu"), 1300);
		assert_true(json_is_object(at(topology, "nodes/client/forward")));
		assert_int_equal(number_at(topology, "nodes/client/firewall/rules"), 9);
	}
	assert_int_equal(number_at(plan->experiment_json, "batches"), 2);
}

/* The sweep itself can be changed. */
static void test_set_of_sweep(void **state)
{
	_loaded_ struct loaded none = LOAD(FACTORS, "sweep={}");
	_loaded_ struct loaded other = LOAD(FACTORS, "sweep={\"load.size\":[100,200,300]}");
	_loaded_ struct loaded part = LOAD(FACTORS, "sweep[\"load.size\"]=[100]");

	(void)state;
	assert_int_equal(good(&none)->cell_count, 1);
	assert_int_equal(good(&other)->cell_count, 3);
	assert_int_equal(good(&part)->cell_count, 3);
}

/* One stands in the other's place: what is asked for must not lose to the file's. */
static void test_set_of_length(void **state)
{
	_loaded_ struct loaded packets = LOAD(TOPOLOGIES, "iterations=7");
	_loaded_ struct loaded time =
		LOAD(LABELS, "duration_s=0.1", "iterations=5", "duration_s=0.2");

	(void)state;
	assert_int_equal(good(&packets)->cells[0].experiment->packets, 7);
	assert_int_equal(good(&time)->cells[0].experiment->packets, 100);
}

#define NINES_100                                                                                  \
	"9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999" \
	"999999999999"
#define NINES NINES_100 NINES_100 NINES_100 NINES_100

/* So do a number of batches and a precision. */
static void test_set_of_batches(void **state)
{
	_loaded_ struct loaded until = LOAD(FACTORS, "until.max_batches=30");
	_loaded_ struct loaded fixed = LOAD(FACTORS, "until=true", "batches=4");
	_loaded_ struct loaded last = LOAD(FACTORS, "batches=4", "until={\"max_batches\":9}");
	_loaded_ struct loaded none = LOAD(FACTORS, "batches=4", "until=false");

	(void)state;
	assert_int_equal(good(&until)->cells[0].experiment->until->max_batches, 30);
	assert_int_equal(good(&until)->cells[0].experiment->batches, 30);
	assert_int_equal(until.plan->job_count, 30 * until.plan->cell_count);
	assert_null(json_object_get(until.plan->experiment_json, "batches"));
	assert_null(good(&fixed)->cells[0].experiment->until);
	assert_int_equal(fixed.plan->cells[0].experiment->batches, 4);
	assert_int_equal(good(&last)->cells[0].experiment->batches, 9);
	assert_null(good(&none)->cells[0].experiment->until);
	assert_int_equal(none.plan->cells[0].experiment->batches, 4);
}

static const struct {
	const char *set, *faults, *err;
} bad_sets[] = {
	{ "batches", "", "--set batches: expected PATH=VALUE" },
	{ "=5", "", "--set =5: expected PATH=VALUE" },
	{ "title=\xff", "", "--set title=\xff: the value is not UTF-8" },
	{ "load..size=5", "", "--set load..size=5: \"load..size\" is not a path" },
	{ "name.x=5", "", "--set name.x=5: \"name.x\" leads nowhere" },
	{ "topology.nodes.sever.forward=true", "",
	  "--set topology.nodes.sever.forward=true: \"topology.nodes.sever.forward\" leads to a "
	  "node "
	  "that the topology does not have" },
	{ "load.size=100", "", "--set load.size=100: the sweep varies it already" },
	{ "topology.nodes.server.firewall.rules=1", "",
	  "--set topology.nodes.server.firewall.rules=1: the sweep varies it already" },
	{ "batches=0", "--set batches=0: error: batches: 0 is outside 1..10000\n",
	  FACTORS ": 1 fault" },
	/* Longer than any integer, and than any number. */
	{ "batches=99999999999999999999999",
	  "--set batches=99999999999999999999999: error: batches: 1e+23 is outside 1..10000\n",
	  FACTORS ": 1 fault" },
	{ "batches=-" NINES,
	  "--set batches=-" NINES ": error: batches: -1.79769313486232e+308 is "
	  "outside 1..10000\n",
	  FACTORS ": 1 fault" },
	{ "batches=0123", "--set batches=0123: error: batches: expected an integer, not a string\n",
	  FACTORS ": 1 fault" },
	{ "batchs=1",
	  "--set batchs=1: error: batchs: unknown field \"batchs\" (did you mean \"batches\"?)\n",
	  FACTORS ": 1 fault" },
	{ "topology.nodes.client.fierwall.rules=5",
	  "--set topology.nodes.client.fierwall.rules=5: error: nodes.client.fierwall: unknown "
	  "field \"fierwall\" (did you mean \"firewall\"?)\n",
	  FACTORS ": 1 fault" },
	{ "topology=nowhere",
	  "--set topology=nowhere: error: topology: no topology \"nowhere\" (`labrun list` names "
	  "them)\n",
	  FACTORS ": 1 fault" },
};

static void test_bad_sets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_sets); i++) {
		_loaded_ struct loaded loaded = LOAD(FACTORS, bad_sets[i].set);

		assert_string_equal(loaded.faults, bad_sets[i].faults);
		assert_string_equal(loaded.err.text, bad_sets[i].err);
		assert_int_equal(loaded.err.class, ERR_USAGE);
		assert_int_equal(loaded.code, *bad_sets[i].faults ? -EBADMSG : -EINVAL);
		assert_null(loaded.plan);
	}
}

static void test_not_found(void **state)
{
	_loaded_ struct loaded path = LOAD("no/such.json");
	_loaded_ struct loaded name = LOAD("no-such");

	(void)state;
	assert_int_equal(path.code, -EINVAL);
	assert_string_equal(path.err.text, "no/such.json: no such file");
	assert_int_equal(name.code, -EINVAL);
	assert_string_equal(name.err.text, "no experiment \"no-such\" (`labrun list` names them; "
					   "a file is given by its path)");
}

static int enter_source_tree(void **state)
{
	_free_ char *dir = file_data_dir();

	(void)state;
	return access(FACTORS, R_OK) ? chdir(dir) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	      cmocka_unit_test(test_order_is_fair),
		cmocka_unit_test(test_cells),	      cmocka_unit_test(test_topologies),
		cmocka_unit_test(test_defaults),      cmocka_unit_test(test_filled_in_is_good),
		cmocka_unit_test(test_sets),	      cmocka_unit_test(test_set_of_sweep),
		cmocka_unit_test(test_set_of_length), cmocka_unit_test(test_set_of_batches),
		cmocka_unit_test(test_bad_sets),      cmocka_unit_test(test_not_found),
	};

	return cmocka_run_group_tests(tests, enter_source_tree, NULL);
}
