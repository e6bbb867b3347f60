// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/topology_resolve.h"

#include <string.h>

static bool resolve_place(struct resolver *r, const char *text, const struct jpath *at,
			  struct topo_place *place)
{
	char *parts[3];
	int role = 0;

	/* What is no string has been refused. */
	if (!text)
		return false;
	if (!resolve_split(r, text, parts, 3)) {
		diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is not \"node:device:role\"", text);
		return false;
	}
	while (topo_role_names[role] && strcmp(topo_role_names[role], parts[2]))
		role++;
	if (!topo_role_names[role]) {
		diag_add(r->diag, at, DIAG_VALUE,
			 "\"%.64s\" is no role (there is tx, xmit, xmitted, rx and deliver)",
			 parts[2]);
		return false;
	}
	place->role = (enum topo_role)role;
	return resolve_device_name(r, arena_printf(r->arena, "%s:%s", parts[0], parts[1]), at,
				   &place->node, &place->device);
}

/* Values of a series are told apart by its name alone. */
static void note_series(struct resolver *r, const char *name, const struct jpath *at)
{
	if (!strcmp(name, "rtt") || !strcmp(name, "lateness"))
		diag_add(r->diag, at, DIAG_VALUE, "\"%s\" is a series of the load's own", name);
	else if (json_object_get(r->series, name))
		diag_add(r->diag, at, DIAG_VALUE,
			 "\"%s\" is the name of an earlier segment or span", name);
	else
		json_object_set_new(r->series, name, json_true());
}

/* Of a packet's visits only one could be told from the other by their order, which is measured. */
static bool resolve_visit(struct resolver *r, const char *text, const struct jpath *at,
			  struct topo_place *place)
{
	if (!resolve_place(r, text, at, place))
		return false;
	if (json_object_get(r->points, text)) {
		diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is a point of the path already", text);
		return false;
	}
	json_object_set_new(r->points, text, json_true());
	return true;
}

/* False with the fault said. */
static bool check_point(struct resolver *r, const struct declared_point *declared,
			const struct jpath *at)
{
	if (declared->group && !declared->repeat) {
		diag_add(r->diag, at, DIAG_VALUE,
			 "\"path\" is a list of points that goes with \"repeat\"");
		return false;
	}
	if (declared->repeat) {
		diag_add(r->diag, at, DIAG_VALUE, "repeats do not nest");
		return false;
	}
	if (!declared->point == !declared->any_of.count) {
		diag_add(r->diag, at, DIAG_VALUE, "a point needs either \"point\" or \"any_of\"");
		return false;
	}
	return true;
}

static bool resolve_point(struct resolver *r, const struct declared_point *declared,
			  struct topo_point *point, const struct jpath *at)
{
	const char *const *any_of = declared->any_of.items;
	size_t count = declared->any_of.count;

	if (!check_point(r, declared, at))
		return false;
	point->segment = declared->segment;
	point->places = arena_alloc(r->arena, (count + 1) * sizeof(*point->places));
	if (!count && resolve_visit(r, declared->point, AT(at, "point"), &point->places[0]))
		point->place_count = 1;
	for (size_t i = 0; i < count; i++)
		if (resolve_visit(r, any_of[i], AT_INDEX(AT(at, "any_of"), i),
				  &point->places[point->place_count]))
			point->place_count++;
	return point->place_count;
}

void resolve_path(struct resolver *r)
{
	const struct declared_point *declared = r->declared->path.items;
	size_t count = r->declared->path.count;
	struct topo_point *points = arena_alloc(r->arena, count * sizeof(*points));

	r->topology->path.items = points;
	for (size_t i = 0; i < count; i++) {
		const struct jpath *at = AT_INDEX(AT(NULL, "path"), i);

		if (resolve_point(r, &declared[i], &points[r->topology->path.count], at))
			r->topology->path.count++;
		if (i + 1 == count || declared[i].group)
			continue;
		if (declared[i].segment)
			note_series(r, declared[i].segment, AT(at, "segment"));
		else
			diag_add(r->diag, at, DIAG_VALUE,
				 "every point but the last begins a segment: name it by "
				 "\"segment\"");
	}
	if (count == 1)
		diag_add(r->diag, AT(NULL, "path"), DIAG_VALUE, "a path has at least two points");
}

static bool same_place(const struct topo_place *a, const struct topo_place *b)
{
	return a->node == b->node && a->role == b->role && !strcmp(a->device, b->device);
}

static long find_point(struct resolver *r, const char *text, const struct jpath *at)
{
	const struct topo_point *points = r->topology->path.items;
	struct topo_place place;

	if (!resolve_place(r, text, at, &place))
		return -1;
	for (size_t i = 0; i < r->topology->path.count; i++)
		for (size_t j = 0; j < points[i].place_count; j++)
			if (same_place(&points[i].places[j], &place))
				return (long)i;
	diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is no point of the path", text);
	return -1;
}

static void resolve_span(struct resolver *r, const struct declared_span *declared,
			 const struct jpath *at)
{
	struct topo_span *spans = r->topology->spans.items;
	long from = find_point(r, declared->from, AT(at, "from"));
	long to = find_point(r, declared->to, AT(at, "to"));

	if (declared->name)
		note_series(r, declared->name, AT(at, "name"));
	if (from < 0 || to < 0)
		return;
	if (from >= to)
		diag_add(r->diag, AT(at, "to"), DIAG_VALUE,
			 "a span must end at a later point than it begins");
	spans[r->topology->spans.count++] =
		(struct topo_span){ declared->name, (size_t)from, (size_t)to };
}

void resolve_spans(struct resolver *r)
{
	const struct declared_span *declared = r->declared->spans.items;
	size_t count = r->declared->spans.count;

	r->topology->spans.items = arena_alloc(r->arena, count * sizeof(struct topo_span));
	for (size_t i = 0; i < count; i++)
		resolve_span(r, &declared[i], AT_INDEX(AT(NULL, "spans"), i));
}
