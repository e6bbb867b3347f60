// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/claim_cases.h"

#include "harness/claim.h"

/* slow is fast and 3190 ns; near lies about fast. */
static const struct fixture_cell one_cell[] = {
	{ "{}",
	  {
		  { "slow", "request", "ns", "[8210, 8200, 8220]" },
		  { "fast", "request", "ns", "[5020, 5010, 5030]" },
		  { "slow", "reply", "ns", "[100, 101, 102]" },
		  { "near", "request", "ns", "[5000, 5040, 5021]" },
		  { "rate", "request", "pps", "[5, 5, 5]" },
		  { "gaps", "request", "ns", "[null, 6000, null]" },
		  { "zero", "request", "ns", "[0, 0, 0]" },
		  { "empty", "request", "ns", "[]" },
		  { "short", "request", "ns", "[9000, 9002]" },
	  } },
	{ 0 }
};

static void test_order(void **state)
{
	static const struct claim_case cases[] = {
		{ "'greater':'slow','than':['fast']", "holds",
		  "slow 8.210 us - fast 5.020 us = 3.190 us [3.190, 3.190]" },
		{ "'greater':'fast','than':['slow']", "fails", "= -3.190 us" },
		{ "'greater':'near','than':['fast']", "inconclusive",
		  "near 5.020 us - fast 5.020 us = 0.3333 ns [-64.94, 65.60]" },
		{ "'greater':'slow','than':['fast','near','zero']", "holds", "; slow" },
		{ "'greater':'slow','than':['fast','near','zero','short']", "fails",
		  "1 of 4: slow 8.205 us - short 9.001 us" },
		{ "'greater':'near','than':['zero','fast']", "inconclusive", "1 of 2: near" },
		{ "'greater':{'series':'slow','direction':'reply'},'than':['zero']", "holds",
		  "slow reply 101 ns - zero 0 ns = 101 ns" },
		{ "'greater':{'series':'slow','stat':'p99'},'than':['zero']", "holds",
		  "slow p99 11 ns - zero 0 ns" },
		{ "'greater':'slow','than':['slow']", "inconclusive", "= 0 ns [0, 0]" },
	};

	(void)state;
	CHECK(one_cell, "order", cases);
}

static void test_order_missing(void **state)
{
	static const struct claim_case cases[] = {
		{ "'greater':'slow','than':['gaps']", "inconclusive",
		  "slow with gaps has 1 batch, and an interval takes two" },
		{ "'greater':'slow','than':['empty']", "inconclusive", "0 batches" },
		{ "'greater':'nowhere','than':['fast']", "inconclusive",
		  "there is no series nowhere (request)" },
		{ "'greater':{'series':'fast','direction':'reply'},'than':['slow']", "inconclusive",
		  "there is no series fast (reply)" },
		{ "'greater':'slow','than':['rate']", "inconclusive",
		  "slow is in ns but rate in pps" },
		{ "'greater':{'series':'slow','factors':{'mtu':9}},'than':['fast']", "inconclusive",
		  "there is no cell with {\"mtu\":9}" },
	};

	(void)state;
	CHECK(one_cell, "order", cases);
}

static void test_ratio(void **state)
{
	static const struct claim_case cases[] = {
		{ "'of':'slow','to':'fast','at_least':1.5", "holds",
		  "slow 8.210 us / fast 5.020 us = 1.635 [1.632, 1.639], asked is at least 1.5" },
		{ "'of':'slow','to':'fast','at_least':1.7", "fails", "at least 1.7" },
		{ "'of':'slow','to':'fast','at_least':1.635", "inconclusive", "" },
		{ "'of':'slow','to':'fast','at_most':1.7", "holds", "at most 1.7" },
		{ "'of':'slow','to':'fast','at_most':1.6", "fails", "" },
		{ "'of':'slow','to':'fast','at_least':1,'at_most':2", "holds", "1 to 2" },
		{ "'of':'slow','to':'fast','at_least':2,'at_most':3", "fails", "" },
		{ "'of':'slow','to':'zero','at_least':1", "inconclusive", "= n/a" },
		{ "'of':'zero','to':'zero','at_most':1", "inconclusive", "= n/a" },
		{ "'of':'slow','to':'fast'", "inconclusive", "neither at_least nor at_most" },
		{ "'of':'slow','to':'gaps','at_most':1", "inconclusive", "1 batch" },
	};

	(void)state;
	CHECK(one_cell, "ratio", cases);
}

