// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/topology_resolve.h"
#include "topologies/uplink.h"

/* QEMU's hub hands whole frames on: of all offloads GRO alone is not the device's. */
static void check_offloads(struct resolver *r, const struct topo_offloads *offloads,
			   const struct jpath *at)
{
	const struct {
		const char *name;
		int value;
	} refused[] = {
		{ "gso", offloads->gso },
		{ "tso", offloads->tso },
		{ "sg", offloads->sg },
		{ "tx_checksum", offloads->tx_checksum },
		{ "rx_checksum", offloads->rx_checksum },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (refused[i].value != OFFLOAD_KEEP)
			diag_add(r->diag, AT(at, refused[i].name), DIAG_VALUE,
				 "a virtio uplink has no such offload, only \"gro\"");
}

static void check_queues(struct resolver *r, const char *name, uint64_t count,
			 const struct jpath *at)
{
	if (count > 1)
		diag_add(r->diag, AT(at, name), DIAG_VALUE,
			 "a virtio uplink has one queue, not %llu", (unsigned long long)count);
}

static void check_port(struct resolver *r, const struct topo_port *port, const struct jpath *at)
{
	if (port->mtu > UPLINK_MTU)
		diag_add(r->diag, AT(at, "mtu"), DIAG_VALUE,
			 "%llu is too large for a virtio uplink: at most %d",
			 (unsigned long long)port->mtu, UPLINK_MTU);
	check_queues(r, "tx_queues", port->tx_queues, at);
	check_queues(r, "rx_queues", port->rx_queues, at);
	check_offloads(r, &port->offloads, AT(at, "offloads"));
}

void resolve_uplink(struct resolver *r)
{
	const struct declared_link *links = r->declared->links.items;
	size_t marked = 0;

	r->topology->virtio = r->declared->uplink == UPLINK_VIRTIO;
	for (size_t i = 0; i < r->declared->links.count; i++) {
		const struct jpath *at = AT_INDEX(AT(NULL, "links"), i);

		if (!links[i].uplink)
			continue;
		if (marked++)
			diag_add(r->diag, AT(at, "uplink"), DIAG_VALUE,
				 "an earlier link is the uplink already, and there is one");
		if (r->topology->virtio)
			check_port(r, &links[i].port, at);
	}
	if (r->topology->virtio && !marked)
		diag_add(r->diag, AT(NULL, "uplink"), DIAG_VALUE,
			 "no link has \"uplink\": true, so that there is none to be of virtio");
}
