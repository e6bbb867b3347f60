// SPDX-License-Identifier: GPL-2.0-only
#include "harness/capture.h"

#include "bpf/hops_log.h"
#include "harness/cleanup.h"
#include "harness/folder.h"
#include "harness/journey.h"
#include "harness/pcapng.h"
#include "loadgen/stamp.h"
#include "topologies/lab.h"
#include "topologies/path.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

/* Where hops are seen, in one job. */
struct spot {
	uint32_t netns_inode, ifindex;
	uint8_t function, direction;
	uint32_t interface;
	char *note; /* what begins and ends there; "" off the path */
};

struct capture {
	char *path;
	FILE *out; /* NULL before the first packet */
	int64_t to_realtime_ns;
	char **interfaces; /* names */
	size_t interface_count;
	struct spot *spots; /* of the job */
	size_t spot_count;
};

struct capture *capture_new(const char *path)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		abort();
	capture->path = strdup(path);
	return capture;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int open_file(struct capture *capture, struct err *err)
{
	if (capture->out)
		return 0;
	capture->out = folder_create_file(AT_FDCWD, capture->path);
	if (!capture->out)
		return err_errno(err, -errno, "cannot write '%s'", capture->path);
	capture->to_realtime_ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
	pcapng_begin(capture->out, "labrun " LABRUN_VERSION);
	return 0;
}

static uint32_t find_interface(struct capture *capture, const struct journey_place *place,
			       uint8_t function, uint32_t snap_bytes)
{
	const char *role = topo_role_names[hop_function_roles[function]];
	_free_ char *name = NULL;
	size_t count = capture->interface_count;

	if (asprintf(&name, "%s:%s:%s", place->node, place->device, role) < 0)
		abort();
	for (size_t i = 0; i < count; i++)
		if (!strcmp(capture->interfaces[i], name))
			return (uint32_t)i;
	pcapng_put_interface(capture->out, name, hop_function_names[function], snap_bytes);
	capture->interfaces = reallocarray(capture->interfaces, count + 1, sizeof(char *));
	if (!capture->interfaces)
		abort();
	capture->interfaces[capture->interface_count++] = steal_ptr(name);
	return (uint32_t)count;
}

static bool is_at(const struct topo_place *place, const struct topology *topology,
		  const struct journey_place *where, enum topo_role role)
{
	const struct topo_node *nodes = topology->nodes.items;

	return place->role == role && !strcmp(nodes[place->node].name, where->node) &&
	       !strcmp(place->device, where->device);
}

/* The index of the point that is there, or the count of them. */
static size_t find_point(const struct path *path, const struct topology *topology,
			 const struct journey_place *where, enum topo_role role)
{
	for (size_t i = 0; i < path->point_count; i++)
		for (size_t j = 0; j < path->points[i].place_count; j++)
			if (is_at(&path->points[i].places[j], topology, where, role))
				return i;
	return path->point_count;
}

static void put_segments(FILE *out, const struct path *path, size_t point, bool ends)
{
	const char *between = ends ? ", ends " : ", begins ";

	for (size_t i = 0; i < path->segment_count; i++) {
		const struct path_segment *segment = &path->segments[i];

		if ((ends ? segment->to : segment->from) != point)
			continue;
		fprintf(out, "%s%s", between, segment->name);
		between = " and ";
	}
}

static char *make_note(const struct topology *topology, const struct journey_place *where,
		       const struct hop_event *event)
{
	_arena_ struct arena *arena = arena_new();
	const struct path *path = path_derive(
		topology, event->direction == STAMP_REPLY ? DIRECTION_REPLY : DIRECTION_REQUEST,
		arena);
	size_t size, point;
	char *note = NULL;
	FILE *out = open_memstream(&note, &size);

	if (!out)
		abort();
	if (path) {
		point = find_point(path, topology, where, hop_function_roles[event->function]);
		put_segments(out, path, point, true);
		put_segments(out, path, point, false);
	}
	if (event->function == HOP_NET_DEV_XMIT)
		fputs(", shown as at net_dev_start_xmit", out);
	fclose(out);
	return note;
}

