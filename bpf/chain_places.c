// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/chain_probe.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

/* kube-proxy's filter chains in nftables are before NAT. */
#define PRIORITY_FILTER_EARLY (NF_IP_PRI_NAT_DST - 10)

#define AROUND(priority)                                                                           \
	{                                                                                          \
		(priority) - 1, (priority) + 1                                                     \
	}

#define PLACES(X)                                                                                  \
	X("nat-prerouting", NAT, PRE_ROUTING, AROUND(NF_IP_PRI_NAT_DST))                           \
	X("nat-input", NAT, LOCAL_IN, AROUND(NF_IP_PRI_NAT_SRC))                                   \
	X("nat-output", NAT, LOCAL_OUT, AROUND(NF_IP_PRI_NAT_DST))                                 \
	X("nat-postrouting", NAT, POST_ROUTING, AROUND(NF_IP_PRI_NAT_SRC))                         \
	X("filter-prerouting", FILTER, PRE_ROUTING, AROUND(PRIORITY_FILTER_EARLY),                 \
	  AROUND(NF_IP_PRI_FILTER))                                                                \
	X("filter-input", FILTER, LOCAL_IN, AROUND(PRIORITY_FILTER_EARLY),                         \
	  AROUND(NF_IP_PRI_FILTER))                                                                \
	X("filter-forward", FILTER, FORWARD, AROUND(PRIORITY_FILTER_EARLY),                        \
	  AROUND(NF_IP_PRI_FILTER))                                                                \
	X("filter-output", FILTER, LOCAL_OUT, AROUND(PRIORITY_FILTER_EARLY),                       \
	  AROUND(NF_IP_PRI_FILTER))                                                                \
	X("filter-postrouting", FILTER, POST_ROUTING, AROUND(NF_IP_PRI_FILTER))                    \
	X("mangle-prerouting", MANGLE, PRE_ROUTING, AROUND(NF_IP_PRI_MANGLE))                      \
	X("mangle-input", MANGLE, LOCAL_IN, AROUND(NF_IP_PRI_MANGLE))                              \
	X("mangle-forward", MANGLE, FORWARD, AROUND(NF_IP_PRI_MANGLE))                             \
	X("mangle-output", MANGLE, LOCAL_OUT, AROUND(NF_IP_PRI_MANGLE))                            \
	X("mangle-postrouting", MANGLE, POST_ROUTING, AROUND(NF_IP_PRI_MANGLE))                    \
	X("raw-prerouting", RAW, PRE_ROUTING, AROUND(NF_IP_PRI_RAW))                               \
	X("raw-output", RAW, LOCAL_OUT, AROUND(NF_IP_PRI_RAW))

#define NAME(name, ...) name,
const char *const chain_names[] = { PLACES(NAME) NULL };

#define PLACE(name, table, hook, ...) { CHAIN_ID(CHAIN_##table, NF_INET_##hook), { __VA_ARGS__ } },
const struct chain_place chain_places[] = { PLACES(PLACE) };

uint32_t chain_place_bit(size_t place)
{
	return 1u << chain_places[place].id;
}
