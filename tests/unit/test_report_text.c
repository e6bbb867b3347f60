// SPDX-License-Identifier: GPL-2.0-only
/* The text of a run, from summaries of made-up samples. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/report_text.h"
#include "harness/summary.h"

#include <string.h>

/* The caller frees. */
static char *report(const struct samples *samples, const char *const *errors, size_t cells)
{
	struct summary_cell list[4] = { 0 };
	_json_ json_t *summary = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < cells; i++)
		list[i].error = errors ? errors[i] : NULL;
	summary = summary_build(&(struct summary_input){ .experiment = "x",
							 .mode = "native",
							 .cells = list,
							 .cell_count = cells,
							 .samples = samples });
	report_text(summary, out);
	fclose(out);
	return text;
}

static void expect(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no \"%s\" in:\n%s", what, text);
}

static void expect_none(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("\"%s\" is in:\n%s", what, text);
}

static void add_rates(struct samples *samples, uint32_t batch, double sent, double delivered)
{
	samples_add(samples, 0, batch, 0, samples_series(samples, "sent", DIRECTION_BOTH, "pps"),
		    sent);
	samples_add(samples, 0, batch, 0,
		    samples_series(samples, "delivered", DIRECTION_BOTH, "pps"), delivered);
	samples_count(samples, 0, batch, "sent", sent);
	samples_count(samples, 0, batch, "received", delivered);
}

static void test_all_delivered(void **state)
{
	struct samples *samples = samples_new();
	_free_ char *text = NULL;

	(void)state;
	add_rates(samples, 0, 500, 500);
	text = report(samples, NULL, 1);
	expect(text, "x (native)\n");
	expect(text, "\n  sent = delivered both     500 pps");
	expect_none(text, "\n  sent  ");
	expect_none(text, "\n  delivered  ");
	expect(text, "500 sent, 500 received, nothing lost\n");
	samples_free(samples);
}

/* Drops by name, over all batches, where each has its own. */
static void test_drops(void **state)
{
	struct samples *samples = samples_new();
	_free_ char *text = NULL;

	(void)state;
	add_rates(samples, 0, 500, 500);
	add_rates(samples, 1, 500, 497);
	samples_count(samples, 0, 0, "drop.router.vm.netfilter_drop", 1);
	samples_count(samples, 0, 1, "drop.router.vm.netfilter_drop", 2);
	samples_count(samples, 0, 1, "drop.b.eth0.7.veth_ring", 1);
	samples_count(samples, 0, 1, "drop.b.eth1.never", 0);
	text = report(samples, NULL, 1);
	expect(text, "\n  sent             both");
	expect(text, "\n  delivered        both");
	expect(text, "1000 sent, 997 received, 3 lost\n"
		     "    3 dropped at router:vm: netfilter_drop\n"
		     "    1 dropped at b:eth0.7: veth_ring\n");
	expect_none(text, "never");
	expect_none(text, "nothing lost");
	samples_free(samples);
}

static void add_search(struct samples *samples, uint32_t batch, bool by_load, bool by_end)
{
	samples_add(samples, 0, batch, 0,
		    samples_series(samples, "throughput", DIRECTION_BOTH, "pps"), 1000);
	samples_count(samples, 0, batch, "sent", 50);
	samples_count(samples, 0, batch, "received", 50);
	samples_count(samples, 0, batch, "limited_by_load", by_load);
	samples_count(samples, 0, batch, "limited_by_search", by_end);
}

static void test_search(void **state)
{
	struct samples *mixed = samples_new(), *load = samples_new();
	_free_ char *text = NULL, *all = NULL;

	(void)state;
	add_search(mixed, 0, true, false);
	add_search(mixed, 1, false, true);
	add_search(mixed, 2, false, false);
	text = report(mixed, NULL, 1);
	expect(text, "  at the rates found: 150 sent, 150 received, nothing lost\n");
	expect(text, "  faster, in 1 of 3 batches: the sender cannot keep that pace");
	expect(text, "  faster, in 1 of 3 batches: not tried");
	expect(text, "  faster, in 1 of 3 batches: packets are lost\n");
	add_search(load, 0, true, false);
	all = report(load, NULL, 1);
	expect(all, "  faster: the sender cannot keep that pace");
	expect_none(all, "not tried");
	expect_none(all, "packets are lost");
	samples_free(mixed);
	samples_free(load);
}

/* Why it is not valid: two kinds that call for different cures. */
static void test_fault(void **state)
{
	static const char *const errors[] = { NULL, "no pktgen", NULL };
	struct samples *samples = samples_new();
	_free_ char *failed = NULL, *lost = NULL, *both = NULL, *empty = NULL;

	(void)state;
	empty = report(samples, NULL, 1);
	expect(empty, "x (native): NOT VALID: it has cells without figures\n");
	add_rates(samples, 0, 5, 5);
	failed = report(samples, errors, 2);
	expect(failed, "x (native): NOT VALID: 1 of 2 cells failed\n");
	samples_count(samples, 0, 0, "ring_drops", 2);
	lost = report(samples, NULL, 1);
	expect(lost, "x (native): NOT VALID: it lost more than it may\n");
	expect(lost, "5 sent, 5 received, ring_drops 2\n");
	both = report(samples, errors, 3);
	expect(both, "x (native): NOT VALID: 1 of 3 cells failed, others have losses\n");
	samples_free(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_delivered),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