static void test_within(void **state)
{
	static const struct claim_case cases[] = {
		{ "'series':'slow','low':8000,'high':9000", "holds",
		  "slow is 8.210 us [8.185, 8.235], asked is 8.000 us to 9.000 us" },
		{ "'series':'slow','low':0,'high':8000", "fails", "asked is 0 ns" },
		{ "'series':'slow','low':9000,'high':9999", "fails", "" },
		{ "'series':'slow','low':8200,'high':9000", "inconclusive", "" },
		{ "'series':'zero','low':0,'high':0", "holds", "zero is 0 ns [0, 0]" },
		{ "'series':'gaps','low':0,'high':9000", "inconclusive",
		  "gaps has 1 batch, and an interval takes two" },
		{ "'series':'nowhere','low':0,'high':1", "inconclusive", "no series nowhere" },
	};

	(void)state;
	CHECK(one_cell, "within", cases);
}

static void test_bad_fields(void **state)
{
	static const struct {
		const char *kind;
		struct claim_case expected;
	} cases[] = {
		{ "bigger", { "'greater':'slow'", "inconclusive", "no test \"bigger\"" } },
		{ "order", { "'greater':'slow'", "inconclusive", "missing field \"than\"" } },
		{ "order", { "'greater':5,'than':['fast']", "inconclusive", "greater: expected" } },
		{ "order",
		  { "'greater':'slow','than':[{'stat':'p50'}]", "inconclusive",
		    "than[0]: missing field \"series\"" } },
		{ "order",
		  { "'greater':{'series':'slow','factors':3},'than':['fast']", "inconclusive",
		    "greater.factors: expected an object" } },
		{ "order",
		  { "'greater':{'series':'slow','stat':'p95'},'than':['fast']", "inconclusive",
		    "greater.stat" } },
		{ "within",
		  { "'series':'slow','low':1,'high':2,'hi':3", "inconclusive",
		    "unknown field \"hi\"" } },
		{ "flat",
		  { "'series':'slow','over':'x','where':[]", "inconclusive",
		    "where: expected an object" } },
		{ "flat", { "'series':'a','over':'x','tolerance':-1", "inconclusive", "toler" } },
	};
	_json_ json_t *summary = fixture(one_cell);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(summary, cases[i].kind, &cases[i].expected);
}

/* Two factors; a is above b everywhere but in the last cell. */
static const struct fixture_cell product[] = {
	{ "{'t.links.0.mtu': 1500, 't.mode': 'nft'}",
	  { { "a", "request", "ns", "[20, 21, 22]" }, { "b", "request", "ns", "[10, 11, 12]" } } },
	{ "{'t.links.0.mtu': 9000, 't.mode': 'nft'}",
	  { { "a", "request", "ns", "[30, 31, 32]" }, { "b", "request", "ns", "[10, 11, 12]" } } },
	{ "{'t.links.0.mtu': 1500, 't.mode': 'ipt'}",
	  { { "a", "request", "ns", "[40, 41, 42]" }, { "b", "request", "ns", "[10, 11, 12]" } } },
	{ "{'t.links.0.mtu': 9000, 't.mode': 'ipt'}",
	  { { "a", "request", "ns", "[5, 6, 7]" }, { "b", "request", "ns", "[10, 11, 12]" } } },
	{ 0 }
};

