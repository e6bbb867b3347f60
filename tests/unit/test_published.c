// SPDX-License-Identifier: GPL-2.0-only
/* Published figures of a sweep, by the tables that are shipped, beside made-up measurements. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/published.h"
#include "harness/reproduce_sweep.h"

#include <string.h>

static struct published shipped(const char *name)
{
	struct published published;
	struct err err = {};

	if (published_read(&published, name, &err))
		fail_msg("%s", err.text);
	return published;
}

static size_t find_source(const struct published *published, const char *name)
{
	for (size_t i = 0; i < published_count(published); i++)
		if (!strcmp(published_name(published, i), name))
			return i;
	fail_msg("no source %s", name);
	return 0;
}

static json_t *factors(const char *mode, int services)
{
	return json_pack("{s:s, s:i}", "topology.nodes.node1.proxy.mode", mode,
			 "topology.nodes.node1.proxy.services", services);
}

static struct interval find(const struct published *published, const char *source, const char *mode,
			    int services, const char *series, const char *stat)
{
	_json_ json_t *cell = factors(mode, services);
	enum direction direction = strcmp(series, "rtt") ? DIRECTION_REQUEST : DIRECTION_BOTH;

	return published_find(published, find_source(published, source), cell, series, direction,
			      stat);
}

static void expect(struct interval figure, double low_us, double high_us)
{
	assert_near(figure.low, low_us * 1000, 0);
	assert_near(figure.high, high_us * 1000, 0);
}

/* The blog's bars are good to 4 us, the seed's ranges are as it has them. */
static void test_figures(void **state)
{
	struct published published = shipped("kube-proxy");

	(void)state;
	assert_int_equal(published_count(&published), 2);
	assert_true(published_is_expected(&published, find_source(&published, "seed")));
	assert_false(published_is_expected(&published, find_source(&published, "blog")));
	expect(find(&published, "blog", "iptables-nft", 30000, "rtt", "p50"), 268, 276);
	expect(find(&published, "blog", "iptables-legacy", 30000, "rtt", "p50"), 268, 276);
	expect(find(&published, "blog", "nftables", 5000, "rtt", "p99"), 31, 39);
	expect(find(&published, "seed", "iptables-legacy", 1000, "nat-prerouting", "mean"), 30, 50);
	expect(find(&published, "seed", "nftables", 10000, "nat-prerouting", "mean"), 10, 15);
	assert_true(isnan(find(&published, "blog", "nftables", 5001, "rtt", "p50").low));
	assert_true(isnan(find(&published, "blog", "none", 5000, "rtt", "p50").low));
	assert_true(isnan(find(&published, "blog", "nftables", 5000, "rtt", "mean").low));
	assert_true(isnan(find(&published, "seed", "nftables", 100, "rtt", "mean").low));
	published_done(&published);
}

static void test_none(void **state)
{
	static const char *const names[] = { NULL, "bridge", "../paper/bridge", "/etc/passwd", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct published published = shipped(names[i]);

		assert_int_equal(published_count(&published), 0);
		published_done(&published);
	}
}

/* Two batches whose p50 differ, in one cell of two. */
static json_t *measured(void)
{
	return json_pack("{s:[{s:o, s:[{s:s, s:s, s:s, s:[f,f], s:f, s:f, s:{s:[f,f], s:[f,f]}}]},"
			 "{s:o, s:[]}]}",
			 "cells", "factors", factors("nftables", 5000), "series", "name", "rtt",
			 "direction", "both", "unit", "ns", "batches", 13000.0, 15000.0, "p50", 1.0,
			 "p90", 25000.0, "percentiles_by_batch", "p01", 8000.0, 8000.0, "p50",
			 11000.0, 13000.0, "factors", factors("nftables", 100), "series");
}

static void test_rows(void **state)
{
	struct published published = shipped("kube-proxy");
	size_t blog = find_source(&published, "blog"), seed = find_source(&published, "seed");
	_json_ json_t *summary = measured();
	_free_ struct sweep_row *rows = NULL;
	size_t count = reproduce_sweep_rows(&published, summary, &rows);

	(void)state;
	assert_int_equal(count, 5); /* the blog's four, the seed's one */
	assert_string_equal(rows[0].stat, "p01");
	assert_string_equal(rows[0].figures[blog], "8.000 us [4.000, 12.00]");
	assert_string_equal(rows[0].figures[seed], "-");
	assert_string_equal(rows[0].measured, "8.000 us [8.000, 8.000]");
	/* Over batches where each has one, as claims are tested; else of all samples. */
	assert_int_equal(strncmp(rows[1].measured, "12.00 us [", 10), 0);
	assert_string_equal(rows[2].measured, "25.00 us");
	assert_string_equal(rows[3].measured, "-");
	/* What is expected is shown without a middle, and stands there unmeasured too. */
	assert_int_equal(rows[4].cell, 1);
	assert_string_equal(rows[4].series, "nat-prerouting");
	assert_string_equal(rows[4].figures[seed], "10.00 us to 15.00 us");
	assert_string_equal(rows[4].measured, "-");
	published_done(&published);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
