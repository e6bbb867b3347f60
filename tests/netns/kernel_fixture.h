/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The kernel's own list of network namespaces, which it shows to nobody: those without a holder
 * are in no file of /proc. Read word by word by a BPF program of five lines, starting from the
 * namespace that we are in, along offsets that the kernel's BTF gives.
 */

#include "tests/test.h"

#include "harness/cleanup.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

/* Longer than any list: it changed while it was read, and we strayed. */
#define KERNEL_LIST_MAX 20000

struct kernel {
	int program;
	uint32_t nsproxy, net, list, cookie, inode; /* offsets in bytes */
};

/* What the program is given and gives back. */
struct kernel_word {
	uint64_t address; /* 0: that of the current task */
	uint64_t value;
};

struct netns {
	uint64_t cookie; /* never given twice, as inodes are */
	uint32_t inode;
};

struct netns_list {
	struct netns *items;
	size_t count;
};

#define INSN(code_, to, from, offset, value)                                                       \
	{                                                                                          \
		.code = (code_), .dst_reg = (to), .src_reg = (from), .off = (offset),              \
		.imm = (value)                                                                     \
	}
#define MOVE(to, from) INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define SET(to, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)
#define ADD(to, value) INSN(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value)
#define LOAD(to, from, offset) INSN(BPF_LDX | BPF_MEM | BPF_DW, to, from, offset, 0)
#define STORE(to, offset, from) INSN(BPF_STX | BPF_MEM | BPF_DW, to, from, offset, 0)
#define CALL(function) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define SKIP_UNLESS_ZERO(of, count) INSN(BPF_JMP | BPF_JNE | BPF_K, of, 0, count, 0)
#define RETURN INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static inline int kernel_load_program(void)
{
	static const struct bpf_insn code[] = {
		MOVE(6, 1),
		LOAD(3, 6, 0),
		SKIP_UNLESS_ZERO(3, 4),
		CALL(BPF_FUNC_get_current_task),
		STORE(6, 8, 0),
		SET(0, 0),
		RETURN,
		MOVE(1, 10),
		ADD(1, -8),
		SET(2, 8),
		CALL(BPF_FUNC_probe_read_kernel),
		LOAD(1, 10, -8),
		STORE(6, 8, 1),
		SET(0, 0),
		RETURN,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_SLEEPABLE);

	return bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "read_word", "GPL", code, ARRAY_SIZE(code),
			     &options);
}

static inline uint64_t kernel_read(const struct kernel *kernel, uint64_t address)
{
	struct kernel_word word = { .address = address };
	/* Programs of this type write to what they were given. */
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &word, .ctx_size_in = sizeof(word));

	return bpf_prog_test_run_opts(kernel->program, &options) ? 0 : word.value;
}

/* False: there is no such member. One of a struct within is given as "ns.inum". */
static inline bool find_offset(const struct btf *btf, const char *type, const char *path,
			       uint32_t *ret)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *structure = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_member *members = structure ? btf_members(structure) : NULL;
	size_t length = strcspn(path, ".");

	for (int i = 0; structure && i < btf_vlen(structure); i++) {
		const char *name = btf__name_by_offset(btf, members[i].name_off);

		if (strlen(name) != length || strncmp(name, path, length))
			continue;
		*ret += btf_member_bit_offset(structure, (uint32_t)i) / 8;
		if (!path[length])
			return true;
		structure = btf__type_by_id(btf, members[i].type);
		return find_offset(btf, btf__name_by_offset(btf, structure->name_off),
				   path + length + 1, ret);
	}
	return false;
}

/* False where the kernel does not let us; then only what shows in /proc is known. */
static inline bool kernel_open(struct kernel *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool found;

	*ret = (struct kernel){ .program = -1 };
	found = btf && find_offset(btf, "task_struct", "nsproxy", &ret->nsproxy) &&
		find_offset(btf, "nsproxy", "net_ns", &ret->net) &&
		find_offset(btf, "net", "list", &ret->list) &&
		find_offset(btf, "net", "net_cookie", &ret->cookie) &&
		find_offset(btf, "net", "ns.inum", &ret->inode);
	btf__free(btf);
	if (found)
		ret->program = kernel_load_program();
	return ret->program >= 0;
}

static inline void kernel_close(struct kernel *kernel)
{
	cleanup_close(&kernel->program);
}

static inline void netns_list_add(struct netns_list *list, const struct kernel *kernel,
				  uint64_t address)
{
	list->items = reallocarray(list->items, list->count + 1, sizeof(*list->items));
	assert_non_null(list->items);
	list->items[list->count++] = (struct netns){
		.cookie = kernel_read(kernel, address + kernel->cookie),
		.inode = (uint32_t)kernel_read(kernel, address + kernel->inode),
	};
}

/*
 * All of them, once round the ring from our own. The ring's head is taken for one more: it is
 * always the same, and disturbs no comparison. False: strayed, try again.
 */
static inline bool netns_list_read(const struct kernel *kernel, struct netns_list *ret)
{
	uint64_t task = kernel_read(kernel, 0);
	uint64_t proxy = kernel_read(kernel, task + kernel->nsproxy);
	uint64_t own = kernel_read(kernel, proxy + kernel->net) + kernel->list, at = own;

	*ret = (struct netns_list){};
	do {
		netns_list_add(ret, kernel, at - kernel->list);
		at = kernel_read(kernel, at);
	} while (at > UINT64_MAX / 2 && at != own && ret->count < KERNEL_LIST_MAX);
	return at == own;
}

static inline void netns_list_done(struct netns_list *list)
{
	free(list->items);
}
#define _netns_list_ __attribute__((cleanup(netns_list_done)))

static inline bool netns_list_has(const struct netns_list *list, uint64_t cookie)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].cookie == cookie)
			return true;
	return false;
}
