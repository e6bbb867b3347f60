/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "topologies/topology.h"

#include <jansson.h>

/*
 * A journey (journey_read()) as a trace that Perfetto and chrome://tracing open: Chrome's "Trace
 * Event Format". A process is a node, a thread a device; a slice is a segment or span of the path,
 * on the device where it begins; an instant is a hop; one flow goes through the segments, there and
 * back. Times are in us from the first hop, with ns behind the point; the clock's own stand in the
 * hops' arguments. A new reference.
 */
json_t *journey_perfetto(const json_t *journey, const struct topology *topology);
