// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/claim_cases.h"

/* a grows by 2 a service, with a disturbance of each batch; b wanders about 500. */
static const struct fixture_cell line[] = {
	{ "{'p.services': 100}",
	  { { "a", "request", "ns", "[300, 310, 305]" },
	    { "b", "request", "instructions", "[500, 501, 499]" } } },
	{ "{'p.services': 200}",
	  { { "a", "request", "ns", "[500, 511, 504]" },
	    { "b", "request", "instructions", "[500, 499, 501]" } } },
	{ "{'p.services': 300}",
	  { { "a", "request", "ns", "[700, 709, 706]" },
	    { "b", "request", "instructions", "[500, 501, 499]" } } },
	{ "{'p.services': '400'}",
	  { { "a", "request", "ns", "[900, 910, 905]" },
	    { "b", "request", "instructions", "[500, 499, 501]" } } },
	{ 0 }
};

static void test_flat(void **state)
{
	static const struct claim_case cases[] = {
		{ "'series':'b','over':'services'", "holds",
		  "b changes by 0 instructions [-0.009937, 0.009937] per unit of services, from "
		  "100 "
		  "to 400" },
		{ "'series':'b','over':'p.services','tolerance':0.1", "holds", "" },
		/* Zero is inside, but so is more than what is tolerated. */
		{ "'series':'b','over':'services','tolerance':0.001", "inconclusive", "" },
		{ "'series':'a','over':'services'", "fails", "a changes by 2" },
		{ "'series':'a','over':'services','tolerance':1", "fails", "" },
		{ "'series':'a','over':'services','tolerance':3", "holds", "" },
		{ "'series':'a','over':'services','tolerance':2", "inconclusive", "" },
	};

	(void)state;
	CHECK(line, "flat", cases);
}

static void test_flat_missing(void **state)
{
	static const struct claim_case cases[] = {
		{ "'series':'a','over':'mtu'", "inconclusive", "no factor mtu that is a number" },
		{ "'series':'c','over':'services'", "inconclusive", "there is no series c" },
		{ "'series':'a','over':'services','where':{'services':100}", "inconclusive",
		  "services has 1 of the 2 values that it takes" },
		{ "'series':'a','over':'services','where':{'mode':'x'}", "inconclusive",
		  "there is no cell with the factors asked" },
	};

	(void)state;
	CHECK(line, "flat", cases);
}

static void test_linear(void **state)
{
	static const struct claim_case cases[] = {
		{ "'series':'a','over':'services'", "holds",
		  "per unit of services, from 100 to 400; R2 is 1.0000, asked is 0.98" },
		{ "'series':'a','over':'services','slope_low':1.9,'slope_high':2.1", "holds", "" },
		{ "'series':'a','over':'services','slope_low':2.1", "fails", "" },
		{ "'series':'a','over':'services','slope_high':1.9", "fails", "" },
		{ "'series':'a','over':'services','slope_low':2", "inconclusive", "" },
		{ "'series':'b','over':'services'", "inconclusive", "" },
		{ "'series':{'series':'a','stat':'p99'},'over':'services'", "inconclusive",
		  "a p99 grows by 0 ns [0, 0]" },
	};

	(void)state;
	CHECK(line, "linear", cases);
}

/* a falls; b grows, but not along a line. */
static void test_linear_fails(void **state)
{
	static const struct fixture_cell cells[] = {
		{ "{'n': 1}",
		  { { "a", "request", "ns", "[30, 31]" }, { "b", "request", "ns", "[1, 1]" } } },
		{ "{'n': 2}",
		  { { "a", "request", "ns", "[20, 21]" }, { "b", "request", "ns", "[4, 4]" } } },
		{ "{'n': 3}",
		  { { "a", "request", "ns", "[10, 11]" }, { "b", "request", "ns", "[9, 9]" } } },
		{ "{'n': 4}",
		  { { "a", "request", "ns", "[0, 1]" }, { "b", "request", "ns", "[160, 160]" } } },
		{ 0 }
	};
	static const struct claim_case cases[] = {
		{ "'series':'a','over':'n'", "fails", "a grows by -10 ns" },
		{ "'series':'b','over':'n'", "fails", "R2 is 0." },
		{ "'series':'b','over':'n','min_r2':0.5", "holds", "R2 is 0." },
	};

	(void)state;
	CHECK(cells, "linear", cases);
}

/* A batch that lacks a cell is left out whole: 50 is nowhere in the slope of a. */
static void test_holes(void **state)
{
	static const struct fixture_cell cells[] = {
		{ "{'n': 1}",
		  { { "a", "request", "ns", "[1, 1, 50]" },
		    { "b", "request", "ns", "[1, null, 1]" } } },
		{ "{'n': 2}",
		  { { "a", "request", "ns", "[2, 2, null]" },
		    { "b", "request", "ns", "[null, 2, 2]" } } },
		{ "{'n': 3}",
		  { { "a", "request", "ns", "[3, 3, 7]" },
		    { "b", "request", "ns", "[3, 3, 3]" } } },
		{ 0 }
	};
	static const struct claim_case cases[] = {
		{ "'series':'a','over':'n'", "holds", "a grows by 1 ns [1, 1]" },
		{ "'series':'b','over':'n'", "inconclusive",
		  "b has 1 whole batch, and an interval takes two" },
	};

	(void)state;
	CHECK(cells, "linear", cases);
}

