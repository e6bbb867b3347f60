// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probe usage against accounts that others keep: the scheduler's clock of the sender, the
 * kernel's own count of softirq time, and arithmetic. Nothing here asserts how long something
 * takes, only that two accounts of the same work agree, or that four times the work costs about as
 * much more.
 */
#include "harness/file.h"
#include "harness/plot_text.h"
#include "harness/proc.h"
#include "tests/netns/result_fixture.h"

#include <bpf/btf.h>
#include <inttypes.h>

#define BATCHES 3
/* All of it is done on the sender's CPU before its system call returns. */
#define ONE_WAY                                                                                    \
	"\"load\":{\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"rate\":\"max\","         \
	"\"size\":18,\"one_way\":true,\"sink\":\"xdp_drop\"}"
#define ECHO "\"load\":{\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"interval_us\":200}"

/* Whatever else the members say. */
static struct finished run_usage(const char *topology, const char *members, const char *out)
{
	_free_ char *text = NULL;

	assert_true(asprintf(&text, "{\"name\":\"u\",\"topology\":\"%s\",%s}", topology, members) >
		    0);
	write_text("u.json", text);
	return labrun("run", "u.json", "--quiet", "--no-charts", "--out", out);
}

static double mean_of(const json_t *cell, const char *name)
{
	const json_t *series = find_series(cell, name, "both");

	if (!series)
		fail_msg("no series %s", name);
	return number_of(series, "mean");
}

static void assert_series(const json_t *cell, const char *name, const char *unit, double n)
{
	const json_t *series = find_series(cell, name, "both");

	if (!series)
		fail_msg("no series %s", name);
	assert_string_equal(json_string_value(json_object_get(series, "unit")), unit);
	if (number_of(series, "n") != n)
		fail_msg("%s: n is %g, not %g", name, number_of(series, "n"), n);
	assert_true(number_of(series, "min") >= 0);
}

static double nodes_sum(const json_t *cell)
{
	const json_t *series;
	double sum = 0;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series)
		if (!strncmp(json_string_value(json_object_get(series, "name")), "softirq_", 8))
			sum += number_of(series, "mean");
	return sum;
}

/* What the parts have to come to, in a cell whose batches are all alike. */
static void assert_adds_up(const json_t *summary, size_t index, bool served)
{
	const json_t *cell = cell_of(summary, index);
	double packets = loss_of(summary, index, "sent") / BATCHES;
	double parts = mean_of(cell, "cpu_load") + mean_of(cell, "cpu_softirq") +
		       (served ? mean_of(cell, "cpu_server") : 0);

	assert_near(nodes_sum(cell), mean_of(cell, "cpu_softirq"), 1);
	assert_near(mean_of(cell, "cpu_per_packet") * packets, parts, parts * 1e-9);
}

static void test_echo(void **state)
{
	static const char *const times[] = { "cpu_load",    "cpu_server",    "softirq_vm",
					     "softirq_nat", "cpu_labrun",    "softirq_host",
					     "cpu_build",   "cpu_tools",     "softirq_internet",
					     "cpu_softirq", "cpu_per_packet" };
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	const json_t *cell;
	double most;

	(void)state;
	need_tracing();
	finished = run_usage(
		"nat",
		ECHO ",\"probes\":[{\"kind\":\"usage\"}],\"batches\":3,\"iterations\":500,"
		     "\"claims\":[{\"id\":\"a\",\"text\":\"t\",\"test\":\"order\",\"greater\":"
		     "{\"series\":\"cpu_softirq\",\"direction\":\"both\"},\"than\":[{\"series\":"
		     "\"softirq_nat\",\"direction\":\"both\"}]}]",
		"r");
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	assert_true(is_valid(summary));
	cell = cell_of(summary, 0);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		assert_series(cell, times[i], "ns", BATCHES);
		assert_true(mean_of(cell, times[i]) > 0);
	}
	assert_series(cell, "memory_load", "bytes", BATCHES);
	assert_series(cell, "memory_server", "bytes", BATCHES);
	assert_series(cell, "memory_labrun", "bytes", BATCHES);
	assert_true(mean_of(cell, "memory_labrun") > 1e6);
	assert_adds_up(summary, 0, true);
	most = counter_of("r", "usage.wall_ns") * (double)sysconf(_SC_NPROCESSORS_ONLN);
	assert_true(BATCHES * (mean_of(cell, "cpu_load") + mean_of(cell, "cpu_server") +
			       mean_of(cell, "cpu_softirq") + mean_of(cell, "cpu_labrun")) <=
		    most);
	assert_says(finished.out, "cpu_softirq both ");
	assert_says(finished.out, " - softirq_nat both ");
}

