// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long netfilter's rules hold one of the load's packets: from the call of the function that
 * walks a table's rules (ipt_do_table, nft_do_chain) to its return, or, where no program may be
 * attached to functions, between two hooks of our own just before and just after the table's.
 *
 * The time is the last thing taken at the beginning and the first at the end, so that of the
 * probe's own work only the way out of one program and into the other lies within.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/chain.h"
#include "bpf/netfilter.h"
#include "bpf/packet.h"

char LICENSE[] SEC("license") = "GPL";

#define NFPROTO_IPV4 2
#define NFPROTO_IPV6 10
#define NF_ACCEPT 1
#define PRIORITY_RAW -300
#define PRIORITY_MANGLE -150

const volatile __u64 stamp_magic;
const volatile __u32 calls_per_cpu;

/* Set for each job: the namespace in which packets are timed, and the chains, a bit each. */
__u32 watched_inode;
__u32 wanted_chains;

struct chain_cpu cpus[CHAIN_MAX_CPUS];

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct chain_call);
} calls SEC(".maps");

static __always_inline struct chain_cpu *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return cpu < CHAIN_MAX_CPUS ? &cpus[bounded(cpu, CHAIN_MAX_CPUS)] : NULL;
}

static __always_inline bool is_wanted(__u32 chain)
{
	return chain < CHAIN_COUNT && wanted_chains & 1u << (chain & 31);
}

/* The names of the tables differ in their first letters. */
static __always_inline __u32 table_of_iptables(const void *table)
{
	char first = 0;

	bpf_core_read(&first, 1, &((const struct xt_table *)table)->name);
	return first == 'n'   ? CHAIN_NAT
	       : first == 'f' ? CHAIN_FILTER
	       : first == 'm' ? CHAIN_MANGLE
	       : first == 'r' ? CHAIN_RAW
			      : CHAIN_TABLE_COUNT;
}

static __always_inline __u32 read_table_of_nftables(const void *chain)
{
	const struct nft_base_chain *base =
		chain - bpf_core_field_offset(struct nft_base_chain, chain);
	int priority;

	if (BPF_CORE_READ(base, type, type) == NFT_CHAIN_T_NAT)
		return CHAIN_NAT;
	priority = BPF_CORE_READ(base, ops.priority);
	return priority == PRIORITY_RAW	     ? CHAIN_RAW
	       : priority == PRIORITY_MANGLE ? CHAIN_MANGLE
					     : CHAIN_FILTER;
}

/* Chains do not change while packets are measured. */
static __always_inline __u32 table_of_nftables(struct chain_cpu *cpu, const void *chain)
{
	__u64 address = (__u64)chain, at = bounded(address >> 8, CHAIN_KNOWN);

	if (cpu->known[at].address != address) {
		cpu->known[at].table = read_table_of_nftables(chain);
		cpu->known[at].address = address;
	}
	return cpu->known[at].table;
}

/* What is known of a packet when a program is called, however it could be read. */
struct caller {
	const unsigned char *end;
	__u32 length, paged_bytes;
	__u64 key;
};

static __always_inline bool identify(const struct caller *caller, struct chain_cpu *cpu,
				     struct packet *packet)
{
	switch (packet_read(caller->end, caller->length, caller->paged_bytes, stamp_magic,
			    packet)) {
	case PACKET_MEASURED:
		return true;
	case PACKET_OTHER:
		cpu->unstamped += caller->paged_bytes != 0;
		return false;
	case PACKET_UNREADABLE:
		cpu->unreadable++;
		return false;
	default:
		return false;
	}
}

static __always_inline void open_call(struct chain_cpu *cpu, const struct packet *packet, __u64 key,
				      __u32 chain)
{
	__u64 depth = cpu->depth;

	if (depth >= CHAIN_MAX_NESTING) {
		/* Those that are dropped within a call are never closed. */
		cpu->nested_too_deep++;
		depth = 0;
	}
	cpu->opened++;
	cpu->depth = depth + 1;
	depth = bounded(depth, CHAIN_MAX_NESTING);
	cpu->open[depth].key = key;
	cpu->open[depth].sequence = packet->sequence;
	cpu->open[depth].chain = chain;
	cpu->open[depth].direction = packet->direction;
	cpu->open[depth].start_ns = bpf_ktime_get_ns();
}

