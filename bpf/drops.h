/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Named drops: which of the run's packets the kernel threw away, at which device and why, so that
 * sent = delivered + dropped can be asked for, by name and exactly. Costs nothing while nothing is
 * dropped: it hangs on the tracepoints of kfree_skb and of XDP's failures only.
 *
 * What it cannot know: a copy that is dropped (a bridge that floods, a capture) counts although the
 * packet itself arrived; an skb that an XDP program drops counts (`xdp`), so a sink on a veth whose
 * packets come from the stack is seen here as well as in its own counts. XDP's own failures are
 * `unstamped` always, since there is no skb to read; and in generic mode an skb is freed after them
 * and counted a second time.
 *
 * Needs root. The tracepoints are the machine's, not a namespace's: what is not the lab's is left
 * out by the programs.
 */

#include "harness/err.h"

#include <stddef.h>
#include <stdint.h>

struct lab;

#define DROP_WHERE_BYTES 64

struct drop {
	const char *node, *device; /* the lab's; "none": known to no device, or no node */
	/*
	 * The kernel's reason in lower case ("socket_rcvbuff"), else the function that dropped it
	 * ("vxlan_xmit"); a word of our own where either says too little ("veth_ring").
	 */
	char where[DROP_WHERE_BYTES];
	uint64_t packets; /* with this run's stamp, warm-up not among them; GSO: its segments */
	uint64_t warmup;
	uint64_t unstamped; /* of the lab's namespaces, but whose cannot be read, or not ours */
};

/* Whatever is not 0 makes a list incomplete. */
struct drops_losses {
	uint64_t missed; /* firings that the kernel skipped */
	uint64_t uncounted; /* no room for one more place */
};

struct drops;
/* Attached from here on; magic is the run's. */
int drops_open(struct drops **ret, uint64_t magic, struct err *err);
void drops_close(struct drops *drops); /* NULL is fine */
/* Forgets what was seen. The lab is borrowed until the next call or close. */
int drops_watch(struct drops *drops, const struct lab *lab, struct err *err);
/* At any time. Sorted by node, device, where; each once. The caller frees. */
int drops_read(struct drops *drops, struct drop **ret, size_t *ret_count,
	       struct drops_losses *ret_losses, struct err *err);
