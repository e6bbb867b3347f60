/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The kernel as the BPF programs see it: only the types and fields that a probe reads, relocated
 * at load time against the running kernel's BTF (CO-RE), so that one object serves all kernels.
 */

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

#define true 1
#define false 0

/* include/uapi/linux/bpf.h, whose own includes are not there for the bpf target */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
};

enum {
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1 << 0,
	BPF_F_MMAPABLE = 1 << 10,
};

enum xdp_action {
	XDP_DROP = 1,
	XDP_PASS = 2,
};

struct xdp_md {
	__u32 data, data_end, data_meta;
	__u32 ingress_ifindex, rx_queue_index, egress_ifindex;
};

/* As far as a program needs it: offsets are the kernel's own. */
struct __sk_buff {
	__u32 len;
	__u32 before_data[18];
	__u32 data, data_end;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum; /* st_ino of the namespace: which node */
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex; /* which device; repeats across namespaces */
	possible_net_t nd_net;
};

struct sock_common {
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
};

struct napi_struct {
	struct net_device *dev; /* NULL: of the CPU's own queue */
};

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	struct nsproxy *nsproxy; /* NULL: it is ending */
};

struct sk_buff {
	struct net_device *dev; /* of a packet in a socket: something else in the same place */
	struct sock *sk; /* the sender's, where it is known */
	int skb_iif; /* ifindex of the device at which it arrived; 0: it started here */
	unsigned int len; /* of the packet, from the current header on */
	unsigned int data_len; /* of it, what is in pages: not 0 means not linear */
	__u16 network_header; /* offset from head, for the addresses of a trace */
	__u16 mac_header; /* likewise, of a packet that was received */
	unsigned int tail; /* offset from head of the packet's end: the stamp is before it */
	unsigned int end; /* offset from head of struct skb_shared_info */
	unsigned char *head, *data;
};

struct skb_shared_info {
	unsigned short gso_segs; /* packets in one; 0: it is one */
};

/* Two words, and a byte, that happen to have a type in the kernel's BTF: see read_stamp(). */
struct timespec64 {
	__s64 tv_sec;
	__s64 tv_nsec;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

#pragma clang attribute pop
