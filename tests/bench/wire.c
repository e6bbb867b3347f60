// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bench/wire.h"

#include "bpf/generator.h"
#include "harness/cleanup.h"
#include "topologies/netns.h"
#include "topologies/rtnl.h"

#include <bpf/libbpf.h>
#include <string.h>

static int sink_map;

void check(int code, const char *what)
{
	if (code >= 0)
		return;
	fprintf(stderr, "generators: %s: %s\n", what, strerror(-code));
	exit(1);
}

#define INSN(...) ((struct bpf_insn){ __VA_ARGS__ })
#define CALL(function) INSN(.code = BPF_JMP | BPF_CALL, .imm = (function))
#define SET(to, value) INSN(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (value))
#define ADD(to, value) INSN(.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (to), .imm = (value))
#define EXIT INSN(.code = BPF_JMP | BPF_EXIT)

static int load_program(const struct bpf_insn *code, size_t count)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "bench", "GPL", code, count, NULL);

	check(fd, "load a program");
	return fd;
}

/* values[0] of this CPU goes up by one, and the packet away. */
static int load_sink(void)
{
	const struct bpf_insn code[] = {
		INSN(.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4),
		INSN(.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_1,
		     .src_reg = BPF_PSEUDO_MAP_FD, .imm = sink_map),
		INSN(.code = 0),
		INSN(.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2,
		     .src_reg = BPF_REG_10),
		ADD(BPF_REG_2, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		INSN(.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 3),
		INSN(.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1,
		     .src_reg = BPF_REG_0),
		ADD(BPF_REG_1, 1),
		INSN(.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0,
		     .src_reg = BPF_REG_1),
		SET(BPF_REG_0, XDP_DROP),
		EXIT,
	};

	return load_program(code, ARRAY_SIZE(code));
}

int wire_load_bare(void)
{
	const struct bpf_insn code[] = { SET(BPF_REG_1, WIRE_OUT), SET(BPF_REG_2, 0),
					 CALL(BPF_FUNC_redirect), EXIT };

	return load_program(code, ARRAY_SIZE(code));
}

uint64_t wire_arrived(void)
{
	uint64_t values[GENERATOR_MAX_CPUS] = { 0 }, total = 0;
	uint32_t key = 0;

	check(bpf_map_lookup_elem(sink_map, &key, values), "read the sink");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		total += values[i];
	return total;
}

static int address_out(struct rtnl *rtnl, struct err *err)
{
	static const uint8_t mac[MAC_BYTES] = { 0x02 };
	const struct rtnl_device out = { "out", WIRE_OUT };
	struct address own, other;
	int code;

	address_parse("198.18.0.1/24", true, &own);
	address_parse("198.18.0.2", false, &other);
	code = rtnl_add_address(rtnl, &out, &own, err);
	return code ? code : rtnl_add_neighbour(rtnl, &out, &other, mac, err);
}

static int add_pair(struct err *err)
{
	const struct rtnl_link ends[2] = {
		{ "out", "veth", WIRE_OUT, .netns_fd = -1, .tx_queues = 2, .rx_queues = 2 },
		{ "sink", "veth", WIRE_SINK, .netns_fd = -1, .tx_queues = 2, .rx_queues = 2 },
	};
	_rtnl_ struct rtnl *rtnl = NULL;
	int code = rtnl_open(&rtnl, err);

	if (!code)
		code = rtnl_add_veth(rtnl, ends, err);
	for (size_t i = 0; i < ARRAY_SIZE(ends) && !code; i++) {
		const struct rtnl_device device = { ends[i].name, ends[i].ifindex };

		code = rtnl_set_no_link_local(rtnl, &device, err);
		if (!code)
			code = rtnl_set_up(rtnl, &device, err);
	}
	if (!code)
		code = address_out(rtnl, err);
	return code ? code : rtnl_flush(rtnl, err);
}

void wire_build(void)
{
	struct err err = { .text = "" };
	int fd, code = netns_new(&fd, &err);

	if (!code)
		code = add_pair(&err);
	check(code, err.text);
	sink_map = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "sink", 4, 8, 1, NULL);
	check(sink_map, "make a map");
	check(bpf_xdp_attach(WIRE_SINK, load_sink(), 0, NULL), "attach the sink");
}
