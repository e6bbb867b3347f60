// SPDX-License-Identifier: GPL-2.0-only
/* Which services there are, and what stands behind them. */
#include "topologies/proxy.h"

#include "topologies/topology.h"

#include <arpa/inet.h>
#include <string.h>

/* kube-proxy's usual service range, 10.96.0.0/12, less the addresses that clusters give to
 * themselves. */
#define FIRST_VIP 0x0a60000a
#define VIPS ((1u << 20) - 10)
#define SERVICE_PORT 80
#define ENDPOINT_PORT 8080
#define FIRST_NODE_PORT 30000

size_t proxy_count(const struct topology *topology)
{
	const struct topo_node *nodes = topology->nodes.items;
	size_t count = 0;

	for (size_t i = 0; i < topology->nodes.count; i++)
		count += nodes[i].features[FEATURE_proxy] != NULL;
	return count;
}

const struct proxy_params *proxy_find(const struct topology *topology, size_t *ret_node)
{
	const struct topo_node *nodes = topology->nodes.items;

	for (size_t i = 0; i < topology->nodes.count; i++) {
		if (!nodes[i].features[FEATURE_proxy])
			continue;
		if (ret_node)
			*ret_node = i;
		return nodes[i].features[FEATURE_proxy];
	}
	return NULL;
}

static void set_vip(struct address *address, uint64_t offset)
{
	uint32_t bytes = htonl(FIRST_VIP + (uint32_t)offset);

	*address = (struct address){ .family = AF_INET, .prefix_length = 32 };
	memcpy(address->bytes, &bytes, sizeof(bytes));
}

void proxy_service(const struct proxy_params *proxy, uint64_t place, struct address *ret_address,
		   uint16_t *ret_port)
{
	uint64_t services = proxy->services;

	if (proxy->mode == PROXY_NONE) {
		proxy_endpoint(proxy, place % (proxy->endpoints ? proxy->endpoints : 1),
			       ret_address, ret_port);
		return;
	}
	*ret_port = SERVICE_PORT;
	set_vip(ret_address,
		place < services ? place : services + (place - services) % (VIPS - services));
}

void proxy_endpoint(const struct proxy_params *proxy, uint64_t index, struct address *ret_address,
		    uint16_t *ret_port)
{
	const struct address *backends = proxy->backends.items;

	*ret_address = backends[index % proxy->backends.count];
	*ret_port = (uint16_t)(ENDPOINT_PORT + index / proxy->backends.count);
}

bool proxy_is_filler(const struct proxy_params *proxy, uint64_t place)
{
	return proxy->filler != PROXY_FILLER_FULL && place != 0 && place != proxy->services / 2 &&
	       place != proxy->services - 1;
}

uint64_t proxy_endpoint_count(const struct proxy_params *proxy, uint64_t place)
{
	return proxy->endpoints > 1 && proxy_is_filler(proxy, place) ? 1 : proxy->endpoints;
}

uint16_t proxy_node_port(uint64_t place)
{
	return (uint16_t)(FIRST_NODE_PORT + place);
}
