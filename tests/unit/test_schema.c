// SPDX-License-Identifier: GPL-2.0-only
/* The committed JSON Schemas are what the field tables say: `make schema` writes them. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/experiment.h"
#include "harness/file.h"

#include <string.h>

static void expect_schema(const struct field *fields, const char *title, const char *path)
{
	_json_ json_t *schema = field_schema(fields);
	_free_ char *text = NULL, *committed = NULL;
	struct err err;
	size_t length;

	json_object_set_new(schema, "title", json_string(title));
	text = json_dumps(schema, JSON_INDENT(2));
	assert_int_equal(file_read(path, &committed, &length, &err), 0);
	committed[length - 1] = 0; /* the final newline */
	if (strcmp(text, committed))
		fail_msg("%s is not what the field tables say: make schema", path);
}

static void test_experiment_schema(void **state)
{
	(void)state;
	expect_schema(experiment_fields, "experiment", "experiments/experiment.schema.json");
}

static void test_topology_schema(void **state)
{
	(void)state;
	expect_schema(topology_fields, "topology", "topologies/topology.schema.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_experiment_schema),
		cmocka_unit_test(test_topology_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
