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

struct generator_cpu cpus[GENERATOR_MAX_CPUS] __attribute__((aligned(64)));
/* By thread: how much later than due the first packet of each burst was made. */
struct spread lateness_ns[GENERATOR_MAX_THREADS];

struct wait {
	struct generator_cpu *cpu;
	__u64 due_ns, now_ns;
};

/* Verifiers before 6.2 forget a bound that the compiler checks on another copy of the value. */
static __always_inline __u64 bounded(__u64 index, __u64 power_of_two)
{
	asm volatile("" : "+r"(index));
	return index & (power_of_two - 1);
}

static __always_inline struct generator_cpu *this_cpu(void)
{
	return &cpus[bounded(bpf_get_smp_processor_id(), GENERATOR_MAX_CPUS)];
}

static long wait_turn(__u32 turn, struct wait *wait)
{
	wait->now_ns = bpf_ktime_get_ns();
	return wait->now_ns >= wait->due_ns || !wait->cpu->end;
}

static __always_inline void set_next_due(struct generator_cpu *cpu)
{
	cpu->due_ns += step_ns;
	cpu->due_ps += step_ps;
	if (cpu->due_ps >= 1000) {
		cpu->due_ps -= 1000;
		cpu->due_ns++;
	}
}

/* Whether a packet is due; waits for that at a burst's first. */
static __always_inline bool is_due(struct generator_cpu *cpu)
{
	struct spread *lateness = &lateness_ns[bounded(cpu->thread, GENERATOR_MAX_THREADS)];
	struct wait wait = { .cpu = cpu, .due_ns = cpu->due_ns };

	if (!cpu->left) {
		bpf_loop(WAIT_TURNS, wait_turn, &wait, 0);
		if (wait.now_ns < wait.due_ns)
			return false;
		cpu->bucket = spread_bucket(wait.now_ns - wait.due_ns);
		if (wait.now_ns - wait.due_ns > lateness->max)
			lateness->max = wait.now_ns - wait.due_ns;
		cpu->left = burst;
		cpu->last_ns = wait.now_ns;
		set_next_due(cpu);
	}
	cpu->left--;
	if (cpu->bucket < SPREAD_BUCKETS)
		lateness->buckets[cpu->bucket]++;
	lateness->count++;
	return true;
}

/* The flow of the thread's packet. */
static __always_inline __u32 take_flow(struct generator_cpu *cpu)
{
	__u32 flow = cpu->flow;
	__u32 next = flow + flow_step;

	if (flows.random)
		return flows_random(&flows, cpu->index);
	cpu->flow = next >= flows.count ? next - flows.count : next;
	return flow;
}

/* Writes the next frame, if one is due. */
static __always_inline bool make_frame(struct generator_cpu *cpu, unsigned char *start)
{
	struct frame_own own;

	if ((step_ns || step_ps) && !is_due(cpu))
		return false;
	flows_fill(&flows, take_flow(cpu), &own);
	own.sequence = frame_sequence(first_sequence, cpu->index);
	frame_write(start, &frame, &own);
	cpu->index += thread_count;
	return true;
}

SEC("xdp")
int generate(struct xdp_md *context)
{
	unsigned char *start = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	struct generator_cpu *cpu = this_cpu();

	if (cpu->index >= cpu->end || start + frame.bytes > end || !make_frame(cpu, start))
		return XDP_DROP;
	return bpf_redirect(ifindex, 0);
}

/*
 * Frames that no page holds: one skb, of which a clone is sent each time. Where the last clone is
 * still on its way, the kernel gives this one a copy of the data before it is written to.
 */
SEC("tc")
int generate_large(struct __sk_buff *skb)
{
	struct generator_cpu *cpu = this_cpu();
	unsigned char *start, *end;

	if (cpu->index >= cpu->end)
		return 0;
	if (skb->len < frame.bytes && bpf_skb_change_tail(skb, frame.bytes, 0))
		return 0;
	start = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (start + frame.bytes > end || !make_frame(cpu, start))
		return 0;
	if (bpf_clone_redirect(skb, ifindex, 0))
		cpu->refused++;
	else
		cpu->accepted++;
	/* It is freed when the call ends, and with its stamp would look like a packet dropped. */
	bpf_skb_change_tail(skb, frame.bytes - 1, 0);
	return 0;
}

/* What became of them: the one place that says how many of a bulk a driver took. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(count_accepted, struct net_device *from, struct net_device *to, int sent, int drops)
{
	struct generator_cpu *cpu = this_cpu();

	if ((__u32)to->ifindex != ifindex || to->nd_net.net->ns.inum != netns_inode)
		return 0;
	cpu->accepted += sent;
	cpu->refused += drops;
	return 0;
}
