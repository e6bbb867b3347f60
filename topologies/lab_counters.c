// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/lab_counters.h"

#include "harness/cleanup.h"
#include "topologies/lab_internal.h"
#include "topologies/netns.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int lab_read_all_counters(const struct lab *lab, struct lab_device_counters **ret,
			  size_t *ret_count, struct err *err)
{
	_free_ struct lab_device_counters *all = calloc(lab->device_count + 1, sizeof(*all));

	if (!all)
		return err_errno(err, -ENOMEM, "counters of %zu devices", lab->device_count);
	for (size_t i = 0; i < lab->device_count; i++) {
		const struct lab_device *device = &lab->devices[i];
		int code =
			lab_read_counters(lab, device->node, device->name, &all[i].counters, err);

		if (code)
			return code;
		all[i].node = device->node;
		all[i].node_name = lab_topo_node(lab, device->node)->name;
		all[i].device = device->name;
		all[i].ifindex = device->ifindex;
	}
	*ret = steal_ptr(all);
	*ret_count = lab->device_count;
	return 0;
}

void lab_subtract_counters(struct lab_device_counters *after,
			   const struct lab_device_counters *before, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct lab_counters *now = &after[i].counters;
		const struct lab_counters *then = &before[i].counters;

		now->rx_packets -= then->rx_packets;
		now->tx_packets -= then->tx_packets;
		now->rx_bytes -= then->rx_bytes;
		now->tx_bytes -= then->tx_bytes;
		now->rx_dropped -= then->rx_dropped;
		now->tx_dropped -= then->tx_dropped;
	}
}

static void add_named(struct lab_udp_counters *ret, const char *name, uint64_t value)
{
	const struct {
		const char *name;
		uint64_t *count;
	} known[] = { { "InDatagrams", &ret->delivered },
		      { "NoPorts", &ret->no_port },
		      { "InErrors", &ret->errors },
		      { "RcvbufErrors", &ret->buffer_full },
		      { "InCsumErrors", &ret->bad_checksum } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			*known[i].count += value;
}

/* A line of names, then one of numbers. */
static void read_ipv4(FILE *file, struct lab_udp_counters *ret)
{
	char names[1024], values[1024];

	while (fgets(names, sizeof(names), file) && fgets(values, sizeof(values), file)) {
		char *name = names, *value = values, *name_rest, *value_rest;

		if (strncmp(names, "Udp:", 4))
			continue;
		name = strtok_r(name + 4, " \n", &name_rest);
		value = strtok_r(value + 4, " \n", &value_rest);
		while (name && value) {
			add_named(ret, name, strtoull(value, NULL, 10));
			name = strtok_r(NULL, " \n", &name_rest);
			value = strtok_r(NULL, " \n", &value_rest);
		}
	}
}

/* A name and its number a line. */
static void read_ipv6(FILE *file, struct lab_udp_counters *ret)
{
	char name[64];
	uint64_t value;

	while (fscanf(file, "%63s %" SCNu64, name, &value) == 2)
		if (!strncmp(name, "Udp6", 4))
			add_named(ret, name + 4, value);
}

int lab_read_udp_counters(const struct lab *lab, size_t node, struct lab_udp_counters *ret,
			  struct err *err)
{
	_netns_home_ int home = netns_current();
	_fclose_ FILE *ipv4 = NULL, *ipv6 = NULL;
	int code = home < 0 ? err_errno(err, home, "open the own network namespace")
			    : netns_enter(lab_node_fd(lab, node), err);

	if (code)
		return err_wrap(err, code, "node '%s'", lab_topo_node(lab, node)->name);
	*ret = (struct lab_udp_counters){};
	ipv4 = fopen("/proc/thread-self/net/snmp", "re");
	if (!ipv4)
		return err_errno(err, -errno, "/proc/thread-self/net/snmp");
	read_ipv4(ipv4, ret);
	/* Not there in a kernel without IPv6. */
	ipv6 = fopen("/proc/thread-self/net/snmp6", "re");
	if (ipv6)
		read_ipv6(ipv6, ret);
	return 0;
}