static void test_cells(void **state)
{
	static const struct claim_case cases[] = {
		{ "'greater':'a','than':['b']", "fails",
		  "1 of 4: mtu=9000 mode=ipt: a 6 ns - b 11 ns = -5 ns" },
		{ "'greater':{'series':'a','factors':{'mode':'nft'}},'than':['b']", "holds",
		  "mtu=1500 mode=nft: a (mode=nft) 21 ns - b 11 ns = 10 ns [10, 10]; mtu" },
		{ "'greater':{'series':'a','factors':{'t.mode':'ipt','mtu':1500.0}},'than':['b']",
		  "holds", "a (t.mode=ipt mtu=1500.0) 41 ns - b" },
		{ "'greater':'a','than':[{'series':'b','factors':{'mode':'lvs'}}]", "inconclusive",
		  "mode=nft: there is no cell with {\"mode\":\"lvs\"} to go with it; mtu" },
		{ "'greater':'a','than':[{'series':'b','factors':{'mode':'lvs'}}]", "inconclusive",
		  "; and 1 more" },
	};
	static const struct claim_case within[] = {
		{ "'series':'b','low':0,'high':100", "holds", "; and 1 more" },
		{ "'series':{'series':'a','factors':{'links.0.mtu':9000,'mode':'ipt'}},"
		  "'low':0,'high':20",
		  "holds", "a (links.0.mtu=9000 mode=ipt) is 6 ns [3.516, 8.484]" },
	};

	(void)state;
	CHECK(product, "order", cases);
	CHECK(product, "within", within);
}

/* A partner differs in what the right side names, and in nothing else; the base is not compared
 * with itself. */
static void test_partners(void **state)
{
	static const struct claim_case cases[] = {
		{ "'greater':{'series':'a','factors':{'mode':'ipt','mtu':1500}},"
		  "'than':[{'series':'a','factors':{'mode':'nft'}}]",
		  "holds", "a (mode=ipt mtu=1500) 41 ns - a (mode=nft) 21 ns = 20 ns" },
		{ "'greater':{'series':'a','factors':{'mode':'ipt'}},"
		  "'than':[{'series':'a','factors':{'mode':'nft'}}]",
		  "fails", "1 of 2: mtu=9000 mode=ipt: " },
		{ "'greater':{'series':'a','factors':{'mode':'nft'}},"
		  "'than':[{'series':'a','factors':{'mtu':1500}}]",
		  "holds", "a (mode=nft) 31 ns - a (mtu=1500) 21 ns" },
		{ "'greater':{'series':'a','factors':{'mode':'nft','mtu':1500}},"
		  "'than':[{'series':'a','factors':{'mode':'nft'}}]",
		  "inconclusive", "nothing to test it on" },
	};

	(void)state;
	CHECK(product, "order", cases);
}

static void test_ambiguous_factor(void **state)
{
	static const struct fixture_cell cells[] = {
		{ "{'a.mtu': 1, 'b.mtu': 1}",
		  { { "a", "request", "ns", "[1, 1]" }, { "b", "request", "ns", "[2, 2]" } } },
		{ "{'a.mtu': 1, 'b.mtu': 2}",
		  { { "a", "request", "ns", "[1, 1]" }, { "b", "request", "ns", "[2, 2]" } } },
		{ 0 }
	};
	static const struct claim_case within[] = {
		{ "'series':{'series':'a','factors':{'mtu':1}},'low':0,'high':1", "inconclusive",
		  "there is no cell with {\"mtu\":1}" },
		{ "'series':{'series':'a','factors':{'b.mtu':2}},'low':0,'high':1", "holds", "" },
	};
	static const struct claim_case order[] = {
		{ "'greater':'a','than':['b']", "fails", "a.mtu=1 b.mtu=2: a" },
	};
	static const struct claim_case flat[] = {
		{ "'series':'a','over':'mtu'", "inconclusive", "no factor mtu that is a number" },
	};

	(void)state;
	CHECK(cells, "within", within);
	CHECK(cells, "order", order);
	CHECK(cells, "flat", flat);
}

