// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/hops_log.h"

#include "bpf/hops.skel.h"
#include "bpf/program.h"

#include <stdlib.h>
#include <string.h>

const char *const hop_function_names[HOP_FUNCTION_COUNT] = {
	[HOP_NET_DEV_QUEUE] = "net_dev_queue",
	[HOP_NET_DEV_START_XMIT] = "net_dev_start_xmit",
	[HOP_NET_DEV_XMIT] = "net_dev_xmit",
	[HOP_NETIF_RX] = "netif_rx",
	[HOP_NETIF_RECEIVE_SKB] = "netif_receive_skb",
	[HOP_NAPI_GRO_RECEIVE_ENTRY] = "napi_gro_receive_entry",
};

void hops_log_reset(struct hops *hops)
{
	memset(hops->skeleton->bss->cpus, 0, hops->cpu_count * sizeof(struct hop_cpu));
}

static size_t logged_on(const struct hops *hops, size_t cpu)
{
	return program_logged(hops->skeleton->bss->cpus[cpu].next, hops->events_per_cpu);
}

struct hops_totals hops_log_totals(const struct hops *hops)
{
	struct hops_totals totals = {};

	for (size_t i = 0; i < hops->cpu_count; i++) {
		const struct hop_cpu *cpu = &hops->skeleton->bss->cpus[i];

		totals.logged += logged_on(hops, i);
		totals.ring_drops += cpu->next - logged_on(hops, i);
		totals.background += cpu->background;
		totals.unstamped += cpu->unstamped;
		totals.unreadable += cpu->unreadable;
		totals.nested_too_deep += cpu->nested_too_deep;
	}
	return totals;
}

static int by_packet_and_time(const void *left, const void *right)
{
	const struct hop_record *a = left, *b = right;

	if (a->event.direction != b->event.direction)
		return a->event.direction < b->event.direction ? -1 : 1;
	if (a->event.sequence != b->event.sequence)
		return a->event.sequence < b->event.sequence ? -1 : 1;
	if (a->event.time_ns != b->event.time_ns)
		return a->event.time_ns < b->event.time_ns ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int by_time(const void *left, const void *right)
{
	const struct hop_record *a = left, *b = right;

	if (a->event.time_ns != b->event.time_ns)
		return a->event.time_ns < b->event.time_ns ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static struct hop_record *read_sorted(const struct hops *hops, size_t *ret_count,
				      int (*compare)(const void *, const void *))
{
	size_t total = hops_log_totals(hops).logged, count = 0;
	struct hop_record *records = calloc(total + 1, sizeof(*records));

	if (!records)
		return NULL;
	for (size_t cpu = 0; cpu < hops->cpu_count; cpu++) {
		size_t first = cpu * hops->events_per_cpu, logged = logged_on(hops, cpu);

		for (size_t i = 0; i < logged && count < total; i++, count++) {
			records[count].event = hops->events[first + i];
			records[count].order = count;
			records[count].cpu = (uint32_t)cpu;
			if (records[count].event.function == HOP_NET_DEV_XMIT)
				continue;
			if (hops->addresses)
				records[count].addresses = &hops->addresses[first + i];
			if (hops->heads)
				records[count].head = &hops->heads[first + i];
		}
	}
	qsort(records, count, sizeof(*records), compare);
	*ret_count = count;
	return records;
}

struct hop_record *hops_log_read(const struct hops *hops, size_t *ret_count)
{
	return read_sorted(hops, ret_count, by_packet_and_time);
}

uint32_t hops_head_bytes(const struct probe *probe)
{
	return ((const struct hops *)probe)->head_bytes;
}

struct hop_record *hops_trace_read(struct probe *probe, size_t *ret_count)
{
	return read_sorted((struct hops *)probe, ret_count, by_time);
}
