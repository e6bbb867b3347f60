// SPDX-License-Identifier: GPL-2.0-only
#include "harness/fault_map.h"

#include <string.h>

/* A repeated item repeats its faults; the rest would say no more. */
#define TRANSFER_MAX 1000

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

void fault_map_transfer(const struct fault_map *map, const struct diag *from, struct diag *to)
{
	_arena_ struct arena *arena = arena_new();

	for (size_t i = 0; i < diag_count(from) && i < TRANSFER_MAX; i++) {
		const struct diag_fault *fault = diag_get(from, i);
		const char *source = fault_map_find(map, fault->path, arena);

		diag_add_path(to, source ? source : fault->path, fault->place, "%s",
			      fault->message);
	}
}
