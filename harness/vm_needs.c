// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_needs.h"

#include "harness/cleanup.h"
#include "harness/vm_qemu.h"

#include <string.h>

#define NEEDS_MAX 256

struct gathered {
	const char **names;
	size_t count;
};

static void add(struct gathered *gathered, const char *const *names)
{
	for (; names && *names; names++) {
		bool known = false;

		for (size_t i = 0; i < gathered->count; i++)
			known |= !strcmp(gathered->names[i], *names);
		if (!known && gathered->count < NEEDS_MAX)
			gathered->names[gathered->count++] = *names;
	}
}

static void add_node(const struct topo_node *node, struct gathered *modules, struct gathered *tools)
{
	const struct topo_device *devices = node->devices.items;

	for (size_t i = 0; i < node->devices.count; i++) {
		add(modules, devices[i].ops->kind.modules);
		add(tools, devices[i].ops->kind.tools);
	}
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		if (!node->features[i])
			continue;
		add(modules, feature_kinds[i]->modules);
		add(tools, feature_kinds[i]->tools);
	}
}

struct vm_needs vm_needs_find(const struct plan *plan, const char *const *always,
			      struct arena *arena)
{
	static const char *const links[] = { "veth", NULL };
	static const char *const virtio[] = { VM_QEMU_UPLINK_MODULES, NULL };
	bool uplink = false;
	struct gathered modules = { arena_alloc(arena, (NEEDS_MAX + 1) * sizeof(char *)), 0 };
	struct gathered tools = { arena_alloc(arena, (NEEDS_MAX + 1) * sizeof(char *)), 0 };

	add(&modules, always);
	add(&modules, links);
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct topology *topology = plan->cells[i].experiment->topology;
		const struct list *nodes = &topology->nodes;

		uplink |= topology->virtio;
		for (size_t j = 0; j < nodes->count; j++)
			add_node(&((const struct topo_node *)nodes->items)[j], &modules, &tools);
	}
	if (uplink)
		add(&modules, virtio);
	return (struct vm_needs){ modules.names, tools.names, uplink };
}
