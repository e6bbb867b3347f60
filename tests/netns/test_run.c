// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever is declared can be measured: every experiment and every topology there is, the loads in
 * all their forms, both families. A measurement is judged by what its folder says about itself:
 * valid, nothing lost, each declared segment timed for each packet in both directions.
 */
#include "tests/netns/bulk_fixture.h"
#include "tests/netns/result_fixture.h"

#define BATCHES 2
#define ITERATIONS 20
#define POINTS_MAX 512
#define CASES_MAX 128

/* The declared path with its repetitions written out. */
struct declared {
	struct {
		char point[64], segment[64];
	} points[POINTS_MAX];
	size_t count;
};

static void expand_name(const char *text, long index, char *to, size_t size)
{
	static const struct {
		const char *mark;
		long offset;
	} marks[] = { { "{i}", 0 }, { "{next}", 1 }, { "{prev}", -1 } };
	size_t used = 0;

	*to = '\0';
	while (text && *text && used + 24 < size) {
		size_t length = 0;

		for (size_t i = 0; i < ARRAY_SIZE(marks) && !length; i++)
			if (!strncmp(text, marks[i].mark, strlen(marks[i].mark))) {
				length = strlen(marks[i].mark);
				used += (size_t)sprintf(to + used, "%ld", index + marks[i].offset);
			}
		if (!length) {
			to[used++] = *text;
			to[used] = '\0';
			length = 1;
		}
		text += length;
	}
}

/* A point may list alternatives: the first stands for them. */
static const char *point_text(const json_t *point)
{
	json_t *text = json_object_get(point, "point");

	return json_string_value(json_is_array(text) ? json_array_get(text, 0) : text);
}

static void expand_path(struct declared *declared, const json_t *path, long index)
{
	json_t *item;
	size_t i;

	json_array_foreach (path, i, item) {
		json_t *group = json_object_get(item, "path");
		long repeat = group ? (long)number_of(item, "repeat") : 0;

		for (long j = 0; j < repeat; j++)
			expand_path(declared, group, j);
		if (group)
			continue;
		assert_true(declared->count < POINTS_MAX);
		expand_name(point_text(item), index, declared->points[declared->count].point, 64);
		expand_name(json_string_value(json_object_get(item, "segment")), index,
			    declared->points[declared->count].segment, 64);
		declared->count++;
	}
}

/* net_dev_xmit says nothing about a packet that comes the other way. */
static bool is_one_sided(const char *point)
{
	size_t length = strlen(point);

	return length > 8 && !strcmp(point + length - 8, ":xmitted");
}

static void assert_sane(const json_t *series, const char *what, double n)
{
	if (!series)
		fail_msg("no series %s", what);
	if (number_of(series, "n") != n)
		fail_msg("%s: n is %g, not %g", what, number_of(series, "n"), n);
	assert_int_equal(json_array_size(json_object_get(series, "batches")), BATCHES);
	if (!(number_of(series, "min") >= 0 &&
	      number_of(series, "min") <= number_of(series, "p50") &&
	      number_of(series, "p50") <= number_of(series, "p99") &&
	      number_of(series, "p99") <= number_of(series, "max")))
		fail_msg("%s: its order statistics are not in order", what);
}

static void assert_segment(const json_t *cell, const char *name, const char *direction, double n)
{
	char what[128];

	snprintf(what, sizeof(what), "%s %s", name, direction);
	assert_sane(find_series(cell, name, direction), what, n);
}

static void assert_spans(const json_t *cell, const json_t *topology, double n, bool reply)
{
	const json_t *span;
	size_t i;

	json_array_foreach (json_object_get(topology, "spans"), i, span) {
		const char *name = json_string_value(json_object_get(span, "name"));
		const char *from = json_string_value(json_object_get(span, "from"));
		const char *to = json_string_value(json_object_get(span, "to"));

		assert_segment(cell, name, "request", n);
		if (reply && !is_one_sided(from) && !is_one_sided(to))
			assert_segment(cell, name, "reply", n);
	}
}

static void assert_segments(const json_t *cell, const json_t *topology, double n, bool reply)
{
	_free_ struct declared *declared = calloc(1, sizeof(*declared));

	expand_path(declared, json_object_get(topology, "path"), 0);
	assert_true(declared->count >= 2);
	for (size_t i = 0; i + 1 < declared->count; i++) {
		assert_segment(cell, declared->points[i].segment, "request", n);
		if (reply && !is_one_sided(declared->points[i + 1].point))
			assert_segment(cell, declared->points[i].segment, "reply", n);
	}
	assert_spans(cell, topology, n, reply);
}

