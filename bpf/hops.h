/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Shared by hops.bpf.c and its user side: fixed widths, explicit padding. */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

#define HOPS_MAX_CPUS 512
/* Drivers called within drivers: veth inside vxlan inside bridge ... */
#define HOPS_MAX_NESTING 8

enum hop_function {
	HOP_NET_DEV_QUEUE,
	HOP_NET_DEV_START_XMIT,
	HOP_NET_DEV_XMIT,
	HOP_NETIF_RX,
	HOP_NETIF_RECEIVE_SKB,
	HOP_NAPI_GRO_RECEIVE_ENTRY,
	HOP_FUNCTION_COUNT,
};

struct hop_event {
	__u64 time_ns; /* CLOCK_MONOTONIC, taken once the packet is known to be ours */
	__u32 sequence;
	__u32 netns_inode;
	__u32 ifindex;
	__u8 function; /* enum hop_function */
	__u8 direction; /* STAMP_REQUEST or STAMP_REPLY */
	__u16 reserved;
};
_Static_assert(sizeof(struct hop_event) == 24, "one layout for both sides");

/* Beside the event of the same index, when addresses are asked for. */
struct hop_addresses {
	__u8 header[40]; /* the outer network header as it stands */
	__u32 length_bytes; /* from the network header to the packet's end */
	__u32 payload_bytes; /* of the innermost L4, from the stamp */
};
_Static_assert(sizeof(struct hop_addresses) == 48, "one layout for both sides");

/* Likewise, when the packets' first bytes are asked for. */
#define HOP_HEAD_BYTES 256
struct hop_head {
	__u32 length_bytes; /* of the frame, from its Ethernet header on */
	__u32 captured_bytes;
	__u8 bytes[HOP_HEAD_BYTES];
};
_Static_assert(sizeof(struct hop_head) == 264, "one layout for both sides");

/* Packets that are not ours, at a device of the path: what its own counters show beside ours. */
struct hop_others {
	__u64 tx, rx;
};
#define HOP_DEVICE_KEY(netns_inode, ifindex) ((__u64)(netns_inode) << 32 | (__u32)(ifindex))

/* One a CPU, in memory that both sides map; written by its own CPU only, reset between batches. */
struct hop_cpu {
	__u64 next; /* events logged, and beyond the capacity: dropped */
	__u64 background; /* transmitted in the lab's namespaces, linear, without our stamp */
	__u64 unstamped; /* likewise but paged, so that a stamp could not be read */
	__u64 unreadable; /* the tail or the ICMP type could not be read */
	__u64 nested_too_deep;
	/* Transmissions under way: the driver owns the skb by the time net_dev_xmit fires, so what
	 * it is must be remembered from net_dev_start_xmit. They nest strictly on one CPU. */
	__u64 depth;
	struct {
		__u64 skb;
		__u64 device;
		__u32 sequence;
		__u32 direction;
	} open[HOPS_MAX_NESTING];
	__u64 reserved[2];
};
_Static_assert(sizeof(struct hop_cpu) == 256, "whole cache lines, so that CPUs do not share one");
