// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logs each moment at which one of the load's packets passes a tracepoint of the device layer.
 *
 * The log is a plain array, a part for each CPU, that user space maps and reads between batches:
 * nothing wakes a reader while a packet is on its way. A packet is known by the stamp at its end,
 * which bridging, NAT and encapsulation leave alone.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/hops.h"
#include "bpf/packet.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 stamp_magic;
const volatile __u32 events_per_cpu;
/* Whether there is one of the two below: so that without them a hop asks but once. */
const volatile bool with_more;
const volatile bool with_addresses;
const volatile __u32 head_bytes; /* of each packet to log at each hop; 0: none */

/* Whether net_dev_xmit is attached and takes what net_dev_start_xmit remembers. */
bool remember_starts;

struct hop_cpu cpus[HOPS_MAX_CPUS];

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hop_event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hop_addresses);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hop_head);
} heads SEC(".maps");

/* The lab's namespaces by inode: asked only about packets that are not ours. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} nodes SEC(".maps");

/* The path's devices, by HOP_DEVICE_KEY, entered before a job. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct hop_others);
} others SEC(".maps");

static __always_inline struct hop_cpu *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return cpu < HOPS_MAX_CPUS ? &cpus[bounded(cpu, HOPS_MAX_CPUS)] : NULL;
}

static __always_inline bool is_lab(struct sk_buff *skb)
{
	__u32 inode = skb->dev->nd_net.net->ns.inum;

	return bpf_map_lookup_elem(&nodes, &inode);
}

static __always_inline void count_at_device(struct sk_buff *skb, __u8 function)
{
	__u64 key = HOP_DEVICE_KEY(skb->dev->nd_net.net->ns.inum, skb->dev->ifindex);
	struct hop_others *count = bpf_map_lookup_elem(&others, &key);

	if (!count)
		return;
	if (function == HOP_NET_DEV_START_XMIT)
		__sync_fetch_and_add(&count->tx, 1);
	else
		__sync_fetch_and_add(&count->rx, 1);
}

static __always_inline void count_other(struct sk_buff *skb, struct hop_cpu *cpu, __u8 function)
{
	/* The host's own traffic comes by here too: where nothing is counted nothing is looked up.
	 */
	if (function == HOP_NET_DEV_QUEUE || function == HOP_NETIF_RECEIVE_SKB || !is_lab(skb))
		return;
	count_at_device(skb, function);
	if (function != HOP_NET_DEV_START_XMIT)
		return;
	if (skb->data_len)
		cpu->unstamped++;
	else
		cpu->background++;
}

/* Whether the packet is one of ours and measured, and which. */
static __always_inline bool identify(struct sk_buff *skb, struct hop_cpu *cpu, __u8 function,
				     struct packet *packet)
{
	const unsigned char *end = skb->head + skb->tail;

	switch (packet_read(end, skb->len, skb->data_len, stamp_magic, packet)) {
	case PACKET_MEASURED:
		return true;
	case PACKET_OTHER:
		count_other(skb, cpu, function);
		return false;
	case PACKET_UNREADABLE:
		cpu->unreadable++;
		return false;
	default:
		return false;
	}
}

static __always_inline void log_addresses(struct sk_buff *skb, __u32 index,
					  const struct packet *packet)
{
	struct hop_addresses *record = bpf_map_lookup_elem(&addresses, &index);

	if (!record)
		return;
	record->length_bytes = skb->tail - skb->network_header;
	record->payload_bytes = packet->payload_bytes;
	bpf_probe_read_kernel(record->header, sizeof(record->header),
			      skb->head + skb->network_header);
}

/* What is sent begins with its Ethernet header; of what is received it has been taken off. */
static __always_inline const unsigned char *frame_of(struct sk_buff *skb, __u8 function)
{
	if (function == HOP_NET_DEV_QUEUE || function == HOP_NET_DEV_START_XMIT)
		return skb->data;
	return skb->head + skb->mac_header;
}

static __always_inline void log_head(struct sk_buff *skb, __u32 index, __u8 function)
{
	struct hop_head *head = bpf_map_lookup_elem(&heads, &index);
	const unsigned char *from = frame_of(skb, function);
	__u64 length = skb->head + skb->tail - from, bytes;

	if (!head)
		return;
	/* In 64 bits: the verifier has no 32-bit arithmetic of pointers. */
	asm volatile("" : "+r"(length));
	bytes = length < head_bytes ? length : head_bytes;
	asm volatile("" : "+r"(bytes));
	head->length_bytes = length;
	if (bytes > HOP_HEAD_BYTES || bpf_probe_read_kernel(head->bytes, bytes, from))
		bytes = 0;
	head->captured_bytes = bytes;
}

