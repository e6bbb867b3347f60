// SPDX-License-Identifier: GPL-2.0-only
/*
 * An account kept by somebody else: the devices count their packets too, and what they counted
 * during a batch must be what was traced there. `foreign` and `unaccounted` come from here.
 */
#include "bpf/hops_log.h"

#include "harness/cleanup.h"
#include "topologies/lab.h"

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

	if (is_listed(hops, place))
		return 0;
	hops->device_count_count++;
	*count = (struct hops_device_count){
		.netns_inode = lab_node_inode(lab, place->node),
		.ifindex = (uint32_t)lab_ifindex(lab, place->node, place->device),
		.node = place->node,
		.device = place->device,
	};
	return lab_read_counters(lab, place->node, place->device, &count->before, err);
}

int hops_count_devices(struct hops *hops, const struct lab *lab, struct err *err)
{
	const struct list *path = &lab_topology(lab)->path;
	const struct topo_point *points = path->items;
	size_t places = 0;
	int code = 0;

	for (size_t i = 0; i < path->count; i++)
		places += points[i].place_count;
	free(hops->device_counts);
	hops->device_count_count = 0;
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

/* Only what a probe is attached to can be compared. */
static uint64_t difference(const struct hops *hops, const struct hops_device_count *count,
			   const struct lab_counters *now)
{
	uint64_t sum = 0;

	if (hops->functions & 1u << HOP_NET_DEV_START_XMIT)
		sum += distance(now->tx_packets - count->before.tx_packets, count->traced_tx);
	if (hops->functions & 1u << HOP_NETIF_RX)
		sum += distance(now->rx_packets - count->before.rx_packets, count->traced_rx);
	return sum;
}

/* Other packets seen on the wire may explain as many, but no more than there were. */
static uint64_t unaccounted(struct hops *hops, const struct lab *lab, uint64_t background)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < hops->device_count_count; i++) {
		struct hops_device_count *count = &hops->device_counts[i];
		struct lab_counters now;
		struct err ignored;
		uint64_t off;

		if (lab_read_counters(lab, count->node, count->device, &now, &ignored))
			continue;
		off = difference(hops, count, &now);
		sum += off > background ? off - background : 0;
	}
	return sum;
}

void hops_check_devices(struct hops *hops, const struct probe_job *job,
			const struct hop_record *records, size_t record_count,
			struct samples *samples)
{
	uint64_t background = hops_log_totals(hops).background, foreign = 0;

	for (size_t i = 0; i < record_count; i++) {
		tally(hops, &records[i].event);
		foreign += is_foreign(job->lab, &records[i].event);
	}
	samples_count(samples, job->cell, job->batch, "foreign", (double)foreign);
	samples_count(samples, job->cell, job->batch, "unaccounted",
		      (double)unaccounted(hops, job->lab, background));
}
