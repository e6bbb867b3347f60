// SPDX-License-Identifier: GPL-2.0-only
/* Every experiment on kube-proxy's rules, with few services: valid, nothing lost, in all modes. */
#include "tests/netns/bulk_fixture.h"
#include "tests/netns/result_fixture.h"
#include "tests/netns/run_fixture.h"

#include <glob.h>
#include <limits.h>

#define CASES_MAX 32
#define MOST_SERVICES 20

static bool is_count(const char *path)
{
	return strstr(path, ".services") || strstr(path, ".endpoints");
}

/* The values of a factor that counts: at most three of them, and small ones. */
static json_t *few_of(const json_t *values)
{
	json_t *few = json_array();

	for (size_t i = 0; i < json_array_size(values) && i < 3; i++)
		json_array_append_new(few, json_integer((json_int_t)(MOST_SERVICES - 6 * i)));
	return few;
}

/* What it claims is of many services. */
static void make_small(const char *experiment)
{
	_json_ json_t *json = json_load_file(experiment, 0, NULL);
	json_t *sweep = json_object_get(json, "sweep"), *values;
	const char *path;
	void *next;

	json_object_foreach_safe(sweep, next, path, values) if (is_count(path))
		json_object_set_new(sweep, path, few_of(values));
	json_object_del(json, "claims");
	json_object_del(json, "reference");
	assert_int_equal(json_dump_file(json, "small.json", 0), 0);
}

static void test_experiment(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	json_t *cell;
	size_t i;

	if (geteuid() != 0)
		skip_because("rules and probes need root");
	make_small(about_of(state));
	finished = labrun("run", "./small.json", "--batches", "2", "--iterations", "10", "--quiet",
			  "--no-charts", "--out", "result");
	assert_status(finished, 0);
	summary = read_json("result", "summary.json");
	assert_true(is_valid(summary));
	json_array_foreach (json_object_get(summary, "cells"), i, cell) {
		assert_true(json_is_null(json_object_get(cell, "error")));
		assert_true(json_array_size(json_object_get(cell, "series")) > 0);
	}
	assert_true(i > 0);
	remove_tree("result");
}

static const char *const wrong[][2] = {
	{ "topology.nodes.client.proxy={\"backends\":[\"198.18.1.2\"]}", "two nodes have a proxy" },
	{ "topology.nodes.node1.proxy.endpoints=0", "no endpoints" },
	{ "topology.nodes.node1.proxy.protocol=udp", "TCP connections" },
};

/* Whom the load would not reach, or not as asked. */
static void test_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("rules and probes need root");
	write_text("s.json", "{\"name\":\"s\",\"topology\":\"kube-proxy\",\"load\":{\"kind\":"
			     "\"services\",\"from\":\"client\",\"to\":\"backend1\"},"
			     "\"batches\":1,\"iterations\":5}");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_finished_ struct finished finished = labrun("run", "./s.json", "--quiet", "--out",
							     "result", "--set", wrong[i][0]);

		assert_status(finished, 2);
		assert_says(finished.error, wrong[i][1]);
	}
}

int main(void)
{
	struct CMUnitTest cases[CASES_MAX] = { { "refused", test_refused, enter_work_folder,
						 leave_work_folder, NULL } };
	char pattern[PATH_MAX];
	glob_t found = {};
	size_t count = 1;
	int status = run_prepare();

	if (status)
		return status;
	snprintf(pattern, sizeof(pattern), "%s/experiments/kube*.json", getenv("LABRUN_DATA"));
	if (glob(pattern, 0, NULL, &found) || found.gl_pathc >= CASES_MAX)
		return 1;
	for (size_t i = 0; i < found.gl_pathc; i++)
		cases[count++] = (struct CMUnitTest){ strrchr(found.gl_pathv[i], '/') + 1,
						      test_experiment, enter_work_folder,
						      leave_work_folder, found.gl_pathv[i] };
	return _cmocka_run_group_tests("kube-proxy", cases, count, NULL, NULL);
}
