// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two sides of one run for real: a change that is there is found and one that is not is not, sides
 * take turns, runs repeated have their spread, and the exit status is what CI gates on.
 */
#include "tests/netns/result_fixture.h"

#define RULES "topology.nodes.host.firewall={\"rules\":2000}"
/* Beyond what runs of a busy machine differ by. */
#define MANY_RULES "topology.nodes.host.firewall={\"rules\":20000}"
/* Of 20 comparisons of the same with the same, whose alarms should be at most 5 in 100. */
#define SAME_RUNS 20
#define ALARMS_MOST 1

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_t *comparison_of(const char *base, const char *new, int status)
{
	_finished_ struct finished finished = labrun("compare", "--json", base, new);
	json_t *comparison;

	assert_status(finished, status);
	comparison = json_loads(finished.out, 0, NULL);
	assert_non_null(comparison);
	return comparison;
}

static const char *verdict_of(const json_t *comparison, const char *series, const char *direction)
{
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		if (!strcmp(text_of(row, "series"), series) &&
		    !strcmp(text_of(row, "direction"), direction))
			return text_of(row, "verdict");
	fail_msg("no row of %s %s", series, direction);
	return NULL;
}

static void assert_page_says(const char *path, const char *said)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_free_ char *page = NULL;

	assert_true(fd >= 0);
	page = run_read(dup(fd));
	if (!strstr(page, said))
		fail_msg("\"%s\" is not on the page", said);
}

/* Two thousand rules cost a packet some ten microseconds where it is forwarded, and nowhere else.
 */
static void test_regression(void **state)
{
	_json_ json_t *comparison = NULL, *experiment = NULL;
	_finished_ struct finished run = {}, verified = {}, report = {};

	(void)state;
	need_tracing();
	run = labrun("run", "bridge", "--against", RULES, "--batches", "6", "--iterations", "40",
		     "--quiet", "--no-charts", "--out", "two");
	assert_status(run, 1);
	assert_non_null(strstr(run.out, "regression"));
	assert_non_null(strstr(run.out, "A B B A"));
	comparison = comparison_of("two", NULL, 1);
	assert_string_equal(text_of(comparison, "taken"), "interleaved");
	assert_string_equal(verdict_of(comparison, "host-forward", "request"), "regression");
	assert_string_not_equal(verdict_of(comparison, "veth2", "request"), "regression");
	verified = labrun("verify", "two");
	assert_status(verified, 0);
	report = labrun("report", "two");
	assert_status(report, 0);
	assert_page_says("two/report.html", "<td class=\"fails\">regression</td>");
	experiment = read_json("two", "experiment.json");
	assert_string_equal(text_of(experiment, "against"), "topology.nodes.host.firewall");
}

/* Batch by batch, each time the other one first. */
static void test_turns(void **state)
{
	_finished_ struct finished finished = {};
	FILE *file;
	char line[512];
	unsigned cell, batch, last = 99, turns = 0;

	(void)state;
	need_tracing();
	finished = labrun("run", "bridge", "--against", "load.size=600", "--batches", "3",
			  "--iterations", "10", "--quiet", "--no-charts", "--out", "two");
	assert_status(finished, 0);
	file = fopen("two/samples.csv", "re");
	assert_non_null(file);
	/* In the order in which they were taken: 0 1, 1 0, 0 1. */
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%u,%u,", &cell, &batch) == 2 && batch * 2 + cell != last) {
			assert_int_equal(cell, (turns + batch) % 2);
			last = batch * 2 + cell;
			turns++;
		}
	fclose(file);
	assert_int_equal(turns, 6);
}

/* Folders of their own, however different, say nothing without their runs' spread. */
static void test_apart(void **state)
{
	_finished_ struct finished one = {}, two = {};
	_json_ json_t *comparison = NULL;

	(void)state;
	need_tracing();
	one = labrun("run", "bridge", "--batches", "3", "--iterations", "20", "--quiet",
		     "--no-charts", "--set", "claims=[]", "--out", "one");
	two = labrun("run", "bridge", "--batches", "3", "--iterations", "20", "--quiet",
		     "--no-charts", "--set", "claims=[]", "--set", RULES, "--out", "two");
	assert_status(one, 0);
	assert_status(two, 0);
	comparison = comparison_of("one", "two", 0);
	assert_string_equal(text_of(comparison, "taken"), "apart");
	assert_string_equal(verdict_of(comparison, "host-forward", "request"), "inconclusive");
}

static void test_repeated(void **state)
{
	_finished_ struct finished one = {}, two = {}, spread = {}, json = {}, markdown = {},
				   bisect = {}, again = {};
	_json_ json_t *comparison = NULL;

	(void)state;
	need_tracing();
	one = labrun("run", "bridge", "--batches", "4", "--iterations", "50", "--quiet",
		     "--no-charts", "--set", "claims=[]", "--repeat", "4", "--out", "one/");
	two = labrun("run", "bridge", "--batches", "4", "--iterations", "50", "--quiet",
		     "--no-charts", "--set", "claims=[]", "--repeat", "4", "--out", "two", "--set",
		     MANY_RULES);
	assert_status(one, 0);
	assert_status(two, 0);
	assert_true(exists("one/run-1") && exists("one/run-4") && !exists("one/run-5"));
	assert_non_null(strstr(one.out, "bridge (native): 4 runs."));
	again = labrun("run", "--resume", "one");
	assert_status(again, 2);
	assert_says(again.error, "'one' is a folder of runs (--repeat)");
	spread = labrun("compare", "one");
	assert_status(spread, 0);
	assert_non_null(strstr(spread.out, "between runs"));
	json = labrun("compare", "--json", "one");
	assert_status(json, 0);
	assert_true(strlen(json.out) > 2 && !strcmp(json.out + strlen(json.out) - 2, "}\n"));
	markdown = labrun("compare", "--markdown", "one");
	assert_status(markdown, 2);
	comparison = comparison_of("one", "two", 1);
	assert_string_equal(text_of(comparison, "taken"), "repeated");
	assert_string_equal(verdict_of(comparison, "host-forward", "request"), "regression");
	/* One that is not there is nothing to judge a revision by. */
	bisect = labrun("compare", "--bisect", "one", "three");
	assert_status(bisect, 128);
}

