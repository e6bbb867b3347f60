// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/path.h"

enum topo_role path_mirror_role(enum topo_role role)
{
	switch (role) {
	case ROLE_TX:
		return ROLE_DELIVER;
	case ROLE_XMIT:
		return ROLE_RX;
	case ROLE_RX:
		return ROLE_XMIT;
	case ROLE_DELIVER:
		return ROLE_TX;
	case ROLE_XMITTED:
		break;
	}
	return ROLE_XMITTED;
}

/* Without its places that have no mirror; it may have none left. */
static struct topo_point mirror_point(const struct topo_point *point, struct arena *arena)
{
	struct topo_point mirrored = {};

	mirrored.places = arena_alloc(arena, point->place_count * sizeof(*mirrored.places));
	for (size_t i = 0; i < point->place_count; i++) {
		struct topo_place place = point->places[i];

		if (place.role == ROLE_XMITTED)
			continue;
		place.role = path_mirror_role(place.role);
		mirrored.places[mirrored.place_count++] = place;
	}
	return mirrored;
}

static void add_segment(struct path *path, const char *name, size_t from, size_t to)
{
	path->segments[path->segment_count++] =
		(struct path_segment){ .name = name, .from = from, .to = to };
}

/* Where a point was left out, what passes there is no segment of the declared ones. */
static void add_successive(struct path *path)
{
	for (size_t i = 0; i + 1 < path->point_count; i++)
		if (path->points[i].segment)
			add_segment(path, path->points[i].segment, i, i + 1);
}

static void derive_request(struct path *path, const struct topology *topology)
{
	const struct topo_span *spans = topology->spans.items;

	path->points = topology->path.items;
	path->point_count = topology->path.count;
	add_successive(path);
	for (size_t i = 0; i < topology->spans.count; i++)
		add_segment(path, spans[i].name, spans[i].from, spans[i].to);
}

/* `kept[i]`: where declared point i went in the mirror, or -1. */
static void derive_reply(struct path *path, const struct topology *topology, struct arena *arena)
{
	const struct topo_point *declared = topology->path.items;
	const struct topo_span *spans = topology->spans.items;
	long *kept = arena_alloc(arena, topology->path.count * sizeof(*kept));

	path->points = arena_alloc(arena, topology->path.count * sizeof(*path->points));
	for (size_t i = topology->path.count; i-- > 0;) {
		struct topo_point point = mirror_point(&declared[i], arena);

		kept[i] = -1;
		if (!point.place_count)
			continue;
		/* The segment that led here, if it began at the point before this. */
		if (path->point_count && kept[i + 1] >= 0)
			path->points[path->point_count - 1].segment = declared[i].segment;
		kept[i] = (long)path->point_count;
		path->points[path->point_count++] = point;
	}
	add_successive(path);
	for (size_t i = 0; i < topology->spans.count; i++) {
		long from = kept[spans[i].to], to = kept[spans[i].from];

		if (from >= 0 && to >= 0)
			add_segment(path, spans[i].name, (size_t)from, (size_t)to);
	}
}

const struct path *path_derive(const struct topology *topology, enum direction direction,
			       struct arena *arena)
{
	struct path *path = arena_alloc(arena, sizeof(*path));

	if (topology->path.count < 2)
		return NULL;
	path->direction = direction;
	path->segments = arena_alloc(arena, (topology->path.count + topology->spans.count) *
						    sizeof(*path->segments));
	if (direction == DIRECTION_REPLY)
		derive_reply(path, topology, arena);
	else
		derive_request(path, topology);
	return path;
}
