// SPDX-License-Identifier: GPL-2.0-only
#include "harness/journey_perfetto.h"

#include "harness/json_read.h"
#include "topologies/path.h"

#include <string.h>

#define FLOW_ID 1

struct trace {
	const json_t *journey;
	const struct topology *topology;
	json_t *events;
	const json_t *last; /* segment's hop that the flow has reached */
};

static json_int_t time_of(const json_t *hop)
{
	return json_integer_value(json_object_get(hop, "time_ns"));
}

static double microseconds(const struct trace *trace, const json_t *hop)
{
	return (double)(time_of(hop) - time_of(json_array_get(trace->journey, 0))) / 1000;
}

/* Processes by node, from 1. */
static json_int_t process_of(const struct trace *trace, const json_t *hop)
{
	return topology_find_node(trace->topology, json_read_text(hop, "node")) + 1;
}

static bool is_same_device(const json_t *one, const json_t *other)
{
	return !strcmp(json_read_text(one, "node"), json_read_text(other, "node")) &&
	       !strcmp(json_read_text(one, "interface"), json_read_text(other, "interface"));
}

/* The index of the first hop at that device: one number for it, and in the order of the path. */
static json_int_t thread_of(const struct trace *trace, const json_t *hop)
{
	const json_t *other;
	size_t i;

	json_array_foreach (trace->journey, i, other)
		if (is_same_device(hop, other))
			return (json_int_t)i + 1;
	return 0;
}

/* An event of the kind `phase` where and when that hop was; the trace keeps it. */
static json_t *add_event(struct trace *trace, const char *phase, const char *name,
			 const json_t *hop)
{
	json_t *event =
		json_pack("{s:s, s:s, s:s, s:f, s:I, s:I}", "ph", phase, "name", name, "cat",
			  json_read_text(hop, "direction"), "ts", microseconds(trace, hop), "pid",
			  process_of(trace, hop), "tid", thread_of(trace, hop));

	json_array_append_new(trace->events, event);
	return event;
}

static void add_name(struct trace *trace, const char *what, const char *name, const json_t *hop)
{
	json_t *event = add_event(trace, "M", what, hop);

	json_object_set_new(event, "args", json_pack("{s:s}", "name", name));
}

static void add_hop(struct trace *trace, const json_t *hop)
{
	json_t *event = add_event(trace, "i", json_read_text(hop, "function"), hop);

	json_object_set_new(event, "s", json_string("t"));
	json_object_set_new(event, "args", json_deep_copy(hop));
}

static const json_t *find_at_place(const struct trace *trace, const struct topo_place *place,
				   enum direction direction)
{
	const struct topo_node *nodes = trace->topology->nodes.items;
	const json_t *hop;
	size_t i;

	json_array_foreach (trace->journey, i, hop)
		if (!strcmp(json_read_text(hop, "direction"), direction_names[direction]) &&
		    !strcmp(json_read_text(hop, "node"), nodes[place->node].name) &&
		    !strcmp(json_read_text(hop, "interface"), place->device) &&
		    !strcmp(json_read_text(hop, "role"), topo_role_names[place->role]))
			return hop;
	return NULL;
}

static const json_t *find_at_point(const struct trace *trace, const struct path *path, size_t point)
{
	const json_t *hop = NULL;

	for (size_t i = 0; i < path->points[point].place_count && !hop; i++)
		hop = find_at_place(trace, &path->points[point].places[i], path->direction);
	return hop;
}

static void add_slice(struct trace *trace, const char *name, const json_t *from, const json_t *to)
{
	json_t *event = add_event(trace, "X", name, from);

	json_object_set_new(event, "dur", json_real((double)(time_of(to) - time_of(from)) / 1000));
}

/* It binds to the innermost slice around its time. */
static void add_flow(struct trace *trace, const char *phase, const json_t *hop)
{
	json_t *event = add_event(trace, phase, "packet", hop);

	/* A flow is known by its name, category and id together: one for both directions. */
	json_object_set_new(event, "cat", json_string("packet"));
	json_object_set_new(event, "id", json_integer(FLOW_ID));
	if (*phase == 'f')
		json_object_set_new(event, "bp", json_string("e"));
}

/* The flow's latest end is known to be its last only when there is no other. */
static void continue_flow(struct trace *trace, const json_t *hop, bool *begun)
{
	if (trace->last)
		add_flow(trace, *begun ? "t" : "s", trace->last);
	*begun = trace->last;
	trace->last = hop;
}

static void add_direction(struct trace *trace, enum direction direction, bool *begun)
{
	_arena_ struct arena *arena = arena_new();
	const struct path *path = path_derive(trace->topology, direction, arena);

	for (size_t i = 0; path && i < path->segment_count; i++) {
		const struct path_segment *segment = &path->segments[i];
		const json_t *from = find_at_point(trace, path, segment->from);
		const json_t *to = find_at_point(trace, path, segment->to);

		if (!from || !to || time_of(to) < time_of(from))
			continue;
		add_slice(trace, segment->name, from, to);
		if (segment->to == segment->from + 1)
			continue_flow(trace, from, begun);
	}
}

json_t *journey_perfetto(const json_t *journey, const struct topology *topology)
{
	struct trace trace = { .journey = journey, .topology = topology, .events = json_array() };
	const json_t *hop;
	bool begun = false;
	size_t i;

	json_array_foreach (journey, i, hop) {
		if (thread_of(&trace, hop) == (json_int_t)i + 1) {
			add_name(&trace, "process_name", json_read_text(hop, "node"), hop);
			add_name(&trace, "thread_name", json_read_text(hop, "interface"), hop);
		}
		add_hop(&trace, hop);
	}
	add_direction(&trace, DIRECTION_REQUEST, &begun);
	add_direction(&trace, DIRECTION_REPLY, &begun);
	if (trace.last && begun)
		add_flow(&trace, "f", trace.last);
	return json_pack("{s:s, s:o}", "displayTimeUnit", "ns", "traceEvents", trace.events);
}