static void test_bisect(void **state)
{
	_finished_ struct finished need = {}, usage = {};

	(void)state;
	need = labrun("run", "--bisect", "--vm=9.99", "bridge");
	assert_status(need, 125);
	usage = labrun("run", "--bisect", "no-such-experiment");
	assert_status(usage, 128);
}

static void copy_program(const char *from, const char *to)
{
	_close_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_close_ int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char bytes[65536];
	ssize_t got;

	assert_true(in >= 0 && out >= 0);
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)got), got);
	/* A byte that nothing reads: another build by its hash. */
	assert_int_equal(write(out, "\n", 1), 1);
}

/* Another build natively: its file differs in a byte that nothing reads. */
static void test_build(void **state)
{
	_finished_ struct finished finished = {}, verified = {}, same = {};
	_json_ json_t *comparison = NULL, *environment = NULL, *summary = NULL;
	char argument[PATH_MAX + 16], own[PATH_MAX];
	const json_t *cell;
	size_t i;

	(void)state;
	need_tracing();
	copy_program(getenv("LABRUN"), "other");
	snprintf(own, sizeof(own), "labrun=%s", getenv("LABRUN"));
	same = labrun("run", "bridge", "--against", own, "--quiet", "--out", "same");
	assert_status(same, 2);
	assert_non_null(strstr(same.error, "is the very build that runs"));
	assert_false(exists("same") || exists("same.partial"));
	snprintf(argument, sizeof(argument), "labrun=./other");
	finished = labrun("run", "bridge", "--against", argument, "--batches", "3", "--iterations",
			  "10", "--quiet", "--no-charts", "--out", "two");
	/* Of the experiment's claims one fails on any veth: that is no regression. */
	assert_status(finished, 0);
	comparison = comparison_of("two", NULL, 0);
	assert_string_equal(text_of(comparison, "against"), "labrun");
	summary = read_json("two", "summary.json");
	assert_int_equal(json_array_size(json_object_get(summary, "claims")), 0);
	json_array_foreach (json_object_get(summary, "cells"), i, cell)
		assert_true(json_is_object(json_object_get(cell, "probe_cost")));
	assert_int_equal(i, 2);
	environment = read_json("two", "environment.json");
	assert_int_equal(json_array_size(json_object_get(environment, "builds")), 2);
	verified = labrun("verify", "two");
	assert_status(verified, 0);
	assert_false(exists("two/scratch"));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *option, *value, *said;
	} cases[] = {
		{ "--against", "load.size", "expected PATH=VALUE" },
		{ "--against", "load.sise=600", "--against load.sise=600: error: unknown field" },
		{ "--against", "kernel=6.12", "is for --vm" },
		{ "--against", "labrun=/no/such", "labrun=/no/such: No such file" },
		{ "--against", "labrun=/bin/true", "is no build of labrun" },
		{ "--repeat", "0", "--repeat: \"0\" is no number" },
		{ "--repeat", "many", "--repeat: \"many\" is no number" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_finished_ struct finished finished =
			labrun("run", "bridge", cases[i].option, cases[i].value, "--out", "no");

		assert_status(finished, 2);
		if (!strstr(finished.error, cases[i].said))
			fail_msg("\"%s\" is not in: %s", cases[i].said, finished.error);
		assert_false(exists("no") || exists("no.partial"));
	}
}

/* The same against itself: what the method promises, on this machine and this kernel. */
static void test_same(void **state)
{
	unsigned alarms = 0;

	(void)state;
	need_tracing();
	if (!getenv("LABRUN_TEST_SOAK"))
		skip_because("20 comparisons of the same take half a minute: LABRUN_TEST_SOAK=1");
	for (unsigned i = 0; i < SAME_RUNS; i++) {
		_finished_ struct finished finished =
			labrun("run", "bridge", "--against", "load.size=56", "--quiet",
			       "--no-charts", "--iterations", "50", "--out", "two");
		_json_ json_t *comparison = NULL;

		assert_true(finished.status == 0 || finished.status == 1);
		comparison = comparison_of("two", NULL, finished.status);
		alarms += strcmp(text_of(comparison, "verdict"), "regression") == 0 ||
			  strcmp(text_of(comparison, "verdict"), "improvement") == 0;
		remove_tree("two");
	}
	printf("%u of %u comparisons of the same said that something moved\n", alarms, SAME_RUNS);
	assert_in_range(alarms, 0, ALARMS_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_regression), program_test(test_turns),  program_test(test_apart),
		program_test(test_repeated),   program_test(test_bisect), program_test(test_build),
		program_test(test_refusals),   program_test(test_same),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
