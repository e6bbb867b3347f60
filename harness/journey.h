/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "bpf/hops.h"
#include "bpf/probe.h"

#include <jansson.h>
#include <stdio.h>

struct lab;

/*
 * A packet's journey from the records of a hops probe, in order of time: an array of {"netns",
 * "node", "interface", "direction": "request" | "reply", "type": the same or "tunnel", "source",
 * "destination", "function", "role" (as in a topology's path), "cpu", "time_ns", "delta_ns"}.
 * Addresses are of the outer header as it stood there; null for net_dev_xmit, which no longer owns
 * the packet. A new reference.
 */
json_t *journey_read(struct probe *probe, const struct lab *lab);
/* Which node and device of the lab it was at; "?" if it has none such. */
struct journey_place {
	const char *node, *device;
};
struct journey_place journey_find_place(const struct lab *lab, const struct hop_event *event);
/* As the paper prints it, with the time since the hop before. */
void journey_print(const json_t *journey, FILE *out);
