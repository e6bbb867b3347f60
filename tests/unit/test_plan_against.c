// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/plan_fixture.h"

#include "harness/plan_against.h"

#include <errno.h>
#include <string.h>

#define FACTORS "tests/golden/good/sweep-factors.json"

static struct loaded load(const char *path, const char *against, const char *set)
{
	const char *const sets[] = { set, NULL };

	return load_plan(path, &(struct plan_options){ .sets = sets, .against = against });
}

static json_t *factor(const struct plan *plan, size_t cell, const char *name)
{
	return json_object_get(plan->cells[cell].factors, name);
}

static const char *against(const struct plan *plan)
{
	return json_string_value(json_object_get(plan->experiment_json, "against"));
}

/* What nobody wrote down is its default. */
static void test_default_value(void **state)
{
	_loaded_ struct loaded loaded = load("bridge", "load.size=1200", NULL);
	const struct plan *plan = good(&loaded);

	(void)state;
	assert_int_equal(plan->cell_count, 2);
	assert_string_equal(against(plan), "load.size");
	assert_int_equal(json_integer_value(factor(plan, 0, "load.size")), 56);
	assert_int_equal(json_integer_value(factor(plan, 1, "load.size")), 1200);
	assert_int_equal(plan->cells[0].experiment->packets, 100);
	/* They speak of one cell. */
	assert_int_equal(json_array_size(json_object_get(plan->experiment_json, "claims")), 0);
}

static void test_topology_value(void **state)
{
	_loaded_ struct loaded loaded = load("bridge", "topology.nodes.host.forward=false", NULL);
	const struct plan *plan = good(&loaded);

	(void)state;
	assert_true(json_is_true(factor(plan, 0, "topology.nodes.host.forward")) ||
		    json_is_string(factor(plan, 0, "topology.nodes.host.forward")));
	assert_true(plan->cells[0].experiment->topology != plan->cells[1].experiment->topology);
	assert_false(json_equal(plan->cells[0].topology_json, plan->cells[1].topology_json));
}

/* What is not there now is held against what is to be. */
static void test_new_member(void **state)
{
	_loaded_ struct loaded loaded =
		load("bridge", "topology.nodes.host.firewall={\"rules\":100}", NULL);
	const struct plan *plan = good(&loaded);

	(void)state;
	assert_string_equal(json_string_value(factor(plan, 0, "topology.nodes.host.firewall")),
			    "as it is");
	assert_string_equal(json_string_value(factor(plan, 1, "topology.nodes.host.firewall")),
			    "{\"rules\":100}");
}

static void test_alike(void **state)
{
	_loaded_ struct loaded loaded = load("bridge", "load.size=56", NULL);
	const struct plan *plan = good(&loaded);

	(void)state;
	assert_string_equal(plan->cells[0].label, "size=A");
	assert_string_equal(plan->cells[1].label, "size=B");
	assert_true(json_equal(plan->cells[0].topology_json, plan->cells[1].topology_json));
}

/* --set comes first: it changes both sides. */
static void test_with_set(void **state)
{
	_loaded_ struct loaded loaded = load("bridge", "load.size=1200", "load.size=600");
	const struct plan *plan = loaded.plan;

	(void)state;
	/* Both at once would have one of the two silently win. */
	assert_null(plan);
	assert_non_null(strstr(loaded.err.text, "--set load.size=600: the sweep varies it"));
}

/* A B, then B A, in each batch and for each pair; pairs stay together. */
static void test_order(void **state)
{
	_loaded_ struct loaded loaded = load(FACTORS, "load.interval_us=900", NULL);
	const struct plan *plan = good(&loaded);
	size_t stride = plan_against_stride(plan), first_pair[8] = { 0 };
	bool shuffled = false;

	(void)state;
	assert_true(stride > 0);
	for (size_t i = 0; i < plan->job_count; i += 2) {
		const struct job *one = &plan->jobs[i], *two = &plan->jobs[i + 1];
		bool turned = one->batch % 2;
		uint32_t base = turned ? two->cell : one->cell;
		uint32_t new = turned ? one->cell : two->cell;

		assert_int_equal(one->batch, two->batch);
		assert_int_equal(new, base + stride);
		assert_int_equal(json_integer_value(factor(plan, base, "load.interval_us")), 500);
		assert_int_equal(json_integer_value(factor(plan, new, "load.interval_us")), 900);
		if (i % plan->cell_count == 0 && one->batch < ARRAY_SIZE(first_pair)) {
			first_pair[one->batch] = base;
			shuffled = shuffled || base != first_pair[0];
		}
	}
	assert_true(shuffled);
}