static void assert_nothing_lost(const json_t *cell, double n)
{
	json_t *loss = json_object_get(cell, "loss");
	const char *name;
	json_t *count;

	assert_true(json_object_size(loss) >= 7);
	json_object_foreach (loss, name, count) {
		bool traffic = !strcmp(name, "sent") || !strcmp(name, "received");

		if (strcmp(name, "background") && json_number_value(count) != (traffic ? n : 0))
			fail_msg("loss.%s is %g", name, json_number_value(count));
	}
}

static size_t count_rows(const char *folder, const char *name)
{
	_fclose_ FILE *file = NULL;
	char path[PATH_MAX];
	size_t rows = 0;
	int byte;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	assert_non_null(file);
	while ((byte = getc(file)) != EOF)
		rows += byte == '\n';
	return rows - 1;
}

static json_t *topology_of_cell(const char *folder, size_t cell)
{
	char name[64], path[PATH_MAX];

	snprintf(name, sizeof(name), "topology-%zu.json", cell);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return read_json(folder, cell && exists(path) ? name : "topology.json");
}

/* All of it: `n` packets a cell, each at every point, there and (with `reply`) back. */
static void assert_complete(const char *folder, double n, bool reply)
{
	_json_ json_t *summary = read_json(folder, "summary.json");
	size_t i, j, samples = 0;
	json_t *cell, *series;

	assert_true(is_valid(summary));
	json_array_foreach (json_object_get(summary, "cells"), i, cell) {
		_json_ json_t *topology = topology_of_cell(folder, i);

		assert_true(json_is_null(json_object_get(cell, "error")));
		assert_nothing_lost(cell, n);
		assert_segments(cell, topology, n, reply);
		assert_segment(cell, "lateness", "both", n);
		assert_int_equal(!find_series(cell, "rtt", "both"), !reply);
		json_array_foreach (json_object_get(cell, "series"), j, series)
			samples += (size_t)number_of(series, "n");
	}
	assert_true(i > 0);
	assert_int_equal(count_rows(folder, "samples.csv"), samples);
}

static void measure(const char *experiment, const char *set, double n, bool reply)
{
	_finished_ struct finished finished =
		labrun("run", experiment, "--batches", "2", "--quiet", "--out", "result",
		       "--iterations", "20", set ? "--set" : NULL, set);

	assert_measured(finished);
	assert_complete("result", n, reply);
}

static void need_no_guest(const char *experiment)
{
	_finished_ struct finished plan = labrun("plan", experiment);

	assert_status(plan, 0);
	if (strstr(plan.out, "runs in a guest only"))
		skip_because("%s is for guests: tests/vm runs it", experiment);
}

static void test_experiment(void **state)
{
	need_tracing();
	need_no_guest(about_of(state));
	for (unsigned i = 0; i < soak_factor(); i++) {
		measure(about_of(state), NULL, BATCHES * ITERATIONS, true);
		remove_tree("result");
	}
}

/* The same path under datagrams of eight flows, to the same address. */
static void test_experiment_with_udp(void **state)
{
	_json_ json_t *experiment = json_load_file(about_of(state), 0, NULL);
	json_t *load = json_object_get(experiment, "load");

	need_tracing();
	json_object_set_new(load, "kind", json_string("udp"));
	json_object_set_new(load, "flows", json_integer(8));
	json_object_del(experiment, "claims");
	json_object_del(experiment, "sweep");
	assert_int_equal(json_dump_file(experiment, "udp.json", 0), 0);
	measure("./udp.json", NULL, BATCHES * ITERATIONS, true);
}

static const char *const loads[] = {
	"load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\"}",
	"load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"flows\":8,\"interval_us\":0}",
	"load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"one_way\":true}",
	"load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"one_way\":true,\"flows\":8}",
	"load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"size\":1472}",
	"load={\"kind\":\"ping\",\"from\":\"vm\",\"to\":\"internet\",\"size\":16}",
	"load={\"kind\":\"ping\",\"from\":\"vm\",\"to\":\"internet\",\"interval_us\":0}",
};

static void test_load(void **state)
{
	const char *load = about_of(state);

	need_tracing();
	measure("routed", load, BATCHES * ITERATIONS, !strstr(load, "one_way"));
}

