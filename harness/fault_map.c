// SPDX-License-Identifier: GPL-2.0-only
#include "harness/fault_map.h"

#include <string.h>

struct entry {
	struct entry *next;
	const char *derived, *source;
	size_t derived_length;
};

struct fault_map {
	struct arena *arena;
	struct entry *entries;
};

struct fault_map *fault_map_new(struct arena *arena)
{
	struct fault_map *map = arena_alloc(arena, sizeof(*map));

	map->arena = arena;
	return map;
}

void fault_map_add(struct fault_map *map, const char *derived, const char *source)
{
	struct entry *entry = arena_alloc(map->arena, sizeof(*entry));

	*entry = (struct entry){
		.next = map->entries,
		.derived = arena_strdup(map->arena, derived),
		.source = arena_strdup(map->arena, source),
		.derived_length = strlen(derived),
	};
	map->entries = entry;
}

static bool covers(const struct entry *entry, const char *path)
{
	char after;

	if (strncmp(path, entry->derived, entry->derived_length))
		return false;
	after = path[entry->derived_length];
	return !after || after == '.' || after == '[' || !entry->derived_length;
}

const char *fault_map_find(const struct fault_map *map, const char *derived, struct arena *arena)
{
	const struct entry *best = NULL;

	for (const struct entry *entry = map->entries; entry; entry = entry->next)
		if (covers(entry, derived) &&
		    (!best || entry->derived_length > best->derived_length))
			best = entry;
	if (!best)
		return NULL;
	return arena_printf(arena, "%s%s", best->source, derived + best->derived_length);
}

/* diag_get() gives the last one again for those that were only counted. */
static size_t count_kept(const struct diag *diag)
{
	size_t count = 0;

	while (count < diag_count(diag) &&
	       (!count || diag_get(diag, count) != diag_get(diag, count - 1)))
		count++;
	return count;
}

void fault_add_once(struct diag *diag, const char *path, const struct diag_fault *fault)
{
	size_t count = count_kept(diag);

	for (size_t i = 0; i < count; i++) {
		const struct diag_fault *other = diag_get(diag, i);

		if (other->path && !strcmp(other->path, path) && other->place == fault->place &&
		    !strcmp(other->message, fault->message))
			return;
	}
	diag_add_path(diag, path, fault->place, "%s", fault->message);
}

/* Where a kept fault came from. */
struct transfer {
	const char *source, *derived;
};

/* A repeated item repeats its faults; the first of its copies says all there is to say. */
static bool repeats(const struct transfer *done, size_t count, const struct transfer *now)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(done[i].source, now->source) && strcmp(done[i].derived, now->derived))
			return true;
	return false;
}

void fault_map_transfer(const struct fault_map *map, const struct diag *from, struct diag *to)
{
	_arena_ struct arena *arena = arena_new();
	size_t count = count_kept(from);
	struct transfer *done = arena_alloc(arena, count * sizeof(*done));

	for (size_t i = 0; i < count; i++) {
		const struct diag_fault *fault = diag_get(from, i);
		const char *source = fault_map_find(map, fault->path, arena);

		done[i] = (struct transfer){ source ? source : fault->path, fault->path };
		if (!repeats(done, i, &done[i]))
			fault_add_once(to, done[i].source, fault);
	}
}
