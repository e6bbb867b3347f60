// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where one-way loads end: at the receiving device, before the stack has touched a packet. What
 * bears this run's stamp is counted and dropped, everything else goes on to the stack.
 *
 * XDP sees a packet as the sender left it: where the sending device was to finish the checksum, and
 * veth never does, it is not finished, and is counted as such.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/sink.h"
#include "bpf/sink_packet.h"
#include "loadgen/stamp.h"

char LICENSE[] SEC("license") = "GPL";

/* Tries against other CPUs at one word. */
#define TRIES 16

const volatile __u64 stamp_magic;
const volatile bool of_pktgen;
const volatile __u32 first_sequence, sequence_count;
const volatile __u32 flow_mask;

struct sink_counts counts[SINK_MAX_CPUS];
__u64 window[SINK_WINDOW_WORDS];

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sink_flow);
} flows SEC(".maps");

static __always_inline struct sink_counts *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return cpu < SINK_MAX_CPUS ? &counts[bounded(cpu, SINK_MAX_CPUS)] : NULL;
}

/* In a frame of one buffer the stamp is at its end; nothing is called for that. */
static __always_inline bool is_at_end(struct xdp_md *context, struct stamp *stamp, __u32 *ret_bytes)
{
	void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	__u64 bytes = end - data;
	const struct stamp *place = data + bounded(bytes - STAMP_BYTES, 1 << 14);

	if (bytes < STAMP_BYTES || (void *)(place + 1) > end || place->magic != stamp_magic)
		return false;
	__builtin_memcpy(stamp, place, STAMP_BYTES);
	*ret_bytes = bytes;
	return true;
}

/* A jumbo frame goes on in further buffers. */
static __always_inline bool find_stamp(struct xdp_md *context, struct stamp *stamp,
				       __u32 *ret_bytes)
{
	__u64 total;

	if (is_at_end(context, stamp, ret_bytes))
		return true;
	total = bpf_xdp_get_buff_len(context);
	if (total <= (__u64)(context->data_end - context->data) ||
	    bpf_xdp_load_bytes(context, total - STAMP_BYTES, stamp, STAMP_BYTES))
		return false;
	*ret_bytes = total;
	return stamp->magic == stamp_magic;
}

/* Behind Ethernet, IP and UDP headers without options. All of one pass are counted alike. */
static __always_inline bool is_of_pktgen(struct xdp_md *context, struct stamp *stamp,
					 __u32 *ret_bytes)
{
	void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	const __be32 *ipv4 = data + 14 + 20 + 8, *ipv6 = data + 14 + 40 + 8;

	if ((void *)(ipv4 + 1) > end)
		return false;
	if (*ipv4 != bpf_htonl(STAMP_PKTGEN_MAGIC) &&
	    ((void *)(ipv6 + 1) > end || *ipv6 != bpf_htonl(STAMP_PKTGEN_MAGIC)))
		return false;
	stamp->sequence = 0;
	*ret_bytes = bpf_xdp_get_buff_len(context);
	return true;
}

/* Whether it is one of the measured: counted already, and what is to be done with it if not. */
static __always_inline bool take(struct xdp_md *context, struct sink_counts *cpu,
				 struct stamp *stamp, __u32 *ret_bytes, int *ret_action)
{
	*ret_action = XDP_PASS;
	if (of_pktgen ? !is_of_pktgen(context, stamp, ret_bytes)
		      : !find_stamp(context, stamp, ret_bytes)) {
		cpu->other_packets++;
		return false;
	}
	*ret_action = XDP_DROP;
	if (stamp->sequence >= STAMP_WARMUP) {
		cpu->warmup++;
		return false;
	}
	cpu->packets++;
	cpu->bytes += *ret_bytes;
	return true;
}

SEC("xdp.frags")
int sink_drop(struct xdp_md *context)
{
	struct sink_counts *cpu = this_cpu();
	struct stamp stamp;
	__u32 bytes;
	int action;

	if (!cpu)
		return XDP_PASS;
	take(context, cpu, &stamp, &bytes, &action);
	return action;
}

