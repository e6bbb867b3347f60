/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* More of the kernel as BPF programs see it, as kernel.h: netfilter's part. */

#include "bpf/kernel.h"

enum nft_chain_types { NFT_CHAIN_T_NAT = 2 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct nf_hook_state {
	__u8 hook, pf;
	struct net *net;
};

struct nf_hook_ops {
	int priority;
};

struct nft_chain_type {
	enum nft_chain_types type;
};

struct nft_chain {
	struct nft_table *table;
};

struct nft_base_chain {
	struct nf_hook_ops ops;
	const struct nft_chain_type *type;
	struct nft_chain chain;
};

struct nft_pktinfo {
	struct sk_buff *skb;
	const struct nf_hook_state *state;
};

struct xt_table {
	char name[32];
};

/* Of x86-64: the first three arguments, and the stack. */
struct pt_regs {
	unsigned long di, si, dx, sp;
};

#pragma clang attribute pop

/* The context of a netfilter program: not relocated, the kernel checks it by its layout. */
struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
};
