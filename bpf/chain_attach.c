// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three ways to be there when a packet walks through rules. Programs at functions are attached
 * once and see all namespaces; brackets are hooks of one namespace.
 */
#include "bpf/chain_probe.h"

#include "bpf/chain.skel.h"
#include "bpf/program.h"
#include "harness/cleanup.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/bpf.h from 6.4 on; Debian 12's headers and libbpf are older. */
#define BPF_PROG_TYPE_NETFILTER_ 32
#define BPF_NETFILTER_ 45

const char *const chain_method_names[] = { "auto", "fentry", "kprobe", "bracket", NULL };

static bool is_of_bracket(const struct bpf_program *program)
{
	return !strcmp(bpf_program__section_name(program), "netfilter");
}

/* Whether the program is of that function, or of none that a kernel may lack. */
static bool has_function(const struct chain *chain, const char *section)
{
	if (strstr(section, "ipt_do_table"))
		return chain->has_ipt;
	return strstr(section, "nft_do_chain") ? chain->has_nft : true;
}

static bool is_chosen(const struct chain *chain, const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	bool is_kprobe = *section == 'k';

	if (chain->method == CHAIN_BRACKET)
		return is_of_bracket(program);
	/* The kernel's self-test is called by a program of this type, attached or not. */
	if (!strcmp(bpf_program__name(program), "enter_nothing"))
		return true;
	return !is_of_bracket(program) && is_kprobe == (chain->method == CHAIN_KPROBE) &&
	       has_function(chain, section);
}

void chain_select_programs(struct chain *chain)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, chain->skeleton->obj) {
		if (is_of_bracket(program)) {
			bpf_program__set_type(program, BPF_PROG_TYPE_NETFILTER_);
			bpf_program__set_expected_attach_type(program, BPF_NETFILTER_);
		}
		bpf_program__set_autoload(program, is_chosen(chain, program));
	}
}

void chain_detach(struct chain *chain)
{
	while (chain->link_count > 0)
		bpf_link__destroy(chain->links[--chain->link_count]);
	while (chain->hook_count > 0)
		close(chain->hooks[--chain->hook_count]);
	chain->attached = CHAIN_DETACHED;
}

/* Whether a program, by its name, is among those of that condition. */
static bool is_attached_when(const char *name, enum chain_attach which)
{
	bool is_empty = !strncmp(name, "empty_", 6), is_nothing = strstr(name, "_nothing");

	return which == CHAIN_EMPTY  ? is_empty
	       : which == CHAIN_FULL ? !is_empty && !is_nothing
				     : which == CHAIN_NOTHING && is_nothing;
}

static int attach_functions(struct chain *chain, enum chain_attach which, struct err *err)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, chain->skeleton->obj) {
		const char *section = bpf_program__section_name(program);
		struct bpf_link *link;

		if (!bpf_program__autoload(program) ||
		    (*section == 'k') != (chain->method == CHAIN_KPROBE) ||
		    !is_attached_when(bpf_program__name(program), which))
			continue;
		link = bpf_program__attach(program);
		if (!link)
			return err_need(err, "this kernel lets no program be attached to %s: %s",
					strchr(section, '/') + 1, strerror(errno));
		chain->links[chain->link_count++] = link;
	}
	return 0;
}

struct hook {
	uint32_t family, number;
	int priority;
};

static int attach_hook(struct chain *chain, const struct bpf_program *program,
		       const struct hook *hook, struct err *err)
{
	struct {
		uint32_t program, target, type, flags;
		uint32_t family, number;
		int32_t priority;
		uint32_t hook_flags;
	} attr = {
		.program = (uint32_t)bpf_program__fd(program),
		.type = BPF_NETFILTER_,
		.family = hook->family,
		.number = hook->number,
		.priority = hook->priority,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	if (fd < 0)
		return err_errno(err, -errno, "attach to netfilter's hook %u at priority %d",
				 hook->number, hook->priority);
	chain->hooks[chain->hook_count++] = fd;
	return 0;
}

static struct bpf_program *before_program(const struct chain *chain, uint8_t id)
{
	struct chain_bpf *skeleton = chain->skeleton;
	struct bpf_program *const programs[CHAIN_TABLE_COUNT] = {
		[CHAIN_RAW] = skeleton->progs.before_raw,
		[CHAIN_MANGLE] = skeleton->progs.before_mangle,
		[CHAIN_NAT] = skeleton->progs.before_nat,
		[CHAIN_FILTER] = skeleton->progs.before_filter,
	};

	return programs[id / CHAIN_HOOK_COUNT];
}

static int attach_bracket(struct chain *chain, const struct chain_place *place, size_t range,
			  bool empty, struct err *err)
{
	struct bpf_program *twin = chain->skeleton->progs.empty_bracket;
	struct bpf_program *before = empty ? twin : before_program(chain, place->id);
	struct bpf_program *after = empty ? twin : chain->skeleton->progs.after_bracket;
	static const uint32_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	int code = 0;

	for (size_t i = 0; i < 2 && !code; i++) {
		struct hook hook = { families[i], place->id % CHAIN_HOOK_COUNT,
				     place->ranges[range].before };

		code = attach_hook(chain, before, &hook, err);
		hook.priority = place->ranges[range].after;
		if (!code)
			code = attach_hook(chain, after, &hook, err);
	}
	return code;
}

static int attach_brackets(struct chain *chain, bool empty, uint32_t wanted, struct err *err)
{
	int code = 0;

	for (size_t i = 0; chain_names[i] && !code; i++)
		for (size_t j = 0; j < 2 && !code && wanted & chain_place_bit(i); j++)
			if (chain_places[i].ranges[j].before != chain_places[i].ranges[j].after)
				code = attach_bracket(chain, &chain_places[i], j, empty, err);
	return code;
}

int chain_attach(struct chain *chain, enum chain_attach which, uint32_t wanted, struct err *err)
{
	bool is_bracket = chain->method == CHAIN_BRACKET;
	int code = 0;

	chain->skeleton->bss->wanted_chains = wanted;
	/* Programs at functions stay from job to job: namespaces are nothing to them. */
	if (!is_bracket && chain->attached == which)
		return 0;
	chain_detach(chain);
	if (which != CHAIN_DETACHED && is_bracket)
		code = attach_brackets(chain, which == CHAIN_EMPTY, wanted, err);
	else if (which != CHAIN_DETACHED)
		code = attach_functions(chain, which, err);
	if (code)
		chain_detach(chain);
	else
		chain->attached = which;
	return code;
}

uint64_t chain_missed(const struct chain *chain)
{
	struct bpf_program *program;
	uint64_t sum = 0;

	bpf_object__for_each_program (program, chain->skeleton->obj)
		if (bpf_program__autoload(program))
			sum += program_missed(program);
	return sum;
}
