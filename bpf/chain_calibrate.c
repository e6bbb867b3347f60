// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two things are known of the programs before a run: what a call costs its packet, as in
 * calibrate.h, and how much of that falls between the two times, which is what of the probe is in
 * every span. The latter is measured as a span with nothing in it: a bracket at a priority where
 * nobody else is, or the kernel's self-test function in place of the one that walks rules, which
 * adds two numbers.
 */
#include "bpf/calibrate.h"
#include "bpf/chain_probe.h"

#include "bpf/chain.skel.h"
#include "harness/cleanup.h"
#include "topologies/nft.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SPAN_ROUNDS 8
#define SPANS_EACH 1000

/*
 * A chain without rules, called for each packet that loopback sends. A bracket needs it too: where
 * a table is, packets go through netfilter's hooks without the probe as well.
 */
#define TABLE "table ip labrun_calibrate"
static const char with_table[] = "add " TABLE "\nadd chain ip labrun_calibrate output "
				 "{ type filter hook output priority 0; policy accept; }\n";
static const char without_table[] = "delete " TABLE "\n";

struct calibration_run {
	struct chain *chain;
	struct probe_block *spans;
	unsigned span_count;
	int condition;
};

static uint64_t count_calls(const struct chain *chain)
{
	struct chain_totals totals = chain_log_totals(chain);

	return totals.logged + totals.ring_drops;
}

/* The mean of the middle half: no interrupt moves it, and clocks that tick in tens do not round it.
 */
static uint64_t middle_ns(uint64_t *times_ns, size_t count)
{
	size_t from = count / 4, to = count - from;
	uint64_t sum_ns = 0;

	calibrate_median(times_ns, count);
	for (size_t i = from; i < to; i++)
		sum_ns += times_ns[i];
	return sum_ns / (to - from);
}

/* All spans of the log are of the same nothing. */
static void note_span(struct calibration_run *run)
{
	_free_ struct chain_call *calls = NULL;
	_free_ uint64_t *times_ns = NULL;
	size_t count = 0;

	calls = chain_log_read(run->chain, &count);
	times_ns = calloc(count + 1, sizeof(*times_ns));
	if (!calls || !times_ns)
		abort();
	for (size_t i = 0; i < count; i++)
		times_ns[i] = calls[i].span_ns;
	if (!count || run->span_count == SPAN_ROUNDS)
		return;
	run->spans[run->span_count] = (struct probe_block){
		.round = run->span_count,
		.condition = BLOCK_SPAN,
		.packets = count,
		.events = count,
		.packet_ns = middle_ns(times_ns, count),
	};
	run->span_count++;
}

static int attach(void *probe, int condition, struct err *err)
{
	static const enum chain_attach which[] = {
		[BLOCK_OFF] = CHAIN_DETACHED,
		[BLOCK_EMPTY] = CHAIN_EMPTY,
		[BLOCK_FULL] = CHAIN_FULL,
	};
	struct calibration_run *run = probe;
	bool is_bracket = run->chain->method == CHAIN_BRACKET;
	enum chain_table table = is_bracket ? CHAIN_NAT : CHAIN_FILTER;
	int code;

	code = chain_attach(run->chain, which[condition], 1u << CHAIN_ID(table, NF_INET_LOCAL_OUT),
			    err);
	chain_log_reset(run->chain);
	run->condition = condition;
	return code;
}

/* Nothing is within this bracket, so that what it logged are empty spans. */
static uint64_t count_events(void *probe)
{
	struct calibration_run *run = probe;

	if (run->chain->method == CHAIN_BRACKET && run->condition == BLOCK_FULL)
		note_span(run);
	return count_calls(run->chain);
}

/* The kernel calls its self-test for any program of that type, which need not be attached. */
static int call_nothing(struct calibration_run *run, struct err *err)
{
	int program = bpf_program__fd(run->chain->skeleton->progs.enter_nothing);

	chain_log_reset(run->chain);
	for (unsigned i = 0; i < SPANS_EACH; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, options);
		int code = bpf_prog_test_run_opts(program, &options);

		if (code)
			return err_errno(err, code, "call the kernel's self-test");
	}
	note_span(run);
	return 0;
}

static int measure_spans(struct calibration_run *run, struct err *err)
{
	int code = chain_attach(run->chain, CHAIN_NOTHING, 0, err);

	for (unsigned i = 0; i < SPAN_ROUNDS && !code; i++)
		code = call_nothing(run, err);
	return code;
}

/* The calling process' own namespace, which is the sandbox's. */
static int watch_here(struct chain *chain, struct err *err)
{
	struct stat status;

	if (stat("/proc/self/ns/net", &status))
		return err_errno(err, -errno, "/proc/self/ns/net");
	chain->skeleton->bss->watched_inode = (uint32_t)status.st_ino;
	return 0;
}

static int run_blocks(struct calibration_run *run, struct probe_block *blocks, size_t max,
		      struct err *err)
{
	const struct calibrate calibrate = {
		.name = "chain",
		.magic = run->chain->skeleton->rodata->stamp_magic,
		.packets = CALIBRATE_PACKETS,
		.attach = attach,
		.events = count_events,
		.probe = run,
	};
	bool is_bracket = run->chain->method == CHAIN_BRACKET;
	int count, code = nft_load(with_table, strlen(with_table), NULL, err);

	if (code)
		return code;
	count = calibrate_by_echo(&calibrate, blocks, max, err);
	if (count > 0 && !is_bracket)
		code = measure_spans(run, err);
	chain_detach(run->chain);
	if (!code && count >= 0)
		code = nft_load(without_table, strlen(without_table), NULL, err);
	return code ? code : count;
}

int chain_calibrate(struct probe *probe, struct probe_block *blocks, size_t max, struct err *err)
{
	struct chain *chain = (struct chain *)probe;
	struct calibration_run run = { .chain = chain, .spans = &blocks[CALIBRATE_BLOCKS] };
	int code;

	if (max < CALIBRATE_BLOCKS + SPAN_ROUNDS)
		return 0;
	code = watch_here(chain, err);
	if (!code)
		code = run_blocks(&run, blocks, max, err);
	return code < 0 ? err_wrap(err, code, "chain: calibrate") : code + (int)run.span_count;
}