/* The firings that a packet meets: at each of three nodes one, and one each for the poll and the
 * softirq around them, unless one takes several packets. */
static void assert_firings(const char *folder, double sent)
{
	double firings = counter_of(folder, "hooks.cpu_softirq.both");

	assert_true(firings > 3 * sent);
	assert_true(firings < 5.1 * sent);
}

static void test_against_the_scheduler(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	double few, many;

	(void)state;
	need_tracing();
	finished = run_usage("routed",
			     ONE_WAY ",\"probes\":[{\"kind\":\"usage\"}],\"batches\":3,\"sweep\":{"
				     "\"iterations\":[5000,20000]}",
			     "r");
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	for (size_t i = 0; i < 2; i++) {
		const json_t *cell = cell_of(summary, i);
		/* By the sender's own clock, which the scheduler keeps: softirqs are in it. */
		double charged = mean_of(cell, "driver_cpu");

		assert_adds_up(summary, i, false);
		assert_null(find_series(cell, "cpu_server", "both"));
		assert_true(mean_of(cell, "cpu_load") > 0);
		if (counter_of("r", "usage.charged") > 0)
			assert_true(mean_of(cell, "cpu_per_packet") > 0.97 * charged);
		/* Above it only by softirqs that ran in nobody's time. */
		assert_true(mean_of(cell, "cpu_per_packet") < 1.5 * charged);
	}
	few = mean_of(cell_of(summary, 0), "cpu_softirq");
	many = mean_of(cell_of(summary, 1), "cpu_softirq");
	assert_true(many > 2.5 * few && many < 6 * few);
	assert_firings("r", loss_of(summary, 0, "sent") + loss_of(summary, 1, "sent"));
	/* What the probe costs is taken off. */
	assert_true(number_of(find_series(cell_of(summary, 1), "cpu_softirq", "both"),
			      "corrected_mean") < many);
}

/* Of all CPUs, in ticks; what else the machine does is in it too. */
static double softirq_ticks(void)
{
	_fclose_ FILE *file = fopen("/proc/stat", "re");
	uint64_t ticks = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "cpu %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks), 1);
	return (double)ticks;
}

static void test_against_the_kernel(void **state)
{
	double tick_ns = 1e9 / (double)sysconf(_SC_CLK_TCK), before, kernel_ns, ours_ns;
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	before = softirq_ticks();
	finished = run_usage("routed",
			     ONE_WAY ",\"probes\":[{\"kind\":\"usage\"}],\"batches\":1,"
				     "\"iterations\":300000",
			     "r");
	kernel_ns = (softirq_ticks() - before) * tick_ns;
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	ours_ns = mean_of(cell_of(summary, 0), "cpu_softirq");
	printf("softirqs: %.0f ms by the kernel's ticks, %.0f ms by the probe\n", kernel_ns / 1e6,
	       ours_ns / 1e6);
	/* It samples, at each tick of its timer. */
	assert_true(ours_ns < 1.3 * kernel_ns + 10 * tick_ns);
}

