/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"

#include <bpf/libbpf.h>

/*
 * Attached nowhere, each run of a program would be entered into the XDP dispatcher and taken out
 * again, two RCU grace periods. So it is attached to a device of its own, in a namespace of its
 * own, where nothing ever arrives. In the driver's own namespace it would show; generic XDP would
 * turn on a static key of the whole host. Both that namespace's descriptor, which alone keeps it,
 * and the link are the caller's to close.
 */
int generator_attach_aside(struct bpf_program *program, int *ret_netns_fd, struct bpf_link **ret,
			   struct err *err);