static __always_inline void log_call(struct chain_cpu *cpu, __u64 open, __u64 now_ns)
{
	__u64 position = cpu->next++;
	struct chain_call *call;
	__u32 index;

	if (position >= calls_per_cpu)
		return;
	index = bpf_get_smp_processor_id() * calls_per_cpu + position;
	call = bpf_map_lookup_elem(&calls, &index);
	if (!call)
		return;
	call->span_ns = now_ns - cpu->open[open].start_ns;
	call->sequence = cpu->open[open].sequence;
	call->chain = cpu->open[open].chain;
	call->direction = cpu->open[open].direction;
}

/* The latest call that was opened with that key; others above it have ended unseen. */
static __always_inline int close_call(__u64 key)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct chain_cpu *cpu = this_cpu();

	if (!cpu)
		return 0;
	for (__u64 depth = cpu->depth, i = 0; i < CHAIN_MAX_NESTING && depth > 0; i++) {
		__u64 top = bounded(--depth, CHAIN_MAX_NESTING);

		if (cpu->open[top].key != key)
			continue;
		cpu->depth = top;
		log_call(cpu, top, now_ns);
		return 0;
	}
	return 0;
}

/* Where the verifier knows what it is: fields are read as they are. */
static __always_inline struct caller caller_of(struct sk_buff *skb)
{
	return (struct caller){ skb->head + skb->tail, skb->len, skb->data_len, (__u64)skb };
}

static __always_inline bool is_watched(const struct nf_hook_state *state)
{
	return state->net->ns.inum == watched_inode &&
	       (state->pf == NFPROTO_IPV4 || state->pf == NFPROTO_IPV6);
}

SEC("fentry/ipt_do_table")
int BPF_PROG(enter_ipt_do_table, void *table, struct sk_buff *skb,
	     const struct nf_hook_state *state)
{
	struct chain_cpu *cpu = this_cpu();
	struct caller caller;
	struct packet packet;
	__u32 chain;

	if (!cpu || !is_watched(state))
		return 0;
	caller = caller_of(skb);
	if (!identify(&caller, cpu, &packet))
		return 0;
	chain = CHAIN_ID(table_of_iptables(table), state->hook);
	if (is_wanted(chain))
		open_call(cpu, &packet, caller.key, chain);
	return 0;
}

SEC("fexit/ipt_do_table")
int BPF_PROG(leave_ipt_do_table, void *table, struct sk_buff *skb)
{
	return close_call((__u64)skb);
}

SEC("fentry/nft_do_chain")
int BPF_PROG(enter_nft_do_chain, struct nft_pktinfo *info, void *nft_chain)
{
	struct chain_cpu *cpu = this_cpu();
	struct caller caller;
	struct packet packet;
	__u32 chain;

	if (!cpu || !is_watched(info->state))
		return 0;
	caller = caller_of(info->skb);
	if (!identify(&caller, cpu, &packet))
		return 0;
	chain = CHAIN_ID(table_of_nftables(cpu, nft_chain), info->state->hook);
	if (is_wanted(chain))
		open_call(cpu, &packet, caller.key, chain);
	return 0;
}

/* The skb may be another's by now: only its address is looked at. */
SEC("fexit/nft_do_chain")
int BPF_PROG(leave_nft_do_chain, struct nft_pktinfo *info)
{
	return close_call((__u64)info->skb);
}

/* The same by kprobes, where every field takes a helper to be read. What returns is known by its
 * place on the stack: a return probe is handed no arguments. */
static __always_inline struct chain_cpu *watched_by_kprobe(const struct nf_hook_state *state)
{
	__u8 family = BPF_CORE_READ(state, pf);

	if (BPF_CORE_READ(state, net, ns.inum) != watched_inode ||
	    (family != NFPROTO_IPV4 && family != NFPROTO_IPV6))
		return NULL;
	return this_cpu();
}

static __always_inline bool identify_by_kprobe(struct chain_cpu *cpu, struct sk_buff *skb,
					       struct packet *packet)
{
	struct caller caller = {
		.end = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, tail),
		.length = BPF_CORE_READ(skb, len),
		.paged_bytes = BPF_CORE_READ(skb, data_len),
	};

	return identify(&caller, cpu, packet);
}