/* A kernel that accounts interrupts apart has a structure for that. */
static void test_charging_is_found_out(void **state)
{
	_finished_ struct finished finished = {};
	struct btf *btf;
	bool may_be_apart;

	(void)state;
	need_tracing();
	btf = btf__load_vmlinux_btf();
	assert_non_null(btf);
	may_be_apart = btf__find_by_name_kind(btf, "irqtime", BTF_KIND_STRUCT) > 0;
	btf__free(btf);
	finished = run_usage("routed",
			     ECHO ",\"probes\":[{\"kind\":\"usage\"}],\"batches\":3,"
				  "\"iterations\":10",
			     "r");
	assert_status(finished, 0);
	if (!may_be_apart)
		assert_near(counter_of("r", "usage.charged"), BATCHES, 0);
}

/* Beside another probe: what the kernel charges, and no programs of its own. */
static void test_beside_hops(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	const json_t *cell;

	(void)state;
	need_tracing();
	finished = run_usage("routed",
			     ECHO ",\"probes\":[{\"kind\":\"hops\"},{\"kind\":\"usage\","
				  "\"softirq\":false}],\"batches\":3,\"iterations\":50,\"build\":"
				  "\"cell\"",
			     "r");
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	cell = cell_of(summary, 0);
	assert_series(cell, "charged_load", "ns", BATCHES);
	assert_series(cell, "charged_server", "ns", BATCHES);
	/* Built once. */
	assert_series(cell, "cpu_build", "ns", 1);
	assert_null(find_series(cell, "cpu_load", "both"));
	assert_null(find_series(cell, "cpu_softirq", "both"));
	assert_non_null(find_series(cell, "router", "request"));
}

/* One process's context cannot be told from the other's there, and it is said. */
static void test_one_node(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	const json_t *cell;

	(void)state;
	need_tracing();
	finished = run_usage("routed",
			     "\"load\":{\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"vm\"},\"probes\":"
			     "[{\"kind\":\"usage\"}],\"batches\":3,\"iterations\":20",
			     "r");
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	cell = cell_of(summary, 0);
	assert_null(find_series(cell, "cpu_load", "both"));
	assert_true(mean_of(cell, "cpu_per_packet") > 0);
	assert_true(mean_of(cell, "softirq_vm") > 0);
	assert_near(mean_of(cell, "softirq_router"), 0, 0);
	assert_says(finished.out, "not measured: cpu_load: sender and server share a node");
	/* From the files alone, as it was. */
	finished_done(&finished);
	finished = labrun("verify", "r");
	assert_status(finished, 0);
}

/* Its bars end to end are what a packet costs. */
static void test_chart(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	_free_ char *script = NULL;
	struct plot_scale scale;
	char number[32], label[64];
	double packet_ns;
	struct err err;

	(void)state;
	need_tracing();
	if (!proc_exists("gnuplot"))
		skip_because("gnuplot is not installed");
	finished = run_usage("routed",
			     ONE_WAY ",\"probes\":[{\"kind\":\"usage\"}],\"batches\":3,"
				     "\"iterations\":3000",
			     "r");
	assert_status(finished, 0);
	finished_done(&finished);
	finished = labrun("plot", "r");
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	packet_ns = mean_of(cell_of(summary, 0), "cpu_per_packet");
	scale = plot_scale_for(packet_ns, "ns");
	plot_number(packet_ns / scale.divisor, number, sizeof(number));
	snprintf(label, sizeof(label), "'%s %s'", number, scale.unit);
	assert_int_equal(file_read("r/plots/usage.gp", &script, NULL, &err), 0);
	assert_says(script, label);
	assert_says(script, "softirq_router");
	assert_says(script, "memory_labrun");
	assert_null(strstr(script, "softirq_vm"));
	assert_true(exists("r/plots/usage.svg") && exists("r/plots/usage.png"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_echo),
		program_test(test_against_the_scheduler),
		program_test(test_against_the_kernel),
		program_test(test_charging_is_found_out),
		program_test(test_beside_hops),
		program_test(test_one_node),
		program_test(test_chart),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