/* A factor of the sweep by the end of its name; its other values go. */
static void test_narrowed(void **state)
{
	_loaded_ struct loaded loaded = load("kube-proxy", "mode=nftables", NULL);
	const struct plan *plan = good(&loaded);
	const char *name = against(plan);

	(void)state;
	assert_non_null(strstr(name, "."));
	for (size_t i = 0; i < plan->cell_count; i++) {
		const char *mode = json_string_value(factor(plan, i, name));

		assert_true(!strcmp(mode, "nftables") || !strcmp(mode, "iptables-legacy"));
	}
}

/* The two of a pair are measured on one machine, whatever is dealt out where. */
static void test_shards(void **state)
{
	_loaded_ struct loaded loaded = load(FACTORS, "load.interval_us=900", NULL);
	struct plan *plan = loaded.plan;
	size_t stride = plan_against_stride(good(&loaded)), pairs = plan->cell_count / 2,
	       owned[2] = { 0 };
	struct err err = {};

	(void)state;
	assert_true(pairs >= 2);
	for (unsigned shard = 0; shard < 2; shard++) {
		plan->shard = (struct shard){ shard + 1, 2 };
		for (size_t i = 0; i < plan->cell_count; i++) {
			size_t partner = i / stride % 2 ? i - stride : i + stride;

			owned[shard] += plan_owns_cell(plan, i);
			assert_int_equal(plan_owns_cell(plan, i), plan_owns_cell(plan, partner));
		}
	}
	assert_int_equal(owned[0] + owned[1], plan->cell_count);
	assert_int_equal(owned[0], (pairs + 1) / 2 * 2);
	plan->shard = (struct shard){ 1, (unsigned)pairs };
	assert_int_equal(plan_check_shard(plan, &err), 0);
	plan->shard.count++;
	assert_true(plan_check_shard(plan, &err) < 0);
	assert_non_null(strstr(err.text, "pairs to deal out"));
}

static void expect_refusal(const char *path, const char *text, const char *said)
{
	_loaded_ struct loaded loaded = load(path, text, NULL);

	assert_true(loaded.code);
	assert_int_equal(loaded.err.class, ERR_USAGE);
	if (!strstr(loaded.err.text, said) && !strstr(loaded.faults, said))
		fail_msg("\"%s\" is not in: %s\n%s", said, loaded.err.text, loaded.faults);
}

static void test_refusals(void **state)
{
	(void)state;
	expect_refusal("bridge", "load.size", "--against load.size: expected PATH=VALUE");
	expect_refusal("bridge", "=1", "--against =1: expected PATH=VALUE");
	expect_refusal("bridge", "load.siez=1", "--against load.siez=1: error: unknown field");
	expect_refusal("bridge", "batches=5",
		       "--against batches=5: error: \"batches\" cannot differ from cell to cell");
	expect_refusal("bridge", "load.size=9",
		       "--against load.size=9: error: 9 is outside 16..65000");
	expect_refusal("bridge", "topology.nodes.hots.forward=1", "--against topology.nodes.hots");
	expect_refusal("tests/golden/bad/top-level-list.json", "load.size=9",
		       "expected an object, not a list");
	expect_refusal("kube-proxy", "mode=ipvs", "has no such value, but [\"iptables-legacy\", ");
	expect_refusal("kube-proxy", "mode=iptables-legacy", "the sweep's first value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_value), cmocka_unit_test(test_topology_value),
		cmocka_unit_test(test_new_member),    cmocka_unit_test(test_alike),
		cmocka_unit_test(test_with_set),      cmocka_unit_test(test_order),
		cmocka_unit_test(test_narrowed),      cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_shards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