static void test_two_levels(void **state)
{
	static const struct fixture_cell cells[] = {
		{ "{'n': 1}", { { "a", "request", "ns", "[1, 1]" } } },
		{ "{'n': 2}", { { "a", "request", "ns", "[2, 2]" } } },
		{ 0 }
	};
	static const struct claim_case linear[] = {
		{ "'series':'a','over':'n'", "inconclusive",
		  "n has 2 of the 3 values that it takes" },
	};
	static const struct claim_case flat[] = {
		{ "'series':'a','over':'n'", "fails", "a changes by 1 ns [1, 1]" },
	};

	(void)state;
	CHECK(cells, "linear", linear);
	CHECK(cells, "flat", flat);
}

/* Without "where" each of the other factors' values has a line of its own. */
static void test_sets(void **state)
{
	static const struct fixture_cell cells[] = {
		{ "{'mode': 'x', 'n': 1}", { { "a", "request", "ns", "[1, 1]" } } },
		{ "{'mode': 'y', 'n': 1}", { { "a", "request", "ns", "[1, 1]" } } },
		{ "{'mode': 'x', 'n': 2}", { { "a", "request", "ns", "[2, 2]" } } },
		{ "{'mode': 'y', 'n': 2}", { { "a", "request", "ns", "[1, 1]" } } },
		{ "{'mode': 'x', 'n': 3}", { { "a", "request", "ns", "[3, 3]" } } },
		{ "{'mode': 'y', 'n': 3}", { { "a", "request", "ns", "[1, 1]" } } },
		{ 0 }
	};
	static const struct claim_case flat[] = {
		{ "'series':'a','over':'n'", "fails",
		  "1 of 2: mode=x n=1: a changes by 1 ns [1, 1]" },
		{ "'series':'a','over':'n','where':{'mode':'y'}", "holds", "a changes by 0 ns" },
		{ "'series':'a','over':'mode'", "inconclusive", "no factor mode that is a number" },
	};
	static const struct claim_case linear[] = {
		{ "'series':{'series':'a','factors':{'mode':'x'}},'over':'n'", "holds",
		  "a (mode=x) grows by 1 ns [1, 1] per unit of n, from 1 to 3" },
	};

	(void)state;
	CHECK(cells, "flat", flat);
	CHECK(cells, "linear", linear);
}

/* x is below y by 4, then above by 2 and by 8, in each batch with a disturbance of its own. */
static const struct fixture_cell crossing[] = {
	{ "{'mode': 'x', 'n': 300}", { { "a", "both", "ns", "[28, 29]" } } },
	{ "{'mode': 'y', 'n': 300}", { { "a", "both", "ns", "[20, 21]" } } },
	{ "{'mode': 'x', 'n': 100}", { { "a", "both", "ns", "[16, 16]" } } },
	{ "{'mode': 'y', 'n': 100}", { { "a", "both", "ns", "[20, 20]" } } },
	{ "{'mode': 'x', 'n': 200}", { { "a", "both", "ns", "[22, 24]" } } },
	{ "{'mode': 'y', 'n': 200}", { { "a", "both", "ns", "[20, 22]" } } },
	{ 0 }
};

#define A_OF(mode) "{'series':'a','direction':'both','factors':{'mode':'" mode "'}}"

static void test_crossover(void **state)
{
	/* 100 + 4 / (4 + 2) * 100, the same in both batches. */
	static const struct claim_case cases[] = {
		{ "'of':" A_OF("x") ",'with':" A_OF("y") ",'over':'n'", "holds",
		  "a both (mode=x) crosses a both (mode=y) at n = 166.7 [166.7, 166.7]" },
		{ "'of':" A_OF("x") ",'with':" A_OF("y") ",'over':'n','low':100,'high':200",
		  "holds", "" },
		{ "'of':" A_OF("x") ",'with':" A_OF("y") ",'over':'n','low':170", "fails", "" },
		{ "'of':" A_OF("x") ",'with':" A_OF("y") ",'over':'n','high':160", "fails", "" },
		{ "'of':" A_OF("y") ",'with':" A_OF("x") ",'over':'n'", "fails",
		  "is above a both (mode=x) at n = 100 already" },
		{ "'of':" A_OF("x") ",'with':" A_OF("y") ",'over':'mode'", "inconclusive",
		  "no factor mode that is a number" },
	};

	(void)state;
	CHECK(crossing, "crossover", cases);
}

static void test_crossover_unclear(void **state)
{
	static const struct fixture_cell cells[] = {
		{ "{'mode': 'x', 'n': 1}",
		  { { "a", "both", "ns", "[1, 1]" }, { "b", "both", "ns", "[10, 30]" } } },
		{ "{'mode': 'y', 'n': 1}",
		  { { "a", "both", "ns", "[5, 5]" }, { "b", "both", "ns", "[21, 21]" } } },
		{ "{'mode': 'x', 'n': 2}",
		  { { "a", "both", "ns", "[3, 3]" }, { "b", "both", "ns", "[40, 40]" } } },
		{ "{'mode': 'y', 'n': 2}",
		  { { "a", "both", "ns", "[5, 5]" }, { "b", "both", "ns", "[21, 21]" } } },
		{ 0 }
	};
	static const struct claim_case cases[] = {
		{ "'of':" A_OF("x") ",'with':" A_OF("y") ",'over':'n'", "fails",
		  "a both (mode=x) is still below a both (mode=y) at n = 2" },
		{ "'of':{'series':'b','direction':'both','factors':{'mode':'x'}},"
		  "'with':{'series':'b','direction':'both','factors':{'mode':'y'}},'over':'n'",
		  "inconclusive", "cannot be told apart at n = 1" },
	};

	(void)state;
	CHECK(cells, "crossover", cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_flat_missing),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_linear_fails),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_two_levels),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_crossover),
		cmocka_unit_test(test_crossover_unclear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
