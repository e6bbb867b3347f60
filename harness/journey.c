// SPDX-License-Identifier: GPL-2.0-only
#include "harness/journey.h"

#include "bpf/hops_log.h"
#include "harness/cleanup.h"
#include "harness/json_read.h"
#include "loadgen/stamp.h"
#include "topologies/lab.h"

#include <arpa/inet.h>

#define UDP_HEADER_BYTES 8

static const char *find_device(const struct lab *lab, size_t node, uint32_t ifindex)
{
	const struct topology *topology = lab_topology(lab);
	const struct topo_node *nodes = topology->nodes.items;
	const struct topo_device *devices = nodes[node].devices.items;
	const struct topo_link *links = topology->links.items;

	for (size_t i = 0; i < nodes[node].devices.count; i++)
		if (lab_ifindex(lab, node, devices[i].name) == (int)ifindex)
			return devices[i].name;
	for (size_t i = 0; i < topology->links.count; i++)
		for (size_t j = 0; j < 2; j++)
			if (links[i].ends[j].node == node &&
			    lab_ifindex(lab, node, links[i].ends[j].device) == (int)ifindex)
				return links[i].ends[j].device;
	return "?";
}

struct journey_place journey_find_place(const struct lab *lab, const struct hop_event *event)
{
	const struct topo_node *nodes = lab_topology(lab)->nodes.items;

	for (size_t i = 0; i < lab_topology(lab)->nodes.count; i++)
		if (lab_node_inode(lab, i) == event->netns_inode)
			return (struct journey_place){ nodes[i].name,
						       find_device(lab, i, event->ifindex) };
	return (struct journey_place){ "?", "?" };
}

static bool is_ipv6(const struct hop_addresses *addresses)
{
	return addresses->header[0] >> 4 == 6;
}

/* More between the network header and the end than the load's own packet: it is inside another. */
static bool is_tunnelled(const struct hop_addresses *addresses)
{
	uint32_t header_bytes = is_ipv6(addresses) ? 40 : (addresses->header[0] & 15) * 4u;

	return addresses->length_bytes > header_bytes + UDP_HEADER_BYTES + addresses->payload_bytes;
}

static json_t *address_text(const struct hop_addresses *addresses, bool source)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *bytes = addresses->header;

	if (is_ipv6(addresses))
		inet_ntop(AF_INET6, bytes + (source ? 8 : 24), text, sizeof(text));
	else
		inet_ntop(AF_INET, bytes + (source ? 12 : 16), text, sizeof(text));
	return json_string(text);
}

/* net_dev_xmit comes too late to read the packet: it was what it was at net_dev_start_xmit. */
static const struct hop_addresses *find_addresses(const struct hop_record *records, size_t index)
{
	const struct hop_event *event = &records[index].event;

	for (size_t i = index + 1; i-- > 0;)
		if (records[i].addresses && records[i].event.netns_inode == event->netns_inode &&
		    records[i].event.ifindex == event->ifindex &&
		    records[i].event.direction == event->direction)
			return records[i].addresses;
	return NULL;
}

static const char *direction_text(const struct hop_event *event)
{
	return direction_names[event->direction == STAMP_REPLY ? DIRECTION_REPLY
							       : DIRECTION_REQUEST];
}

static const char *hop_type(const struct hop_record *records, size_t index)
{
	const struct hop_addresses *addresses = find_addresses(records, index);

	if (addresses && is_tunnelled(addresses))
		return "tunnel";
	return direction_text(&records[index].event);
}

static json_t *read_hop(const struct hop_record *records, size_t index, const struct lab *lab)
{
	const struct hop_record *record = &records[index];
	uint64_t before_ns = index ? records[index - 1].event.time_ns : 0;
	struct journey_place place = journey_find_place(lab, &record->event);
	const struct hop_addresses *addresses = record->addresses;

	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:I, s:I, s:o}", "netns",
			 (json_int_t)record->event.netns_inode, "node", place.node, "interface",
			 place.device, "direction", direction_text(&record->event), "type",
			 hop_type(records, index), "source",
			 addresses ? address_text(addresses, true) : json_null(), "destination",
			 addresses ? address_text(addresses, false) : json_null(), "function",
			 hop_function_names[record->event.function], "role",
			 topo_role_names[hop_function_roles[record->event.function]], "cpu",
			 (json_int_t)record->cpu, "time_ns", (json_int_t)record->event.time_ns,
			 "delta_ns",
			 before_ns ? json_integer((json_int_t)(record->event.time_ns - before_ns))
				   : json_null());
}

json_t *journey_read(struct probe *probe, const struct lab *lab)
{
	_free_ struct hop_record *records = NULL;
	json_t *journey = json_array();
	size_t count = 0;

	records = hops_trace_read(probe, &count);
	for (size_t i = 0; records && i < count; i++)
		json_array_append_new(journey, read_hop(records, i, lab));
	return journey;
}

void journey_print(const json_t *journey, FILE *out)
{
	const json_t *hop;
	size_t i;

	fprintf(out, "%-12s %-10s %-10s %-8s %-32s %-22s %18s %10s\n", "NETWORK NS", "NODE",
		"INTERFACE", "TYPE", "ADDRESSES", "FUNCTION", "TIMESTAMP ns", "DELTA ns");
	json_array_foreach ((json_t *)journey, i, hop) {
		const json_t *delta = json_object_get(hop, "delta_ns");
		char addresses[2 * INET6_ADDRSTRLEN + 8] = "";

		if (*json_read_text(hop, "source"))
			snprintf(addresses, sizeof(addresses), "%s -> %s",
				 json_read_text(hop, "source"), json_read_text(hop, "destination"));
		fprintf(out, "[%10lld] %-10s %-10s %-8s %-32s %-22s %18lld ",
			json_integer_value(json_object_get(hop, "netns")),
			json_read_text(hop, "node"), json_read_text(hop, "interface"),
			json_read_text(hop, "type"), addresses, json_read_text(hop, "function"),
			json_integer_value(json_object_get(hop, "time_ns")));
		if (json_is_integer(delta))
			fprintf(out, "%10lld\n", json_integer_value(delta));
		else
			fprintf(out, "%10s\n", "");
	}
}
