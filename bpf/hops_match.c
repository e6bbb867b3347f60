// SPDX-License-Identifier: GPL-2.0-only
/*
 * From events to samples. A packet counts only if it was seen at every point of its path exactly
 * once and in order; everything else is counted by name and gives no sample.
 */
#include "bpf/hops_log.h"

#include "harness/cleanup.h"
#include "loadgen/stamp.h"
#include "topologies/lab.h"
#include "topologies/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Where an event can be: one of a point's places, as the kernel names it. */
struct spot {
	uint32_t netns_inode, ifindex;
	enum topo_role role;
	uint32_t point;
};

/* One direction of one job. */
struct match {
	const struct path *path;
	const struct probe_job *job;
	struct samples *samples;
	struct spot *spots; /* sorted */
	size_t spot_count;
	size_t *seen_at; /* by point: 1 + index of its record within the packet's; 0: not seen */
	uint32_t *series; /* by segment */
	double *hooks; /* by segment: firings within it, over all packets */
	uint64_t whole, misordered, duplicates;
};

const enum topo_role hop_function_roles[HOP_FUNCTION_COUNT] = {
	[HOP_NET_DEV_QUEUE] = ROLE_TX,		[HOP_NET_DEV_START_XMIT] = ROLE_XMIT,
	[HOP_NET_DEV_XMIT] = ROLE_XMITTED,	[HOP_NETIF_RX] = ROLE_RX,
	[HOP_NETIF_RECEIVE_SKB] = ROLE_DELIVER, [HOP_NAPI_GRO_RECEIVE_ENTRY] = ROLE_RX,
};

/*
 * A program at a tracepoint that no point asks for would only add to what is measured. Received
 * is where either of two tracepoints fires, by the device; the driver's return is known by its
 * call.
 */
unsigned hops_functions(const struct topology *topology)
{
	const struct topo_point *points = topology->path.items;
	unsigned functions = 1u << HOP_NET_DEV_START_XMIT;

	for (size_t i = 0; i < topology->path.count; i++)
		for (size_t j = 0; j < points[i].place_count; j++)
			for (unsigned f = 0; f < HOP_FUNCTION_COUNT; f++)
				if (hop_function_roles[f] == points[i].places[j].role ||
				    hop_function_roles[f] ==
					    path_mirror_role(points[i].places[j].role))
					functions |= 1u << f;
	return functions;
}

static int compare_spots(const void *left, const void *right)
{
	const struct spot *a = left, *b = right;

	if (a->netns_inode != b->netns_inode)
		return a->netns_inode < b->netns_inode ? -1 : 1;
	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex ? -1 : 1;
	return (int)a->role - (int)b->role;
}

static int add_spots(struct match *match, uint32_t index, const struct topo_point *point)
{
	for (size_t i = 0; i < point->place_count; i++) {
		const struct topo_place *place = &point->places[i];
		int ifindex = lab_ifindex(match->job->lab, place->node, place->device);

		if (ifindex < 0)
			return ifindex;
		match->spots[match->spot_count++] = (struct spot){
			.netns_inode = lab_node_inode(match->job->lab, place->node),
			.ifindex = (uint32_t)ifindex,
			.role = place->role,
			.point = index,
		};
	}
	return 0;
}

static int find_spots(struct match *match, struct arena *arena)
{
	const struct path *path = match->path;
	size_t places = 0;
	int code = 0;

	for (size_t i = 0; i < path->point_count; i++)
		places += path->points[i].place_count;
	match->spots = arena_alloc(arena, places * sizeof(*match->spots));
	for (size_t i = 0; i < path->point_count && !code; i++)
		code = add_spots(match, (uint32_t)i, &path->points[i]);
	qsort(match->spots, match->spot_count, sizeof(*match->spots), compare_spots);
	return code;
}

static int match_init(struct match *match, struct arena *arena)
{
	const struct path *path = match->path;

	match->seen_at = arena_alloc(arena, path->point_count * sizeof(*match->seen_at));
	match->series = arena_alloc(arena, path->segment_count * sizeof(*match->series));
	match->hooks = arena_alloc(arena, path->segment_count * sizeof(*match->hooks));
	for (size_t i = 0; i < path->segment_count; i++)
		match->series[i] = samples_series(match->samples, path->segments[i].name,
						  path->direction, "ns");
	return find_spots(match, arena);
}