/*
 * Functions that are not static the verifier looks at once, on their own: else what it has to try
 * multiplies with every loop.
 */

/* Whether it is a duplicate. */
__noinline bool judge_sequence(__u32 sequence)
{
	__u64 *word = &window[bounded(sequence / SINK_WORD_SEQUENCES, SINK_WINDOW_WORDS)];
	/* From 1 on: a word of zero is no turn's. */
	__u64 turn = (__u64)(sequence / SINK_WINDOW_SEQUENCES + 1) << 32;
	__u64 bit = 1u << sequence % SINK_WORD_SEQUENCES, old = *(volatile __u64 *)word;
	struct sink_counts *cpu = this_cpu();

	for (int i = 0; i < TRIES && cpu; i++) {
		__u64 held = old & ~0xffffffffull, found;

		if (held > turn) {
			cpu->beyond_window++;
			return false;
		}
		if (held == turn && old & bit) {
			cpu->duplicates++;
			return true;
		}
		found = __sync_val_compare_and_swap(word, old,
						    held == turn ? old | bit : turn | bit);
		if (found == old)
			return false;
		old = found;
	}
	if (cpu)
		cpu->contended++;
	return false;
}

static __always_inline void raise_highest(struct sink_counts *cpu, struct sink_flow *flow,
					  __u64 old, __u32 sequence)
{
	for (int i = 0; i < TRIES; i++) {
		__u64 found;

		if (sequence < (__u32)old) {
			cpu->reordered++;
			return;
		}
		found = __sync_val_compare_and_swap(&flow->state, old,
						    (old & ~0xffffffffull) | sequence);
		if (found == old)
			return;
		old = found;
	}
	cpu->untracked++;
}

/*
 * Open addressing; a tag of 31 bits besides the place makes a mix-up of two flows a rarity: for a
 * million flows the chance of a single one is below one in a thousand.
 */
__noinline int judge_order(__u64 hash, __u32 sequence)
{
	struct sink_counts *cpu = this_cpu();
	__u64 tag = hash >> 32 | 1;

	for (__u32 i = 0; i < SINK_FLOW_PROBES && cpu; i++) {
		__u32 index = ((__u32)hash + i) & flow_mask;
		struct sink_flow *flow = bpf_map_lookup_elem(&flows, &index);
		__u64 old;

		if (!flow)
			break;
		old = *(volatile __u64 *)&flow->state;
		if (!old)
			old = __sync_val_compare_and_swap(&flow->state, 0, tag << 32 | sequence);
		if (old && old >> 32 != tag)
			continue;
		__sync_fetch_and_add(&flow->packets, 1);
		if (old)
			raise_highest(cpu, flow, old, sequence);
		return 0;
	}
	if (cpu)
		cpu->untracked++;
	return 0;
}

static __always_inline void count_verdict(struct sink_counts *cpu, enum verdict verdict)
{
	cpu->malformed += verdict == MALFORMED;
	cpu->bad_checksum += verdict == BAD_CHECKSUM;
	cpu->partial_checksum += verdict == PARTIAL_CHECKSUM;
	cpu->no_checksum += verdict == NO_CHECKSUM;
}

/* A damaged packet has come all the same, so its sequence counts; of what flow it is, is unknown.
 */
SEC("xdp.frags")
int sink_stamped(struct xdp_md *context)
{
	struct sink_counts *cpu = this_cpu();
	struct packet packet = {};
	enum verdict verdict;
	bool duplicate;
	struct stamp stamp;
	__u32 bytes;
	int action;

	if (!cpu)
		return XDP_PASS;
	if (!take(context, cpu, &stamp, &bytes, &action))
		return action;
	if (sequence_count && stamp.sequence - first_sequence >= sequence_count)
		cpu->unexpected++;
	duplicate = judge_sequence(stamp.sequence);
	verdict = judge_packet(context, bytes, &packet, stamp.payload_bytes);
	count_verdict(cpu, verdict);
	if (!duplicate && verdict != MALFORMED && verdict != BAD_CHECKSUM)
		judge_order(packet.hash, stamp.sequence);
	return XDP_DROP;
}
