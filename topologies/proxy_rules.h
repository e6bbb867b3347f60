/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Between the proxy*.c files and their tests only: the rules as text, for iptables-restore and for
 * nft. Pure. All comments that kube-proxy writes are kept at any size (from 1000 endpoints on it
 * leaves out those of endpoints in iptables), so that cells of a sweep differ by size alone.
 */

#include "harness/err.h"
#include "topologies/proxy.h"

#include <stdio.h>

#define PROXY_ADDRESS_BYTES 16 /* "198.18.0.1" */
#define PROXY_NAME_BYTES 100
#define PROXY_HASH_MAX 16

struct proxy_rules {
	const struct proxy_params *params;
	char node_address[PROXY_ADDRESS_BYTES]; /* of node ports; "": none */
};

/* All that a full sync writes, for a namespace without rules. */
void proxy_write_iptables(FILE *out, const struct proxy_rules *rules);
void proxy_write_nftables(FILE *out, const struct proxy_rules *rules);

/* What a partial sync writes to add the last service to the others, which are loaded. */
void proxy_write_iptables_last(FILE *out, const struct proxy_rules *rules);
void proxy_write_nftables_last(FILE *out, const struct proxy_rules *rules);

/* What takes all away at once; by iptables-restore without --noflush. */
void proxy_write_iptables_none(FILE *out, const struct proxy_rules *rules);
void proxy_write_nftables_none(FILE *out, const struct proxy_rules *rules);

/* The first `characters` of base32(sha256(text)): kube-proxy's names of chains. */
void proxy_hash(const char *text, char ret[PROXY_HASH_MAX + 1], size_t characters);

struct proxy_service_text {
	const char *protocol;
	char name[40]; /* "ns1/svc1:p80" */
	char address[PROXY_ADDRESS_BYTES];
	unsigned port, node_port; /* 0: none */
	uint64_t endpoints;
	bool filler;
	/* Its chains are those of all fillers, and are written with the first of them. */
	bool shared, first_shared;
};
void proxy_service_text(const struct proxy_params *proxy, uint64_t place,
			struct proxy_service_text *ret);

struct proxy_endpoint_text {
	char address[PROXY_ADDRESS_BYTES];
	unsigned port;
};
void proxy_endpoint_text(const struct proxy_params *proxy, uint64_t index,
			 struct proxy_endpoint_text *ret);
