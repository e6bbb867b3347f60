// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where one-way loads end: at the receiving device, before the stack has touched a packet. What
 * bears this run's stamp is counted and dropped, everything else goes on to the stack.
 *
 * XDP sees a packet as the sender left it: where the sending device was to finish the checksum, and
 * veth never does, it is not finished, and is counted as such.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/sink.h"
#include "loadgen/stamp.h"

char LICENSE[] SEC("license") = "GPL";

#define ETHERNET_BYTES 14
#define ETHERNET_IPV4 0x0800
#define ETHERNET_IPV6 0x86dd
#define IP_TCP 6
#define IP_UDP 17
#define UDP_BYTES 8
#define TCP_BYTES 20
/* More than one bpf_csum_diff() takes none, and a longest packet has this many. */
#define CHUNK_BYTES 512
#define CHUNKS 128
/* Tries against other CPUs at one word. */
#define TRIES 16

const volatile __u64 stamp_magic;
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

struct chunk {
	__u8 bytes[CHUNK_BYTES + 4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct chunk);
} chunks SEC(".maps");

struct ipv4_header {
	__u8 version_and_words, tos;
	__be16 total_bytes, id, fragment;
	__u8 ttl, protocol;
	__be16 checksum;
	__be32 source, destination;
};

struct ipv6_header {
	__be32 version_and_label;
	__be16 payload_bytes;
	__u8 protocol, hop_limit;
	__be32 source[4], destination[4];
};

/* As they stand in the frame, put so that the IP header is aligned. */
struct headers {
	__u16 unused;
	__u8 macs[12];
	__be16 type;
	union {
		struct ipv4_header ipv4;
		struct ipv6_header ipv6;
	};
};
#define HEADERS_BYTES (ETHERNET_BYTES + sizeof(struct ipv6_header))

/* What is common to UDP and TCP. */
struct packet {
	__u32 sequence;
	__u32 offset, bytes; /* of the UDP or TCP header in the frame; to the payload's end */
	__u8 protocol;
	bool has_zero_meaning; /* a UDP checksum of zero means none: in IPv4 only */
	__u64 pseudo; /* sum of the pseudo-header's 16-bit words, not folded */
	__u64 hash; /* of addresses, ports and protocol */
};

enum verdict { GOOD, MALFORMED, BAD_CHECKSUM, PARTIAL_CHECKSUM, NO_CHECKSUM };

/* Verifiers before 6.2 forget a bound that the compiler checks on another copy of the value. */
static __always_inline __u64 bounded(__u64 value, __u64 power_of_two)
{
	asm volatile("" : "+r"(value));
	return value & (power_of_two - 1);
}

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

