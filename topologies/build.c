// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"

#include "topologies/lab_internal.h"

#include <errno.h>
#include <string.h>

static struct lab_device *find(const struct build_node *node, const char *name)
{
	return lab_find_device(node->lab, node->index, name);
}

int build_device(const struct build_node *node, const char *name, struct rtnl_device *ret,
		 struct err *err)
{
	const struct lab_device *device = find(node, name);

	if (!device)
		return err_set(err, -ENODEV, "no device '%s'", name);
	*ret = (struct rtnl_device){ .name = name, .ifindex = device->ifindex };
	return 0;
}

int build_link(const struct build_node *node, const char *kind, const char *name, const char *link,
	       struct rtnl_link *ret, struct err *err)
{
	const struct lab_device *device = find(node, name);
	struct rtnl_device below = { .ifindex = 0 };

	if (!device || (link && build_device(node, link, &below, err) < 0))
		return err_set(err, -ENODEV, "add %s '%s': no device '%s'", kind, name,
			       device ? link : name);
	*ret = (struct rtnl_link){
		.name = name,
		.kind = kind,
		.ifindex = device->ifindex,
		.link = below.ifindex,
		.netns_fd = -1,
		.mtu = device->port->mtu,
		.tx_queues = device->port->tx_queues,
		.rx_queues = device->port->rx_queues,
	};
	memcpy(ret->mac, device->mac, MAC_BYTES);
	return 0;
}

void build_share_mac(const struct build_node *node, const char *name, const char *link)
{
	struct lab_device *device = find(node, name);
	const struct lab_device *below = find(node, link);

	if (device && below && device != below)
		memcpy(device->mac, below->mac, MAC_BYTES);
}

void build_port(const struct build_node *node, const char *bridge, const char *port)
{
	struct lab *lab = node->lab;
	struct lab_port *entry = arena_alloc(lab->arena, sizeof(*entry));

	*entry = (struct lab_port){ .next = lab->ports, .bridge = bridge, .port = port };
	lab->ports = entry;
}

void build_fdb(const struct build_node *node, const char *device, const struct build_fdb *entry)
{
	struct lab *lab = node->lab;
	struct lab_fdb *fdb = arena_alloc(lab->arena, sizeof(*fdb));

	*fdb = (struct lab_fdb){ .node = node->index, .device = device, .entry = *entry };
	*lab->fdb_end = fdb;
	lab->fdb_end = &fdb->next;
}

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = digit ? strchr(digits, digit) : NULL;

	if (!at)
		return -1;
	return (int)(at - digits) - (at - digits > 15 ? 6 : 0);
}

bool build_parse_mac(const char *text, uint8_t ret[MAC_BYTES])
{
	for (size_t i = 0; i < MAC_BYTES; i++, text += 3) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i + 1 < MAC_BYTES ? ':' : '\0'))
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