static void test_modes(void **state)
{
	static const struct {
		const char *modes;
		size_t count;
	} cases[] = {
		{ "", 1 },
		{ "'modes':[],", 1 },
		{ "'modes':['native'],", 1 },
		{ "'modes':['vm','native'],", 1 },
		{ "'modes':['exact'],", 0 },
	};
	_json_ json_t *summary = fixture(one_cell);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_json_ json_t *verdicts = NULL;
		char fields[200];

		snprintf(fields, sizeof(fields),
			 "%s'test':'order','greater':'slow','than':['fast']", cases[i].modes);
		verdicts = evaluate(summary, fields);
		assert_int_equal(json_array_size(verdicts), cases[i].count);
	}
}

static const char *verdict_of(const json_t *verdicts)
{
	return json_string_value(json_object_get(json_array_get(verdicts, 0), "verdict"));
}

/* Flat or nested, the test is the same; what is none of either still gets its verdict. */
static void test_shapes(void **state)
{
	_json_ json_t *summary = fixture(one_cell), *nothing = json_object();
	_json_ json_t *flat = NULL, *nested = NULL, *odd = NULL, *none = NULL, *bare = NULL;
	const json_t *verdict;

	(void)state;
	flat = evaluate(summary, "'test':'order','greater':'slow','than':['fast']");
	nested = evaluate(summary, "'test':{'kind':'order','greater':'slow','than':['fast']}");
	assert_true(json_equal(flat, nested));
	verdict = json_array_get(flat, 0);
	assert_int_equal(json_object_size(verdict), 4);
	assert_string_equal(json_string_value(json_object_get(verdict, "id")), "c");
	assert_string_equal(json_string_value(json_object_get(verdict, "text")), "said so");
	odd = evaluate(summary, "'test':5");
	assert_string_equal(verdict_of(odd), "inconclusive");
	none = claims_evaluate(nothing, summary);
	assert_int_equal(json_array_size(none), 0);
	bare = evaluate(nothing, "'test':'within','series':'a','low':0,'high':1");
	assert_string_equal(verdict_of(bare), "inconclusive");
}

/* A summary as it is built, with all its nulls, judged again after its way through a file. */
static void test_from_samples(void **state)
{
	static const char fields[] =
		"'test':'order','greater':{'series':'b','stat':'p50'},'than':['a']";
	struct samples *samples = samples_new();
	const struct summary_cell cell = { 0 };
	const struct summary_input input = { .experiment = "x",
					     .mode = "native",
					     .cells = &cell,
					     .cell_count = 1,
					     .samples = samples };
	uint32_t a = samples_series(samples, "a", DIRECTION_REQUEST, "ns");
	uint32_t b = samples_series(samples, "b", DIRECTION_REQUEST, "ns");
	_json_ json_t *built = NULL, *read = NULL, *first = NULL, *second = NULL;
	_free_ char *text = NULL;

	(void)state;
	for (uint32_t i = 0; i < 30; i++) {
		samples_add(samples, 0, i % 3, i, a, 100 + i / 7.0);
		samples_add(samples, 0, i % 3, i, b, 300 + i / 3.0);
	}
	samples_add(samples, 0, 3, 0, a, NAN);
	built = summary_build(&input);
	text = json_dumps(built, JSON_INDENT(1));
	read = parse(text);
	first = evaluate(built, fields);
	second = evaluate(read, fields);
	assert_true(json_equal(first, second));
	assert_string_equal(verdict_of(first), "holds");
	samples_free(samples);
}

/* The table and the words of kinds.h: every test has help, and so has every field. */
static void test_kinds(void **state)
{
	static const struct kind *const kinds[] = {
#define KIND(name) &claim_##name,
		CLAIM_KINDS(KIND)
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_non_null(kinds[i]->help);
		assert_true(kinds[i]->params_size > 0);
		for (const struct field *field = kinds[i]->fields; field->name; field++) {
			assert_non_null(field->help);
			assert_true(field->offset < kinds[i]->params_size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	     cmocka_unit_test(test_order_missing),
		cmocka_unit_test(test_ratio),	     cmocka_unit_test(test_within),
		cmocka_unit_test(test_bad_fields),   cmocka_unit_test(test_cells),
		cmocka_unit_test(test_partners),     cmocka_unit_test(test_ambiguous_factor),
		cmocka_unit_test(test_modes),	     cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_from_samples), cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
