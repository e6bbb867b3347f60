// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims that ask for the very truth of simulated experiments: a 95 % interval straddles it, which
 * is "inconclusive", in 95 of 100, and 5 are judged wrongly. Batches are shared, as cells that are
 * visited interleaved share the machine's luck of the moment.
 */
#include "tests/unit/claim_cases.h"
#include "tests/unit/documented.h"
#include "tests/unit/draws.h"

#define EXPERIMENTS 10000
#define BATCHES 10
#define NOISE 0.01 /* of the mean: each cell's own, and as much again that a batch shares */

/* 1000 + 2 n and 1300 cross at 150; at 200 they are 1400 and 1300, at 400 1800 and 1300. */
static const struct made_cell {
	const char *mode;
	int n;
	double mean;
} made[] = {
	{ "x", 100, 1200 }, { "y", 100, 1300 }, { "x", 200, 1400 }, { "y", 200, 1300 },
	{ "x", 400, 1800 }, { "y", 400, 1300 }, { "z", 400, 1800 },
};

#define SERIES(mode, n) "{'series':'a','factors':{'mode':'" mode "','n':" #n "}}"
#define MODE(mode) "{'series':'a','factors':{'mode':'" mode "'}}"

static const struct {
	const char *name, *fields;
} claims[] = {
	{ "`within`", "'test':'within','series':" SERIES("x", 200) ",'low':1400,'high':1400" },
	{ "`order`",
	  "'test':'order','greater':" SERIES("x", 400) ",'than':[" SERIES("z", 400) "]" },
	{ "`ratio`",
	  "'test':'ratio','of':" SERIES("x", 200) ",'to':" SERIES(
		  "y", 200) ",'at_least':1.0769230769230769,'at_most':1.0769230769230769" },
	{ "`linear`", "'test':'linear','series':'a','where':{'mode':'x'},'over':'n',"
		      "'slope_low':2,'slope_high':2" },
	{ "`crossover`", "'test':'crossover','of':" MODE("x") ",'with':" MODE(
				 "y") ",'over':'n','low':150,'high':150" },
};

static json_t *simulate(uint64_t *random)
{
	double shared[BATCHES];
	json_t *cells = json_array();

	for (size_t b = 0; b < BATCHES; b++)
		shared[b] = NOISE * draw_normal(random);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		json_t *batches = json_array();

		for (size_t b = 0; b < BATCHES; b++)
			json_array_append_new(
				batches, json_real(made[i].mean *
						   (1 + shared[b] + NOISE * draw_normal(random))));
		json_array_append_new(cells,
				      json_pack("{s:{s:s, s:i}, s:n, s:[{s:s, s:s, s:s, s:o}]}",
						"factors", "mode", made[i].mode, "n", made[i].n,
						"error", "series", "name", "a", "direction",
						"request", "unit", "ns", "batches", batches));
	}
	return json_pack("{s:i, s:s, s:o}", "format", 1, "mode", "native", "cells", cells);
}

static bool is_inconclusive(const json_t *summary, const char *fields)
{
	_json_ json_t *verdicts = evaluate(summary, fields);
	const char *verdict = NULL, *detail = NULL;

	if (json_unpack(verdicts, "[{s:s, s:s}]", "verdict", &verdict, "detail", &detail))
		fail_msg("%s: no verdict", fields);
	/* For want of something else than an answer. */
	if (!strcmp(verdict, "inconclusive") && !strchr(detail, '['))
		fail_msg("%s: %s", fields, detail);
	return !strcmp(verdict, "inconclusive");
}

static void test_claims_at_the_truth(void **state)
{
	size_t covered[ARRAY_SIZE(claims)] = { 0 };
	uint64_t random = 150;

	(void)state;
	for (size_t i = 0; i < EXPERIMENTS; i++) {
		_json_ json_t *summary = simulate(&random);

		for (size_t j = 0; j < ARRAY_SIZE(claims); j++)
			covered[j] += is_inconclusive(summary, claims[j].fields);
	}
	for (size_t j = 0; j < ARRAY_SIZE(claims); j++) {
		_free_ char *row = NULL;

		if (asprintf(&row, "| %s | %.1f %% |", claims[j].name,
			     100.0 * (double)covered[j] / EXPERIMENTS) < 0)
			abort();
		expect_documented(row);
		assert_in_range(covered[j], 0.94 * EXPERIMENTS, 0.96 * EXPERIMENTS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims_at_the_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
