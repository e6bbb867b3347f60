/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A node that does what a Kubernetes node does for service addresses, with the rules that
 * kube-proxy writes (names, comments, order and masquerade marks as in
 * kubernetes/pkg/proxy/{iptables,nftables}/proxier.go). Everything here is pure: params come from
 * the topology file, the rules follow from them.
 *
 * Service i is "ns1/svc<i+1>:p80". Its rule is the i-th of the list that a packet walks, so that
 * positions are what they say: first 0, middle services / 2, last services - 1.
 */

#include "harness/field.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topology;

enum proxy_mode { PROXY_NONE, PROXY_IPTABLES_LEGACY, PROXY_IPTABLES_NFT, PROXY_NFTABLES };
extern const char *const proxy_mode_names[]; /* NULL-terminated */
/* By the first Kubernetes release that writes them so. */
enum proxy_shape { PROXY_SHAPE_1_31, PROXY_SHAPE_1_36, PROXY_SHAPE_1_37 };
enum proxy_protocol { PROXY_TCP, PROXY_UDP };
enum proxy_filler { PROXY_FILLER_FULL, PROXY_FILLER_CHEAP, PROXY_FILLER_SHARED };

struct proxy_params {
	int mode, shape, protocol, filler; /* the enums above */
	uint64_t services, endpoints; /* endpoints of each service; 0: packets are rejected */
	uint64_t affinity_s; /* 0: no session affinity */
	bool node_ports;
	struct address pod_cidr; /* what comes from elsewhere is masqueraded */
	struct list backends; /* struct address, IPv4: on which the endpoints lie in turn */
};

/* The first node that has the feature, its index to `ret_node` (may be NULL); NULL: none has. */
const struct proxy_params *proxy_find(const struct topology *topology, size_t *ret_node);

/* How many nodes have it. */
size_t proxy_count(const struct topology *topology);

/*
 * Where clients send for the service at that place of the list: an address of 10.96.0.0/12. Places
 * from `services` on are addresses that no service has, 48,000 different ones at least. In the mode
 * none, which translates nothing: an endpoint, so that the same traffic is routed.
 */
void proxy_service(const struct proxy_params *proxy, uint64_t place, struct address *ret_address,
		   uint16_t *ret_port);

/* Of each service; one of the cheap fillers has only the first. `index` < endpoints. */
void proxy_endpoint(const struct proxy_params *proxy, uint64_t index, struct address *ret_address,
		    uint16_t *ret_port);
/* One of the services that are only there to be passed by: see the field `filler`. */
bool proxy_is_filler(const struct proxy_params *proxy, uint64_t place);
uint64_t proxy_endpoint_count(const struct proxy_params *proxy, uint64_t place);
/* On the node's first address; node ports are asked for and place < services. */
uint16_t proxy_node_port(uint64_t place);
