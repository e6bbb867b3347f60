/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Where a one-way load ends if not at its own server's socket: an XDP program on the device at
 * which its packets arrive. It takes every packet with this run's stamp off the wire and passes
 * the rest on to the stack. `xdp_drop` only counts; `stamped` checks every packet as well: that its
 * lengths agree, its checksums over every byte, duplicates, order within its flow.
 *
 * Whoever opens a sink owns it; the kernel takes the program off when the process ends, however.
 * Reading is cheap and may be done while packets come: each count is exact, two counts may be
 * some packets apart. To take packets without a stack behind veth is also what makes a veth pair
 * use NAPI and its ring of 256 packets, which a sender that is too fast fills.
 *
 * In generic mode the program is called after GRO: TCP segments may have been merged, and count as
 * one packet with lengths that disagree. Turn GRO off on that device.
 */

#include "bpf/sink.h"
#include "harness/err.h"

#include <stdbool.h>
#include <stdint.h>

enum sink_kind { SINK_XDP_DROP, SINK_STAMPED };

struct sink_setup {
	enum sink_kind kind;
	bool of_pktgen; /* SINK_XDP_DROP only: takes what has pktgen's header, not what is stamped
			 */
	int netns_fd; /* of the node that receives; the calling thread returns from there */
	int ifindex; /* of its device */
	uint64_t magic; /* of the run's stamps */
	uint32_t first_sequence;
	uint32_t count; /* other sequences are `unexpected`; 0: any may come */
	uint32_t flows; /* at most SINK_MAX_FLOWS; 16 bytes of table for each, twice */
};
#define SINK_MAX_FLOWS 1000000u

struct sink;
int sink_open(struct sink **ret, const struct sink_setup *setup, struct err *err);
void sink_close(struct sink *sink); /* NULL is fine */
/* In the driver, or after the stack has made an skb of the packet (generic XDP): much slower. */
bool sink_is_native(const struct sink *sink);

void sink_read(const struct sink *sink, struct sink_counts *ret);
/* Forgets all. Only while no packets come: a count under way would be lost or come back. */
void sink_reset(struct sink *sink);

/* A look at every flow, of a `stamped` sink. Packets are those neither damaged nor duplicate. */
struct sink_flows {
	uint64_t seen;
	uint64_t fewest, most; /* packets of a flow; 0 if none was seen */
	uint64_t
		incomplete; /* flows with fewer packets than expected; unseen ones not among them */
};
void sink_read_flows(const struct sink *sink, uint64_t expected, struct sink_flows *ret);
