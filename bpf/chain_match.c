// SPDX-License-Identifier: GPL-2.0-only
/*
 * From calls to samples: for each packet the sum of its calls of each chain, and how many they
 * were. Through brackets every packet goes; no rules of nat are walked for a connection that is
 * known already, so there a packet without a call is none that was lost. Anywhere else it is.
 */
#include "bpf/chain_probe.h"

#include "bpf/chain.skel.h"
#include "bpf/program.h"
#include "harness/cleanup.h"
#include "loadgen/stamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chain_log_reset(struct chain *chain)
{
	memset(chain->skeleton->bss->cpus, 0, chain->cpu_count * sizeof(struct chain_cpu));
}

static size_t logged_on(const struct chain *chain, size_t cpu)
{
	return program_logged(chain->skeleton->bss->cpus[cpu].next, chain->calls_per_cpu);
}

struct chain_totals chain_log_totals(const struct chain *chain)
{
	struct chain_totals totals = {};

	for (size_t i = 0; i < chain->cpu_count; i++) {
		const struct chain_cpu *cpu = &chain->skeleton->bss->cpus[i];

		totals.logged += logged_on(chain, i);
		totals.ring_drops += cpu->next - logged_on(chain, i);
		totals.opened += cpu->opened;
		totals.unstamped += cpu->unstamped;
		totals.unreadable += cpu->unreadable;
		totals.nested_too_deep += cpu->nested_too_deep;
	}
	return totals;
}

static int by_chain_and_packet(const void *left, const void *right)
{
	const struct chain_call *a = left, *b = right;

	if (a->chain != b->chain)
		return a->chain < b->chain ? -1 : 1;
	if (a->direction != b->direction)
		return a->direction < b->direction ? -1 : 1;
	return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

struct chain_call *chain_log_read(const struct chain *chain, size_t *ret_count)
{
	size_t total = chain_log_totals(chain).logged, count = 0;
	struct chain_call *calls = calloc(total + 1, sizeof(*calls));

	if (!calls)
		return NULL;
	for (size_t cpu = 0; cpu < chain->cpu_count; cpu++) {
		size_t logged = logged_on(chain, cpu);

		if (logged > total - count)
			logged = total - count;
		memcpy(&calls[count], &chain->calls[cpu * chain->calls_per_cpu],
		       logged * sizeof(*calls));
		count += logged;
	}
	qsort(calls, count, sizeof(*calls), by_chain_and_packet);
	*ret_count = count;
	return calls;
}

static size_t place_of(uint8_t id)
{
	size_t i = 0;

	while (chain_names[i] && chain_places[i].id != id)
		i++;
	return i;
}

/* The calls of one chain in one direction. */
struct match {
	const struct probe_job *job;
	struct samples *samples;
	const char *name;
	enum direction direction;
	size_t calls_each; /* of a whole packet; 0: as many as there are tables, or none */
	uint64_t packets, calls; /* of those that are whole */
};

static void count(const struct match *match, const char *name, double value)
{
	samples_count(match->samples, match->job->cell, match->job->batch, name, value);
}

/* Adds the packet that the first of these calls is of; how many they are. */
static size_t add_packet(struct match *match, uint32_t series, const struct chain_call *calls,
			 size_t left)
{
	double sum_ns = 0;
	size_t length = 0;

	while (length < left && calls[length].sequence == calls->sequence)
		sum_ns += (double)calls[length++].span_ns;
	if (match->calls_each && length != match->calls_each)
		return length;
	match->packets++;
	match->calls += length;
	samples_add(match->samples, match->job->cell, match->job->batch, calls->sequence, series,
		    sum_ns);
	return length;
}

static void match_run(struct match *match, bool every_packet, const struct chain_call *calls,
		      size_t call_count)
{
	uint32_t series = samples_series(match->samples, match->name, match->direction, "ns");
	char name[64];

	for (size_t i = 0; i < call_count;)
		i += add_packet(match, series, &calls[i], call_count - i);
	snprintf(name, sizeof(name), "calls.%s.%s", match->name, direction_names[match->direction]);
	count(match, name, (double)match->calls);
	if (every_packet)
		count(match, "incomplete", (double)match->job->packets - (double)match->packets);
}

static void match_chain(const struct chain *chain, const struct probe_job *job,
			struct samples *samples, const struct chain_call *calls, size_t call_count)
{
	size_t place = place_of(calls->chain);
	bool is_bracket = chain->method == CHAIN_BRACKET;
	struct match match = {
		.job = job,
		.samples = samples,
		.name = chain_names[place],
		.direction = calls->direction == STAMP_REPLY ? DIRECTION_REPLY : DIRECTION_REQUEST,
	};

	for (size_t i = 0; i < 2 && is_bracket; i++)
		match.calls_each +=
			chain_places[place].ranges[i].before != chain_places[place].ranges[i].after;
	match_run(&match, is_bracket || calls->chain / CHAIN_HOOK_COUNT != CHAIN_NAT, calls,
		  call_count);
}

/* How many are of the same chain and direction as the first. */
static size_t run_length(const struct chain_call *calls, size_t left)
{
	size_t length = 1;

	while (length < left && calls[length].chain == calls->chain &&
	       calls[length].direction == calls->direction)
		length++;
	return length;
}

int chain_match(struct chain *chain, const struct probe_job *job, struct samples *samples,
		struct err *err)
{
	_free_ struct chain_call *calls = NULL;
	size_t total, length;
	char name[64];

	calls = chain_log_read(chain, &total);
	if (!calls)
		return err_set(err, -ENOMEM, "chain: out of memory");
	for (size_t i = 0; i < total; i += length) {
		length = run_length(&calls[i], total - i);
		match_chain(chain, job, samples, &calls[i], length);
	}
	snprintf(name, sizeof(name), "method.%s", chain_method_names[chain->method]);
	samples_count(samples, job->cell, job->batch, name, 1);
	return 0;
}
