// SPDX-License-Identifier: GPL-2.0-only
/*
 * An account kept by somebody else: the devices count their packets too, and what they counted
 * during a batch must be what was traced there. `foreign` and `unaccounted` come from here.
 */
#include "bpf/hops_log.h"

#include "bpf/hops.skel.h"

#include "harness/cleanup.h"
#include "topologies/lab.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct hops_device_count {
	uint32_t netns_inode, ifindex;
	size_t node;
	const char *device;
	struct lab_counters before;
	uint64_t traced_tx, traced_rx;
};

static bool is_listed(const struct hops *hops, const struct topo_place *place)
{
	for (size_t i = 0; i < hops->device_count_count; i++)
		if (hops->device_counts[i].node == place->node &&
		    !strcmp(hops->device_counts[i].device, place->device))
			return true;
	return false;
}

static int note_device(struct hops *hops, const struct lab *lab, const struct topo_place *place,
		       struct err *err)
{
	struct hops_device_count *count = &hops->device_counts[hops->device_count_count];
	int map = bpf_map__fd(hops->skeleton->maps.others);
	const struct hop_others none = {};
	uint64_t key;

	if (is_listed(hops, place))
		return 0;
	hops->device_count_count++;
	*count = (struct hops_device_count){
		.netns_inode = lab_node_inode(lab, place->node),
		.ifindex = (uint32_t)lab_ifindex(lab, place->node, place->device),
		.node = place->node,
		.device = place->device,
	};
	key = HOP_DEVICE_KEY(count->netns_inode, count->ifindex);
	if (bpf_map_update_elem(map, &key, &none, BPF_ANY))
		return err_errno(err, -errno, "hops: count other packets");
	return lab_read_counters(lab, place->node, place->device, &count->before, err);
}

static void forget_devices(struct hops *hops)
{
	for (size_t i = 0; i < hops->device_count_count; i++) {
		uint64_t key = HOP_DEVICE_KEY(hops->device_counts[i].netns_inode,
					      hops->device_counts[i].ifindex);

		bpf_map_delete_elem(bpf_map__fd(hops->skeleton->maps.others), &key);
	}
	free(hops->device_counts);
	hops->device_count_count = 0;
}

int hops_count_devices(struct hops *hops, const struct lab *lab, struct err *err)
{
	const struct list *path = &lab_topology(lab)->path;
	const struct topo_point *points = path->items;
	size_t places = 0;
	int code = 0;

	for (size_t i = 0; i < path->count; i++)
		places += points[i].place_count;
	forget_devices(hops);
	hops->device_counts = calloc(places + 1, sizeof(*hops->device_counts));
	if (!hops->device_counts)
		return err_set(err, -ENOMEM, "hops: out of memory");
	for (size_t i = 0; i < path->count && !code; i++)
		for (size_t j = 0; j < points[i].place_count && !code; j++)
			code = note_device(hops, lab, &points[i].places[j], err);
	return code;
}

static void tally(struct hops *hops, const struct hop_event *event)
{
	for (size_t i = 0; i < hops->device_count_count; i++) {
		struct hops_device_count *count = &hops->device_counts[i];

		if (count->netns_inode != event->netns_inode || count->ifindex != event->ifindex)
			continue;
		if (event->function == HOP_NET_DEV_START_XMIT)
			count->traced_tx++;
		if (event->function == HOP_NETIF_RX ||
		    event->function == HOP_NAPI_GRO_RECEIVE_ENTRY)
			count->traced_rx++;
	}
}

static bool is_foreign(const struct lab *lab, const struct hop_event *event)
{
	for (size_t i = 0; i < lab_topology(lab)->nodes.count; i++)
		if (lab_node_inode(lab, i) == event->netns_inode)
			return false;
	return true;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What the device counted against what the programs saw there, ours and others; only what a
 * program is attached to can be compared. */
static uint64_t difference(const struct hops *hops, const struct hops_device_count *count,
			   const struct lab_counters *now, const struct hop_others *others)
{
	const unsigned received = 1u << HOP_NETIF_RX | 1u << HOP_NAPI_GRO_RECEIVE_ENTRY;
	uint64_t sum = 0;

	if (hops->functions & 1u << HOP_NET_DEV_START_XMIT)
		sum += distance(now->tx_packets - count->before.tx_packets,
				count->traced_tx + others->tx);
	if ((hops->functions & received) == received)
		sum += distance(now->rx_packets - count->before.rx_packets,
				count->traced_rx + others->rx);
	return sum;
}

static int unaccounted(struct hops *hops, const struct lab *lab, uint64_t *ret, struct err *err)
{
	*ret = 0;
	for (size_t i = 0; i < hops->device_count_count; i++) {
		struct hops_device_count *count = &hops->device_counts[i];
		uint64_t key = HOP_DEVICE_KEY(count->netns_inode, count->ifindex);
		struct hop_others others = {};
		struct lab_counters now;
		int code = lab_read_counters(lab, count->node, count->device, &now, err);

		if (code)
			return code;
		if (bpf_map_lookup_elem(bpf_map__fd(hops->skeleton->maps.others), &key, &others))
			return err_errno(err, -errno, "hops: count other packets");
		*ret += difference(hops, count, &now, &others);
	}
	return 0;
}

int hops_check_devices(struct hops *hops, const struct probe_job *job,
		       const struct hop_record *records, size_t record_count,
		       struct samples *samples, struct err *err)
{
	uint64_t foreign = 0, sum;
	int code;

	for (size_t i = 0; i < record_count; i++) {
		tally(hops, &records[i].event);
		foreign += is_foreign(job->lab, &records[i].event);
	}
	code = unaccounted(hops, job->lab, &sum, err);
	if (code)
		return code;
	samples_count(samples, job->cell, job->batch, "foreign", (double)foreign);
	samples_count(samples, job->cell, job->batch, "unaccounted", (double)sum);
	return 0;
}