static void see(struct match *match, const struct hop_record *record, size_t index)
{
	struct spot key = {
		.netns_inode = record->event.netns_inode,
		.ifindex = record->event.ifindex,
		.role = hop_function_roles[record->event.function],
	};
	const struct spot *spot =
		bsearch(&key, match->spots, match->spot_count, sizeof(key), compare_spots);

	if (!spot)
		return;
	if (match->seen_at[spot->point])
		match->duplicates++;
	match->seen_at[spot->point] = index + 1;
}

/* Records are in order of time, so a whole chain is ordered if its indices rise. */
static bool is_whole(struct match *match)
{
	const size_t *seen_at = match->seen_at;
	bool ordered = true;

	for (size_t i = 0; i < match->path->point_count; i++) {
		if (!seen_at[i])
			return false;
		if (i && seen_at[i] <= seen_at[i - 1])
			ordered = false;
	}
	if (!ordered)
		match->misordered++;
	return ordered;
}

static void add_packet(struct match *match, const struct hop_record *records)
{
	const struct path *path = match->path;

	match->whole++;
	for (size_t i = 0; i < path->segment_count; i++) {
		size_t from = match->seen_at[path->segments[i].from] - 1;
		size_t to = match->seen_at[path->segments[i].to] - 1;

		match->hooks[i] += (double)(to - from);
		samples_add(match->samples, match->job->cell, match->job->batch,
			    records->event.sequence, match->series[i],
			    (double)(records[to].event.time_ns - records[from].event.time_ns));
	}
}

static void match_packet(struct match *match, const struct hop_record *records, size_t count)
{
	uint64_t duplicates = match->duplicates;

	for (size_t i = 0; i < match->path->point_count; i++)
		match->seen_at[i] = 0;
	for (size_t i = 0; i < count; i++)
		see(match, &records[i], i);
	if (match->duplicates == duplicates && is_whole(match))
		add_packet(match, records);
}

static void count(const struct match *match, const char *name, double value)
{
	samples_count(match->samples, match->job->cell, match->job->batch, name, value);
}

static void match_count(const struct match *match)
{
	const struct path *path = match->path;
	char name[128];

	count(match, "misordered", (double)match->misordered);
	count(match, "duplicates", (double)match->duplicates);
	count(match, "incomplete",
	      (double)match->job->packets - (double)(match->whole + match->misordered));
	for (size_t i = 0; i < path->segment_count; i++) {
		snprintf(name, sizeof(name), "hooks.%s.%s", path->segments[i].name,
			 direction_names[path->direction]);
		count(match, name, match->hooks[i]);
	}
}

/* Length of the run of records that are one packet's. */
static size_t packet_length(const struct hop_record *records, size_t left)
{
	size_t length = 1;

	while (length < left && records[length].event.sequence == records->event.sequence &&
	       records[length].event.direction == records->event.direction)
		length++;
	return length;
}

static int match_direction(const struct probe_job *job, enum direction direction,
			   const struct hop_record *records, size_t record_count,
			   struct samples *samples, struct err *err)
{
	_arena_ struct arena *arena = arena_new();
	struct match match = { .job = job, .samples = samples };
	int code;

	match.path = path_derive(lab_topology(job->lab), direction, arena);
	if (!match.path)
		return err_set(err, -EINVAL, "hops: the topology declares no path");
	code = match_init(&match, arena);
	if (code)
		return err_set(err, code, "hops: a point of the path has no device");
	for (size_t i = 0, length; i < record_count; i += length) {
		length = packet_length(&records[i], record_count - i);
		match_packet(&match, &records[i], length);
	}
	match_count(&match);
	return 0;
}

/* How many records go in that direction, given that they are sorted by it first. */
static size_t direction_length(const struct hop_record *records, size_t count, uint8_t direction)
{
	size_t length = 0;

	while (length < count && records[length].event.direction == direction)
		length++;
	return length;
}

int hops_match(struct hops *hops, const struct probe_job *job, struct samples *samples,
	       struct err *err)
{
	_free_ struct hop_record *records = NULL;
	size_t total, requests;
	int code;

	records = hops_log_read(hops, &total);
	if (!records)
		return err_set(err, -ENOMEM, "hops: out of memory");
	code = hops_check_devices(hops, job, records, total, samples, err);
	if (code)
		return code;
	requests = direction_length(records, total, STAMP_REQUEST);
	code = match_direction(job, DIRECTION_REQUEST, records, requests, samples, err);
	if (code || !job->reply)
		return code;
	return match_direction(job, DIRECTION_REPLY, records + requests, total - requests, samples,
			       err);
}
