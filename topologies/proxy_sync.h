/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What kube-proxy does to a node's rules, by the tool of its mode, in the calling thread's network
 * namespace. The mode is not none.
 */

#include "harness/proc.h"
#include "topologies/proxy_rules.h"

enum proxy_step {
	PROXY_LOAD, /* all rules, where there are none */
	PROXY_ADD, /* the last service, where the others are loaded */
	PROXY_LIST, /* what is loaded, as text that nobody reads */
	PROXY_DELETE, /* everything */
	PROXY_STEP_COUNT
};
extern const char *const proxy_step_names[PROXY_STEP_COUNT];

/* Its node ports are on the first address of `node`. */
struct proxy_rules proxy_rules_make(const struct proxy_params *params,
				    const struct topology *topology, size_t node);
/* `spent`: see proc.h. */
int proxy_sync(enum proxy_step step, const struct proxy_rules *rules, struct proc_spent *spent,
	       struct err *err);
