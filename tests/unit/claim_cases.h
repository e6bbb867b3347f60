/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Claims tried on small summaries written as tables. ' stands for " in all JSON here. */

#include "harness/cleanup.h"
#include "harness/summary.h"
#include "tests/test.h"

#include <string.h>

struct fixture_series {
	const char *name, *direction, *unit, *batches; /* batches are p50 too; p99 is 10, 11, 12 */
};

struct fixture_cell {
	const char *factors; /* ends with a cell without any */
	struct fixture_series series[10];
};

struct claim_case {
	const char *fields; /* of the test, without braces */
	const char *verdict, *detail; /* detail: a part of it */
};

static inline json_t *parse(const char *text)
{
	_free_ char *json = strdup(text);
	json_error_t error;
	json_t *parsed;

	assert_non_null(json);
	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	parsed = json_loads(json, JSON_DECODE_ANY, &error);
	if (!parsed)
		fail_msg("%s: %s", error.text, json);
	return parsed;
}

static inline json_t *fixture_cell(const struct fixture_cell *cell)
{
	json_t *rows = json_array();

	for (const struct fixture_series *series = cell->series; series->name; series++)
		json_array_append_new(
			rows,
			json_pack("{s:s, s:s, s:s, s:o, s:{s:o, s:o}}", "name", series->name,
				  "direction", series->direction, "unit", series->unit, "batches",
				  parse(series->batches), "percentiles_by_batch", "p50",
				  parse(series->batches), "p99", parse("[10, 11, 12]")));
	return json_pack("{s:o, s:n, s:o}", "factors", parse(cell->factors), "error", "series",
			 rows);
}

static inline json_t *fixture(const struct fixture_cell *cells)
{
	json_t *array = json_array();

	for (; cells->factors; cells++)
		json_array_append_new(array, fixture_cell(cells));
	return json_pack("{s:i, s:s, s:o}", "format", 1, "mode", "native", "cells", array);
}

/* One claim, of the fields given beside its id and text. */
static inline json_t *evaluate(const json_t *summary, const char *fields)
{
	_free_ char *text = NULL;
	_json_ json_t *experiment = NULL;

	if (asprintf(&text, "{'claims':[{'id':'c','text':'said so',%s}]}", fields) < 0)
		abort();
	experiment = parse(text);
	return claims_evaluate(experiment, summary);
}

static inline void check_case(const json_t *summary, const char *kind,
			      const struct claim_case *expected)
{
	_free_ char *fields = NULL;
	_json_ json_t *verdicts = NULL;
	const char *said, *detail;

	if (asprintf(&fields, "'test':'%s',%s", kind, expected->fields) < 0)
		abort();
	verdicts = evaluate(summary, fields);
	assert_int_equal(json_array_size(verdicts), 1);
	if (json_unpack(verdicts, "[{s:s, s:s}]", "verdict", &said, "detail", &detail))
		fail_msg("%s: no verdict", fields);
	if (strcmp(said, expected->verdict) || !strstr(detail, expected->detail))
		fail_msg("%s: %s (%s), not %s (%s)", fields, said, detail, expected->verdict,
			 expected->detail);
}

static inline void check_cases(const struct fixture_cell *cells, const char *kind,
			       const struct claim_case *cases, size_t count)
{
	_json_ json_t *summary = fixture(cells);

	for (size_t i = 0; i < count; i++)
		check_case(summary, kind, &cases[i]);
}

#define CHECK(cells, kind, cases) check_cases(cells, kind, cases, ARRAY_SIZE(cases))