SEC("kprobe/ipt_do_table")
int kenter_ipt_do_table(struct pt_regs *regs)
{
	const struct nf_hook_state *state = (const void *)regs->dx;
	struct chain_cpu *cpu = watched_by_kprobe(state);
	struct packet packet;
	__u32 chain;

	if (!cpu || !identify_by_kprobe(cpu, (struct sk_buff *)regs->si, &packet))
		return 0;
	chain = CHAIN_ID(table_of_iptables((void *)regs->di), BPF_CORE_READ(state, hook));
	if (is_wanted(chain))
		open_call(cpu, &packet, regs->sp, chain);
	return 0;
}

SEC("kprobe/nft_do_chain")
int kenter_nft_do_chain(struct pt_regs *regs)
{
	struct nft_pktinfo *info = (struct nft_pktinfo *)regs->di;
	const struct nf_hook_state *state = BPF_CORE_READ(info, state);
	struct chain_cpu *cpu = watched_by_kprobe(state);
	struct packet packet;
	__u32 chain;

	if (!cpu || !identify_by_kprobe(cpu, BPF_CORE_READ(info, skb), &packet))
		return 0;
	chain = CHAIN_ID(table_of_nftables(cpu, (void *)regs->si), BPF_CORE_READ(state, hook));
	if (is_wanted(chain))
		open_call(cpu, &packet, regs->sp, chain);
	return 0;
}

/* The return address is off the stack by then. */
SEC("kretprobe/ipt_do_table")
int kleave_ipt_do_table(struct pt_regs *regs)
{
	return close_call(regs->sp - sizeof(long));
}

SEC("kretprobe/nft_do_chain")
int kleave_nft_do_chain(struct pt_regs *regs)
{
	return close_call(regs->sp - sizeof(long));
}

/* Between two hooks. libbpf of Debian 12 does not know the type: the user side sets it. */
static __always_inline int open_bracket(struct bpf_nf_ctx *context, __u32 table)
{
	struct chain_cpu *cpu = this_cpu();
	struct caller caller = caller_of(context->skb);
	struct packet packet;

	if (cpu && identify(&caller, cpu, &packet))
		open_call(cpu, &packet, caller.key, CHAIN_ID(table, context->state->hook));
	return NF_ACCEPT;
}

#define BRACKET(name, table)                                                                       \
	SEC("netfilter")                                                                           \
	int before_##name(struct bpf_nf_ctx *context)                                              \
	{                                                                                          \
		return open_bracket(context, table);                                               \
	}

BRACKET(raw, CHAIN_RAW)
BRACKET(mangle, CHAIN_MANGLE)
BRACKET(nat, CHAIN_NAT)
BRACKET(filter, CHAIN_FILTER)

SEC("netfilter")
int after_bracket(struct bpf_nf_ctx *context)
{
	close_call((__u64)context->skb);
	return NF_ACCEPT;
}

/* Empty twins: what being called costs, without what the probe then does. */
#define EMPTY(section, name, verdict)                                                              \
	SEC(section)                                                                               \
	int name(void *context)                                                                    \
	{                                                                                          \
		return verdict;                                                                    \
	}

EMPTY("fentry/nft_do_chain", empty_enter_nft_do_chain, 0)
EMPTY("fexit/nft_do_chain", empty_leave_nft_do_chain, 0)
EMPTY("kprobe/nft_do_chain", empty_kenter_nft_do_chain, 0)
EMPTY("kretprobe/nft_do_chain", empty_kleave_nft_do_chain, 0)
EMPTY("netfilter", empty_bracket, NF_ACCEPT)

/*
 * A call of nothing: functions of the kernel's own self-test, which add two numbers, timed in the
 * same way. What is measured there is what of the probe itself falls into every span.
 */
static __always_inline int open_nothing(__u64 key)
{
	const struct packet packet = {};
	struct chain_cpu *cpu = this_cpu();

	if (cpu)
		open_call(cpu, &packet, key, 0);
	return 0;
}

SEC("fentry/bpf_fentry_test1")
int BPF_PROG(enter_nothing, int value)
{
	return open_nothing(1);
}

SEC("fexit/bpf_fentry_test1")
int BPF_PROG(leave_nothing, int value)
{
	return close_call(1);
}

SEC("kprobe/bpf_fentry_test1")
int kenter_nothing(struct pt_regs *regs)
{
	return open_nothing(regs->sp);
}

SEC("kretprobe/bpf_fentry_test1")
int kleave_nothing(struct pt_regs *regs)
{
	return close_call(regs->sp - sizeof(long));
}