/* Whether it is one of the measured: counted already, and what is to be done with it if not. */
static __always_inline bool take(struct xdp_md *context, struct sink_counts *cpu,
				 struct stamp *stamp, __u32 *ret_bytes, int *ret_action)
{
	*ret_action = XDP_PASS;
	if (!find_stamp(context, stamp, ret_bytes)) {
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

static __always_inline __u32 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The sum of a part of the frame as 16-bit words, not folded (RFC 1071); negative: not there. */
__noinline __s64 sum_of(struct xdp_md *context, __u32 offset, __u32 bytes)
{
	__u32 zero = 0;
	struct chunk *chunk = bpf_map_lookup_elem(&chunks, &zero);
	__s64 sum = 0;

	if (!chunk)
		return -1;
	for (int i = 0; i < CHUNKS && bytes; i++) {
		__u64 now = bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES;

		asm volatile("" : "+r"(now));
		if (now < 1 || now > CHUNK_BYTES ||
		    bpf_xdp_load_bytes(context, offset, chunk->bytes, now))
			return -1;
		chunk->bytes[now] = chunk->bytes[now + 1] = chunk->bytes[now + 2] = 0;
		sum = bpf_csum_diff(NULL, 0, (__be32 *)chunk->bytes, (now + 3) & 0x3fc, sum);
		if (sum < 0)
			return sum;
		offset += now;
		bytes -= now;
	}
	return bytes ? -1 : sum;
}

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static __always_inline enum verdict read_ipv4(struct xdp_md *context, const struct ipv4_header *ip,
					      __u32 frame_bytes, struct packet *packet)
{
	__u32 header_bytes = (ip->version_and_words & 15) * 4;
	__u32 total_bytes = bpf_ntohs(ip->total_bytes);
	__s64 sum;

	if (ip->version_and_words >> 4 != 4 || header_bytes < sizeof(*ip) ||
	    total_bytes != frame_bytes - ETHERNET_BYTES || total_bytes <= header_bytes ||
	    ip->fragment & bpf_htons(0x3fff))
		return MALFORMED;
	packet->offset = ETHERNET_BYTES + header_bytes;
	packet->bytes = total_bytes - header_bytes;
	packet->protocol = ip->protocol;
	packet->has_zero_meaning = true;
	packet->pseudo = (__u64)ip->source + ip->destination + bpf_htons(ip->protocol) +
			 bpf_htons(packet->bytes);
	packet->hash = mix(mix(ip->protocol, ip->source), ip->destination);
	sum = sum_of(context, ETHERNET_BYTES, header_bytes);
	return sum >= 0 && fold(sum) == 0xffff ? GOOD : BAD_CHECKSUM;
}

static __always_inline enum verdict read_ipv6(const struct ipv6_header *ip, __u32 frame_bytes,
					      struct packet *packet)
{
	packet->offset = ETHERNET_BYTES + sizeof(*ip);
	packet->bytes = bpf_ntohs(ip->payload_bytes);
	if ((ip->version_and_label & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000) ||
	    packet->offset + packet->bytes != frame_bytes)
		return MALFORMED;
	packet->protocol = ip->protocol;
	packet->has_zero_meaning = false;
	packet->pseudo = bpf_htons(ip->protocol) + bpf_htons(packet->bytes);
	packet->hash = ip->protocol;
	for (int i = 0; i < 4; i++) {
		packet->pseudo += (__u64)ip->source[i] + ip->destination[i];
		packet->hash = mix(packet->hash, (__u64)ip->source[i] << 32 | ip->destination[i]);
	}
	return GOOD;
}

static __always_inline enum verdict judge_checksum(struct xdp_md *context,
						   const struct packet *packet, __be16 checksum)
{
	__s64 sum;

	if (!checksum && packet->protocol == IP_UDP)
		return packet->has_zero_meaning ? NO_CHECKSUM : BAD_CHECKSUM;
	sum = sum_of(context, packet->offset, packet->bytes);
	if (sum >= 0 && fold(sum + packet->pseudo) == 0xffff)
		return GOOD;
	return checksum == fold(packet->pseudo) ? PARTIAL_CHECKSUM : BAD_CHECKSUM;
}

/* The L4 header's lengths must be those that the stamp was written for. */
static __always_inline enum verdict judge_l4(struct xdp_md *context, struct packet *packet,
					     __u32 payload_bytes)
{
	__be16 words[TCP_BYTES / 2];
	__u32 header_bytes = UDP_BYTES;

	/* Any stamped UDP packet is longer than this as well. */
	if (packet->bytes < TCP_BYTES ||
	    bpf_xdp_load_bytes(context, packet->offset, words, sizeof(words)))
		return MALFORMED;
	if (packet->protocol == IP_TCP)
		header_bytes = (bpf_ntohs(words[6]) >> 12) * 4;
	else if (packet->protocol != IP_UDP || bpf_ntohs(words[2]) != packet->bytes)
		return MALFORMED;
	if ((packet->protocol == IP_TCP && header_bytes < TCP_BYTES) ||
	    header_bytes + payload_bytes != packet->bytes)
		return MALFORMED;
	packet->hash = mix(packet->hash, (__u64)words[0] << 16 | words[1]);
	return judge_checksum(context, packet, packet->protocol == IP_TCP ? words[8] : words[3]);
}

static __always_inline enum verdict judge_packet(struct xdp_md *context, __u32 frame_bytes,
						 struct packet *packet, __u32 payload_bytes)
{
	struct headers headers = {};
	enum verdict verdict = MALFORMED;

	if (bpf_xdp_load_bytes(context, 0, headers.macs, HEADERS_BYTES))
		return MALFORMED;
	if (headers.type == bpf_htons(ETHERNET_IPV4))
		verdict = read_ipv4(context, &headers.ipv4, frame_bytes, packet);
	else if (headers.type == bpf_htons(ETHERNET_IPV6))
		verdict = read_ipv6(&headers.ipv6, frame_bytes, packet);
	return verdict == GOOD ? judge_l4(context, packet, payload_bytes) : verdict;
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
