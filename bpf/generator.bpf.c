// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the next frame of the CPU's thread and redirects it. What is constant while loaded is
 * constant to the verifier as well, which takes out the branches not taken: one program serves
 * every protocol, family and size.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/generator.h"

char LICENSE[] SEC("license") = "GPL";

/* Turns of the wait for a send time, 30 ns or so each: ends long after user space would have it. */
#define WAIT_TURNS (1 << 17)

const volatile struct frame frame;
const volatile struct flows flows;
const volatile __u32 first_sequence;
const volatile __u32 ifindex, netns_inode;
const volatile __u32 thread_count;
const volatile __u32 flow_step; /* from one packet of a thread to its next, round robin */
const volatile __u32 burst;
const volatile __u64 step_ns; /* between bursts of a thread ... */
const volatile __u32 step_ps; /* ... and below a nanosecond; both 0: flat out */

__u8 thread_of_cpu[GENERATOR_MAX_CPUS]; /* 1 + index; 0: none */
struct generator_thread threads[GENERATOR_MAX_THREADS];
bool stop;

struct wait {
	__u64 due_ns, now_ns;
};

/* Verifiers before 6.2 forget a bound that the compiler checks on another copy of the value. */
static __always_inline __u64 bounded(__u64 index, __u64 power_of_two)
{
	asm volatile("" : "+r"(index));
	return index & (power_of_two - 1);
}

static __always_inline struct generator_thread *this_thread(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 number = thread_of_cpu[bounded(cpu, GENERATOR_MAX_CPUS)];

	return number ? &threads[bounded(number - 1, GENERATOR_MAX_THREADS)] : NULL;
}

static long wait_turn(__u32 turn, struct wait *wait)
{
	wait->now_ns = bpf_ktime_get_ns();
	return wait->now_ns >= wait->due_ns || stop;
}

static __always_inline void set_next_due(struct generator_thread *thread)
{
	thread->due_ns += step_ns;
	thread->due_ps += step_ps;
	if (thread->due_ps >= 1000) {
		thread->due_ps -= 1000;
		thread->due_ns++;
	}
}

/* Whether a packet is due; waits for that at a burst's first. */
static __always_inline bool is_due(struct generator_thread *thread)
{
	struct wait wait = { .due_ns = thread->due_ns };

	if (!thread->left) {
		bpf_loop(WAIT_TURNS, wait_turn, &wait, 0);
		if (wait.now_ns < wait.due_ns)
			return false;
		thread->bucket = spread_bucket(wait.now_ns - wait.due_ns);
		if (wait.now_ns - wait.due_ns > thread->lateness_ns.max)
			thread->lateness_ns.max = wait.now_ns - wait.due_ns;
		thread->left = burst;
		set_next_due(thread);
	}
	thread->left--;
	if (thread->bucket < SPREAD_BUCKETS)
		thread->lateness_ns.buckets[thread->bucket]++;
	thread->lateness_ns.count++;
	return true;
}

/* The flow of the thread's packet. */
static __always_inline __u32 take_flow(struct generator_thread *thread)
{
	__u32 flow = thread->flow;
	__u32 next = flow + flow_step;

	if (flows.random)
		return flows_random(&flows, thread->index);
	thread->flow = next >= flows.count ? next - flows.count : next;
	return flow;
}

SEC("xdp")
int generate(struct xdp_md *context)
{
	unsigned char *start = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	struct generator_thread *thread = this_thread();
	struct frame_own own;

	if (!thread || stop || thread->produced >= thread->count || start + frame.bytes > end)
		return XDP_DROP;
	if ((step_ns || step_ps) && !is_due(thread))
		return XDP_DROP;
	flows_fill(&flows, take_flow(thread), &own);
	own.sequence = frame_sequence(first_sequence, thread->index);
	frame_write(start, &frame, &own);
	thread->index += thread_count;
	thread->produced++;
	return bpf_redirect(ifindex, 0);
}

/* What became of them: the one place that says how many of a bulk a driver took. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(count_accepted, struct net_device *from, struct net_device *to, int sent, int drops)
{
	struct generator_thread *thread = this_thread();

	if (!thread || (__u32)to->ifindex != ifindex || to->nd_net.net->ns.inum != netns_inode)
		return 0;
	thread->accepted += sent;
	thread->refused += drops;
	return 0;
}
