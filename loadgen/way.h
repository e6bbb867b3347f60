/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * How a frame made by hand leaves a node: what the kernel would have looked up for a socket's
 * packet, asked beforehand. And whether a device takes frames that XDP redirects into it, which no
 * one is told when it does not.
 */

#include "harness/err.h"
#include "harness/field.h"

struct lab;
struct topology;
struct topo_end;

struct way {
	int ifindex;
	char device[16], kind[16];
	uint32_t mtu;
	unsigned char source_mac[6], next_mac[6];
	struct address source; /* with its subnet's prefix length */
	struct address via; /* the next hop: a router, or the destination itself */
};

/* In the namespace that is sent from. `source` of AF_UNSPEC: the kernel's choice. */
int way_find(struct way *ret, const struct address *source, const struct address *destination,
	     struct err *err);

/* A driver drops what it cannot take without a word; this finds out first, and says what to set. */
struct way_load {
	const char *from; /* node */
	uint64_t frame_bytes; /* without FCS */
	const int *cpus; /* that send */
	size_t cpu_count;
	bool redirected; /* by XDP; else they are skbs, which every driver takes */
};
int way_check(const struct way *way, const struct lab *lab, const struct way_load *load,
	      struct err *err);
/* The first of that, for frames that are redirected, as far as the file shows it: before anything
 * is built. `sink` has the XDP program that takes them, its device NULL if there is none. */
int way_check_declared(const struct topology *topology, size_t node,
		       const struct address *destination, const struct topo_end *sink,
		       struct err *err);
