// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts each packet that the kernel throws away, by who did it, why and where. Nothing here is
 * called for a packet that is not dropped, so it costs nothing until then; then it costs about what
 * a hop event does. An XDP program that drops an skb (any sink, unless frames come by redirect) is
 * a drop too, and is counted as one.
 *
 * The stamp says whether it is one of ours. Where it cannot be read (the packet is paged, or a
 * frame without an skb) the device's namespace says so, and it is counted apart.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/drops_shared.h"
#include "loadgen/stamp.h"

char LICENSE[] SEC("license") = "GPL";

#define IP_ICMP 1
#define IP_ICMPV6 58
#define ICMPV6_INFORMATIONAL 128

const volatile __u64 stamp_magic;

/* Drops for which there was no room in the map. */
__u64 uncounted;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DROPS_MAX_KEYS);
	__type(key, struct drop_key);
	__type(value, struct drop_count);
} drops SEC(".maps");

/* The lab's namespaces by inode. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} nodes SEC(".maps");

static __always_inline bool is_lab(__u32 inode)
{
	return bpf_map_lookup_elem(&nodes, &inode);
}

static __always_inline void count(const struct drop_key *key, const struct drop_count *more)
{
	const struct drop_count none = {};
	struct drop_count *found = bpf_map_lookup_elem(&drops, key);

	if (!found) {
		/* Another CPU may be first: then it is there all the same. */
		bpf_map_update_elem(&drops, key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&drops, key);
	}
	if (!found) {
		__sync_fetch_and_add(&uncounted, more->stamped + more->unstamped);
		return;
	}
	__sync_fetch_and_add(&found->stamped, more->stamped);
	__sync_fetch_and_add(&found->warmup, more->warmup);
	__sync_fetch_and_add(&found->unstamped, more->unstamped);
}

/*
 * Whether it is one of the lab's. A socket's code keeps something else where the device stood, and
 * a packet just made has none yet: what is no device of a known namespace is not believed.
 */
static __always_inline bool locate(struct sk_buff *skb, struct drop_key *key)
{
	const struct sock *sender = skb->sk;

	key->netns_inode = skb->dev->nd_net.net->ns.inum;
	key->ifindex = skb->dev->ifindex;
	if (is_lab(key->netns_inode))
		return true;
	key->ifindex = skb->skb_iif;
	key->netns_inode = sender ? sender->__sk_common.skc_net.net->ns.inum : 0;
	if (is_lab(key->netns_inode))
		return true;
	key->netns_inode = 0;
	return false;
}

/* An ICMP error quotes the packet that it is about, stamp included. */
static __always_inline bool is_quoted(struct sk_buff *skb)
{
	const unsigned char *ip = skb->head + skb->network_header;
	__u8 header[41] = {};

	if (bpf_probe_read_kernel(header, sizeof(header), ip))
		return false;
	if (header[0] >> 4 == 6)
		return header[6] == IP_ICMPV6 && header[40] < ICMPV6_INFORMATIONAL;
	if (header[0] >> 4 != 4 || header[9] != IP_ICMP)
		return false;
	/* Echo request and reply quote nothing; an error's header has no options. */
	return header[20] != 0 && header[20] != 8;
}

static __always_inline bool read_stamp(struct sk_buff *skb, struct stamp *stamp)
{
	const unsigned char *end = skb->head + skb->tail;

	return !skb->data_len && skb->len >= STAMP_BYTES &&
	       !bpf_probe_read_kernel(stamp, STAMP_BYTES, end - STAMP_BYTES) &&
	       stamp->magic == stamp_magic && !is_quoted(skb);
}

/* One skb may stand for many packets (GSO). */
static __always_inline __u64 packets_of(struct sk_buff *skb)
{
	const struct skb_shared_info *info = (const void *)(skb->head + skb->end);
	unsigned short segments = 0;

	bpf_core_read(&segments, sizeof(segments), &info->gso_segs);
	return segments ? segments : 1;
}

/* Newer kernels hand over the receiving socket as well, which nothing here needs. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(drops_kfree_skb, struct sk_buff *skb, void *location, int reason)
{
	struct drop_key key = { .location = (__u64)location, .reason = reason, .event = DROP_SKB };
	bool is_ours = locate(skb, &key);
	struct drop_count more = {};
	struct stamp stamp = {};

	if (!read_stamp(skb, &stamp))
		more.unstamped = is_ours ? packets_of(skb) : 0;
	else if (stamp.sequence < STAMP_WARMUP)
		more.stamped = packets_of(skb);
	else
		more.warmup = packets_of(skb);
	if (more.stamped + more.warmup + more.unstamped)
		count(&key, &more);
	return 0;
}

static __always_inline void count_frames(const struct net_device *device, enum drop_event event,
					 __u32 reason, __u64 frames)
{
	struct drop_key key = { .netns_inode = device->nd_net.net->ns.inum,
				.ifindex = device->ifindex,
				.reason = reason,
				.event = event };
	const struct drop_count more = { .unstamped = frames };

	if (frames && is_lab(key.netns_inode))
		count(&key, &more);
}

/* Frames that XDP redirected to a device which took only some of them. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(drops_xdp_devmap_xmit, const struct net_device *from, const struct net_device *to,
	     int sent, int dropped, int error)
{
	count_frames(to, DROP_DEVMAP, -error, dropped);
	return 0;
}

/* One frame that could not even be queued for its target. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(drops_xdp_redirect_err, const struct net_device *device, const void *program,
	     const void *target, int error)
{
	count_frames(device, DROP_REDIRECT, -error, 1);
	return 0;
}

SEC("tp_btf/xdp_exception")
int BPF_PROG(drops_xdp_exception, const struct net_device *device, const void *program,
	     __u32 action)
{
	count_frames(device, DROP_EXCEPTION, action, 1);
	return 0;
}
