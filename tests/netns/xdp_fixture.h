/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Two nodes, a veth pair, and the kernel-side generator as the harness starts it. */

#include "tests/netns/lab_fixture.h"

#include "loadgen/load.h"

extern const struct load_ops load_xdp;

#define MAGIC 0x6c616272756e7864ull

/* Of a topology: `link` is what the pair between the two has beside addresses. */
#define PAIR(link)                                                                                 \
	"{ \"name\": \"pair\", \"nodes\": { \"left\": {}, \"right\": {} }, \"links\": ["           \
	"{ \"endpoints\": [\"left:eth0\", \"right:eth0\"], \"addresses\": "                        \
	"[[\"198.18.0.1/16\", \"fd00::1/64\"], [\"198.18.0.2/16\", \"fd00::2/64\"]]" link " }] }"
#define GRO ", \"offloads\": { \"gro\": \"on\" }"

struct trial {
	const char *params, *to; /* the kind's own fields, in JSON; the address sent to */
	uint64_t count, interval_ps, duration_ns, seed;
	const char *node; /* that sends; NULL: left */
};

static inline void *parse_params(const char *text)
{
	_diag_ struct diag *diag = diag_new("params", text, strlen(text));
	_json_ json_t *json = json_loads(text, 0, NULL);
	void *params = calloc(1, load_xdp.kind.params_size);

	require(json && params, "no JSON: %s", text);
	field_parse(load_xdp.kind.fields, json, NULL, params, arena_new(), diag);
	diag_print(diag, stdout);
	require(diag_count(diag) == 0, "bad params");
	return params;
}

static inline int start(const struct lab *lab, const struct trial *trial, struct load **ret,
			struct err *err)
{
	_free_ void *params = parse_params(trial->params);
	struct load_common common = { .from = trial->node ? trial->node : "left", .to = "right" };
	struct load_pass pass = { .common = &common,
				  .params = params,
				  .magic = MAGIC,
				  .count = trial->count,
				  .interval_ps = trial->interval_ps,
				  .duration_ns = trial->duration_ns,
				  .seed = trial->seed };

	require(address_parse(trial->to, false, &pass.destination), "%s", trial->to);
	common.family = pass.destination.family == AF_INET6;
	require(!load_xdp.check(&common, params), "%s", load_xdp.check(&common, params));
	return load_start(ret, &load_xdp, &pass, lab, err);
}

static inline struct load_report run(const struct lab *lab, const struct trial *trial)
{
	struct load_report *report, copy;
	struct load *load;
	struct err err;

	require(start(lab, trial, &load, &err) == 0, "%s", err.text);
	require(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 60000) == 1, "no end");
	require(load_finish(load, &report, &err) == 0, "%s", err.text);
	memcpy(&copy, report, sizeof(copy));
	load_free(load);
	return copy;
}
