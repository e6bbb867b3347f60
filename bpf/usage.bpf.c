// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose time softirqs are: those of networking (NET_RX, NET_TX) are cut into parts, and each is
 * charged to a namespace.
 *
 * A softirq polls one queue after the other, and from a queue takes one packet after the other. A
 * packet's time goes from netif_receive_skb, where it enters the stack, to where the next one does:
 * what is done with it, its way out by another device and into that one's queue included. What
 * comes before a poll's first packet belongs to that one. A poll whose packets never enter the
 * stack (XDP drops or redirects them) is its device's. Of a namespace that is not the lab's nothing
 * is kept.
 *
 * On a veth pair a softirq is raised by whoever sends, and runs before its system call returns, in
 * its time. How much of that there is, is kept by the namespace that the interrupted process is in.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/packet.h"
#include "bpf/usage.h"

char LICENSE[] SEC("license") = "GPL";

/* include/linux/interrupt.h */
#define NET_TX_SOFTIRQ 2
#define NET_RX_SOFTIRQ 3

struct usage_cpu cpus[USAGE_MAX_CPUS];

/* By inode, entered before a job: the lab's, and our own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct usage_node);
} nodes SEC(".maps");

static __always_inline struct usage_cpu *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return cpu < USAGE_MAX_CPUS ? &cpus[bounded(cpu, USAGE_MAX_CPUS)] : NULL;
}

static __always_inline bool is_networking(unsigned int vector)
{
	return vector == NET_RX_SOFTIRQ || vector == NET_TX_SOFTIRQ;
}

/* The part that ends now. Of the firings at its two ends a half each is in it. */
static __always_inline void charge(struct usage_cpu *cpu, __u64 now_ns)
{
	__u32 owner = cpu->owner;
	struct usage_node *node = bpf_map_lookup_elem(&nodes, &owner);

	if (node) {
		__sync_fetch_and_add(&node->softirq_ns, now_ns - cpu->since_ns);
		__sync_fetch_and_add(&node->firings, cpu->firings + 1);
	}
	cpu->since_ns = now_ns;
	cpu->firings = 0;
}

/* A thread of the kernel's is in the first namespace, which is none of ours. */
static __always_inline void charge_process(__u64 taken_ns)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 inode = task->nsproxy->net_ns->ns.inum;
	struct usage_node *node = bpf_map_lookup_elem(&nodes, &inode);

	if (!node)
		return;
	__sync_fetch_and_add(&node->borrowed_ns, taken_ns);
	__sync_fetch_and_add(&node->softirqs, 1);
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(usage_softirq_entry, unsigned int vector)
{
	struct usage_cpu *cpu = this_cpu();

	if (!cpu || !is_networking(vector))
		return 0;
	cpu->owner = 0;
	cpu->taking = true;
	cpu->firings = 0;
	cpu->events++;
	cpu->begun_ns = cpu->since_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(usage_softirq_exit, unsigned int vector)
{
	struct usage_cpu *cpu = this_cpu();
	__u64 now_ns;

	if (!cpu || !cpu->begun_ns || !is_networking(vector))
		return 0;
	now_ns = bpf_ktime_get_ns();
	charge(cpu, now_ns);
	charge_process(now_ns - cpu->begun_ns);
	cpu->events++;
	cpu->begun_ns = 0;
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(usage_netif_receive_skb, struct sk_buff *skb)
{
	struct usage_cpu *cpu = this_cpu();

	if (!cpu || !cpu->begun_ns)
		return 0;
	if (cpu->taking)
		cpu->firings++;
	else
		charge(cpu, bpf_ktime_get_ns());
	cpu->taking = false;
	cpu->owner = skb->dev->nd_net.net->ns.inum;
	cpu->events++;
	return 0;
}

/* At a poll's end. */
SEC("tp_btf/napi_poll")
int BPF_PROG(usage_napi_poll, struct napi_struct *napi)
{
	struct usage_cpu *cpu = this_cpu();
	__u32 inode;

	if (!cpu || !cpu->begun_ns)
		return 0;
	if (cpu->taking) {
		inode = napi->dev->nd_net.net->ns.inum;
		if (inode)
			cpu->owner = inode;
	}
	charge(cpu, bpf_ktime_get_ns());
	cpu->taking = true;
	cpu->events++;
	return 0;
}

/* Empty twins: what being called costs, without what the probe then does. */
#define EMPTY(tracepoint)                                                                          \
	SEC("tp_btf/" #tracepoint)                                                                 \
	int empty_##tracepoint(void *context)                                                      \
	{                                                                                          \
		return 0;                                                                          \
	}

EMPTY(softirq_entry)
EMPTY(softirq_exit)
EMPTY(netif_receive_skb)
EMPTY(napi_poll)