static void test_ipv6(void **state)
{
	char path[PATH_MAX];

	need_tracing();
	snprintf(path, sizeof(path), "%s/tests/netns/data/routed6.json", getenv("LABRUN_DATA"));
	measure(path, about_of(state), BATCHES * ITERATIONS,
		!about_of(state) || !strstr(about_of(state), "one_way"));
}

static void test_labs_kept_up(void **state)
{
	(void)state;
	need_tracing();
	measure("host-rules", "build=cell", BATCHES * ITERATIONS, true);
}

static void test_duration_in_place_of_iterations(void **state)
{
	(void)state;
	need_tracing();
	measure("routed", "duration_s=0.05", BATCHES * 50, true);
}

static void test_many_packets(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	finished = labrun("run", "routed", "--batches", "2", "--iterations", "20000", "--quiet",
			  "--set", "load.interval_us=0", "--out", "result");
	assert_measured(finished);
	assert_complete("result", BATCHES * 20000, true);
}

/* A topology that no experiment names is never run by anybody. */
static void test_topologies_are_all_in_use(void **state)
{
	const char *const *experiments = about_of(state);
	_free_ char *pattern = NULL;
	glob_t found;

	assert_true(asprintf(&pattern, "%s/topologies/*.json", getenv("LABRUN_DATA")) > 0);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *file = strrchr(found.gl_pathv[i], '/') + 1;
		bool used = strstr(file, ".schema.");
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(file, "."), file);
		for (size_t j = 0; experiments[j] && !used; j++) {
			_json_ json_t *json = json_load_file(experiments[j], 0, NULL);
			json_t *topology = json_object_get(json, "topology");

			used = json_is_string(topology) &&
			       !strcmp(json_string_value(topology), name);
		}
		if (!used)
			fail_msg("topology %s is in no experiment", name);
	}
	globfree(&found);
}

struct cases {
	struct CMUnitTest tests[CASES_MAX];
	size_t count;
};

static void add_case(struct cases *cases, const char *name, CMUnitTestFunction body,
		     const void *about)
{
	if (cases->count == CASES_MAX)
		abort();
	cases->tests[cases->count++] = (struct CMUnitTest){ name, body, enter_work_folder,
							    leave_work_folder, (void *)about };
}

static char *case_name(const char *path, const char *suffix)
{
	char *name;

	return asprintf(&name, "%s%s", strrchr(path, '/') + 1, suffix) < 0 ? NULL : name;
}

static void add_experiments(struct cases *cases, glob_t *found)
{
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s/experiments/*.json", getenv("LABRUN_DATA"));
	if (glob(pattern, 0, NULL, found))
		return;
	for (size_t i = 0; i < found->gl_pathc; i++) {
		const char *path = found->gl_pathv[i];

		if (strstr(path, ".schema.") || is_bulk(path) || is_kube(path))
			continue;
		add_case(cases, case_name(path, ""), test_experiment, path);
		add_case(cases, case_name(path, " with udp"), test_experiment_with_udp, path);
	}
	add_case(cases, "topologies are all in use", test_topologies_are_all_in_use,
		 found->gl_pathv);
}

int main(void)
{
	static const char *const ipv6[] = {
		NULL,
		"load={\"kind\":\"udp\",\"family\":\"ipv6\",\"from\":\"vm\",\"to\":\"peer\","
		"\"flows\":8}",
		"load={\"kind\":\"udp\",\"family\":\"ipv6\",\"from\":\"vm\",\"to\":\"peer\","
		"\"one_way\":true}",
	};
	struct cases cases = {};
	glob_t found = {};

	int status = run_prepare();

	if (status)
		return status;
	add_experiments(&cases, &found);
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++)
		add_case(&cases, loads[i], test_load, loads[i]);
	for (size_t i = 0; i < ARRAY_SIZE(ipv6); i++)
		add_case(&cases, ipv6[i] ? ipv6[i] : "ping over ipv6", test_ipv6, ipv6[i]);
	add_case(&cases, "labs kept up", test_labs_kept_up, NULL);
	add_case(&cases, "duration", test_duration_in_place_of_iterations, NULL);
	add_case(&cases, "many packets", test_many_packets, NULL);
	return _cmocka_run_group_tests("runs", cases.tests, cases.count, NULL, NULL);
}