static const struct spot *add_spot(struct capture *capture, const struct hop_event *event,
				   const struct lab *lab, uint32_t snap_bytes)
{
	struct journey_place place = journey_find_place(lab, event);
	size_t count = capture->spot_count++;

	capture->spots = reallocarray(capture->spots, count + 1, sizeof(*capture->spots));
	if (!capture->spots)
		abort();
	capture->spots[count] = (struct spot){
		.netns_inode = event->netns_inode,
		.ifindex = event->ifindex,
		.function = event->function,
		.direction = event->direction,
		.interface = find_interface(capture, &place, event->function, snap_bytes),
		.note = make_note(lab_topology(lab), &place, event),
	};
	return &capture->spots[count];
}

static const struct spot *find_spot(const struct capture *capture, const struct hop_event *event)
{
	for (size_t i = 0; i < capture->spot_count; i++) {
		const struct spot *spot = &capture->spots[i];

		if (spot->netns_inode == event->netns_inode && spot->ifindex == event->ifindex &&
		    spot->function == event->function && spot->direction == event->direction)
			return spot;
	}
	return NULL;
}

/* Of the same packet at the same device, when its driver was called; NULL: the log has it not. */
static const struct hop_head *find_head(const struct hop_record *records, size_t index)
{
	const struct hop_event *event = &records[index].event;

	if (event->function != HOP_NET_DEV_XMIT)
		return records[index].head;
	while (index-- > 0) {
		const struct hop_event *before = &records[index].event;

		if (before->function == HOP_NET_DEV_START_XMIT &&
		    before->sequence == event->sequence && before->direction == event->direction &&
		    before->ifindex == event->ifindex && before->netns_inode == event->netns_inode)
			return records[index].head;
	}
	return NULL;
}

static void put_record(struct capture *capture, const struct probe_job *job,
		       const struct hop_record *records, size_t index, uint32_t snap_bytes)
{
	const struct hop_event *event = &records[index].event;
	const struct hop_head *head = find_head(records, index);
	const struct spot *spot = find_spot(capture, event);
	_free_ char *comment = NULL;

	if (!spot)
		spot = add_spot(capture, event, job->lab, snap_bytes);
	if (asprintf(&comment, "cell %u, batch %u, iteration %u, %s%s", job->cell, job->batch,
		     event->sequence, event->direction == STAMP_REPLY ? "reply" : "request",
		     spot->note) < 0)
		abort();
	pcapng_put_packet(capture->out,
			  &(struct pcapng_packet){
				  .interface = spot->interface,
				  .time_ns = event->time_ns + (uint64_t)capture->to_realtime_ns,
				  .bytes = head ? head->bytes : NULL,
				  .captured_bytes = head ? head->captured_bytes : 0,
				  .length_bytes = head ? head->length_bytes : 0,
				  .outbound = event->function <= HOP_NET_DEV_XMIT,
				  .comment = comment });
}

static void forget_spots(struct capture *capture)
{
	for (size_t i = 0; i < capture->spot_count; i++)
		free(capture->spots[i].note);
	capture->spot_count = 0;
}

static int capture_probe(struct capture *capture, struct probe *probe, const struct probe_job *job,
			 struct err *err)
{
	uint32_t snap_bytes = hops_head_bytes(probe);
	_free_ struct hop_record *records = NULL;
	size_t count = 0;
	int code;

	if (!snap_bytes)
		return 0;
	code = open_file(capture, err);
	if (code)
		return code;
	records = hops_trace_read(probe, &count);
	if (!records)
		return err_set(err, -ENOMEM, "hops: out of memory");
	for (size_t i = 0; i < count; i++)
		put_record(capture, job, records, i, snap_bytes);
	forget_spots(capture);
	if (ferror(capture->out))
		return err_errno(err, -EIO, "cannot write '%s'", capture->path);
	return 0;
}

int capture_job(struct capture *capture, struct probe *const *probes, const struct probe_job *job,
		struct err *err)
{
	int code = 0;

	for (; *probes && !code; probes++)
		if (!strcmp((*probes)->ops->kind.name, "hops"))
			code = capture_probe(capture, *probes, job, err);
	return code;
}

int capture_finish(struct capture *capture, struct err *err)
{
	FILE *out = steal_ptr(capture->out);

	if (out && fclose(out))
		return err_errno(err, -errno, "cannot write '%s'", capture->path);
	return 0;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->out)
		fclose(capture->out);
	for (size_t i = 0; i < capture->interface_count; i++)
		free(capture->interfaces[i]);
	forget_spots(capture);
	free(capture->spots);
	free(capture->interfaces);
	free(capture->path);
	free(capture);
}