static __always_inline void log_more(struct sk_buff *skb, __u32 index, const struct packet *packet,
				     __u8 function)
{
	if (with_addresses)
		log_addresses(skb, index, packet);
	if (head_bytes)
		log_head(skb, index, function);
}

/* The index of the event, or -1: the log is full, which `next` keeps counting. */
static __always_inline __s64 log_event(struct hop_cpu *cpu, const struct packet *packet,
				       struct net_device *device, __u8 function)
{
	__u64 position = cpu->next++;
	struct hop_event *event;
	__u32 index;

	if (position >= events_per_cpu)
		return -1;
	index = bpf_get_smp_processor_id() * events_per_cpu + position;
	event = bpf_map_lookup_elem(&events, &index);
	if (!event)
		return -1;
	event->time_ns = bpf_ktime_get_ns();
	event->sequence = packet->sequence;
	event->netns_inode = device->nd_net.net->ns.inum;
	event->ifindex = device->ifindex;
	event->function = function;
	event->direction = packet->direction;
	return index;
}

static __always_inline void remember_xmit(struct sk_buff *skb, struct hop_cpu *cpu,
					  const struct packet *packet)
{
	__u64 depth = cpu->depth;

	if (depth >= HOPS_MAX_NESTING) {
		cpu->nested_too_deep++;
		return;
	}
	cpu->depth = depth + 1;
	depth = bounded(depth, HOPS_MAX_NESTING);
	cpu->open[depth].skb = (__u64)skb;
	cpu->open[depth].device = (__u64)skb->dev;
	cpu->open[depth].sequence = packet->sequence;
	cpu->open[depth].direction = packet->direction;
}

static __always_inline int hop(struct sk_buff *skb, __u8 function)
{
	struct hop_cpu *cpu = this_cpu();
	struct packet packet;
	__s64 index;

	if (!cpu || !identify(skb, cpu, function, &packet))
		return 0;
	index = log_event(cpu, &packet, skb->dev, function);
	if (with_more && index >= 0)
		log_more(skb, index, &packet, function);
	if (function == HOP_NET_DEV_START_XMIT && remember_starts)
		remember_xmit(skb, cpu, &packet);
	return 0;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(hops_net_dev_queue, struct sk_buff *skb)
{
	return hop(skb, HOP_NET_DEV_QUEUE);
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(hops_net_dev_start_xmit, struct sk_buff *skb)
{
	return hop(skb, HOP_NET_DEV_START_XMIT);
}

/* The skb may be freed and its memory another's: only its address is looked at. */
SEC("tp_btf/net_dev_xmit")
int BPF_PROG(hops_net_dev_xmit, struct sk_buff *skb, int status, struct net_device *device)
{
	struct hop_cpu *cpu = this_cpu();
	struct packet packet = {};
	__u64 top;

	if (!cpu || !cpu->depth)
		return 0;
	top = bounded(cpu->depth - 1, HOPS_MAX_NESTING);
	if (cpu->open[top].skb != (__u64)skb || cpu->open[top].device != (__u64)device)
		return 0;
	packet.sequence = cpu->open[top].sequence;
	packet.direction = cpu->open[top].direction;
	cpu->depth = top;
	log_event(cpu, &packet, device, HOP_NET_DEV_XMIT);
	return 0;
}

SEC("tp_btf/netif_rx")
int BPF_PROG(hops_netif_rx, struct sk_buff *skb)
{
	return hop(skb, HOP_NETIF_RX);
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(hops_netif_receive_skb, struct sk_buff *skb)
{
	return hop(skb, HOP_NETIF_RECEIVE_SKB);
}

SEC("tp_btf/napi_gro_receive_entry")
int BPF_PROG(hops_napi_gro_receive_entry, struct sk_buff *skb)
{
	return hop(skb, HOP_NAPI_GRO_RECEIVE_ENTRY);
}

/* Empty twins: what being called costs, without what the probe then does. */
#define EMPTY(tracepoint)                                                                          \
	SEC("tp_btf/" #tracepoint)                                                                 \
	int empty_##tracepoint(void *context)                                                      \
	{                                                                                          \
		return 0;                                                                          \
	}

EMPTY(net_dev_queue)
EMPTY(net_dev_start_xmit)
EMPTY(net_dev_xmit)
EMPTY(netif_rx)
EMPTY(netif_receive_skb)
EMPTY(napi_gro_receive_entry)
