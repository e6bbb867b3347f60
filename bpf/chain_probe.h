/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The user side of the chain probe, in parts: chain.c opens, starts and closes it,
 * chain_attach.c knows the ways to attach, chain_match.c turns its log into samples,
 * chain_calibrate.c measures what it costs.
 */

#include "bpf/chain.h"
#include "bpf/probe.h"

#include <bpf/libbpf.h>

struct chain_bpf;

/* Best first: what CHAIN_AUTO tries in that order. */
enum chain_method { CHAIN_AUTO, CHAIN_FENTRY, CHAIN_KPROBE, CHAIN_BRACKET, CHAIN_METHOD_COUNT };
extern const char *const chain_method_names[]; /* NULL-terminated */

enum chain_attach { CHAIN_DETACHED, CHAIN_EMPTY, CHAIN_FULL, CHAIN_NOTHING };

/* Functions: two programs each. Brackets: two hooks for each range, for IPv4 and IPv6. */
#define CHAIN_MAX_LINKS 4
#define CHAIN_MAX_HOOKS (CHAIN_COUNT * 8)

struct chain {
	struct probe probe;
	struct chain_bpf *skeleton;
	enum chain_method method; /* the one in use, never CHAIN_AUTO */
	const char *node; /* by its name; NULL: the one that has rules */
	uint32_t wanted; /* a bit for each CHAIN_ID() */
	bool has_ipt, has_nft; /* functions that this kernel has */
	enum chain_attach attached;
	struct bpf_link *links[CHAIN_MAX_LINKS];
	size_t link_count;
	int hooks[CHAIN_MAX_HOOKS]; /* descriptors of netfilter links */
	size_t hook_count;
	const struct chain_call *calls; /* mapped; calls_per_cpu for each CPU */
	size_t cpu_count, calls_per_cpu;
	uint64_t missed_before; /* recursion misses when the job started */
};

/* Where a chain is, and between which priorities its bracket stands. */
struct chain_place {
	uint8_t id; /* CHAIN_ID() */
	struct {
		int before, after; /* both 0: no such range */
	} ranges[2];
};
/* A row for each name that the field `chains` may have, in the same order. */
extern const struct chain_place chain_places[];
extern const char *const chain_names[]; /* NULL-terminated */
uint32_t chain_place_bit(size_t place);

/* Which programs are loaded at all; before the skeleton is. */
void chain_select_programs(struct chain *chain);
/* Attaches, of a bracket in the calling thread's network namespace; detaches what was. */
int chain_attach(struct chain *chain, enum chain_attach which, uint32_t wanted, struct err *err);
void chain_detach(struct chain *chain);
uint64_t chain_missed(const struct chain *chain);

struct chain_totals {
	uint64_t logged, ring_drops, opened, unstamped, unreadable, nested_too_deep;
};
struct chain_totals chain_log_totals(const struct chain *chain);
void chain_log_reset(struct chain *chain);
/* All calls, sorted by chain, direction and packet; the caller frees. */
struct chain_call *chain_log_read(const struct chain *chain, size_t *ret_count);

int chain_match(struct chain *chain, const struct probe_job *job, struct samples *samples,
		struct err *err);
int chain_calibrate(struct probe *probe, struct probe_block *blocks, size_t max, struct err *err);
