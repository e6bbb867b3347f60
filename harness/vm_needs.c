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

static void add_kind(const struct kind *kind, struct gathered *modules, struct gathered *tools)
{
	add(modules, kind->modules);
	add(tools, kind->tools);
}

static void add_node(const struct topo_node *node, struct gathered *modules, struct gathered *tools)
{
	const struct topo_device *devices = node->devices.items;

	for (size_t i = 0; i < node->devices.count; i++)
		add_kind(&devices[i].ops->kind, modules, tools);
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		if (node->features[i])
			add_kind(feature_kinds[i], modules, tools);
}

struct vm_needs vm_needs_find(const struct plan *plan, const char *const *always,
			      struct arena *arena)
{
	static const char *const links[] = { "veth", NULL };
	static const char *const virtio[] = { VM_QEMU_UPLINK_MODULES, NULL };
	const struct list *probes = &plan->cells[0].experiment->probes;
	bool uplink = false;
	struct gathered modules = { arena_alloc(arena, (NEEDS_MAX + 1) * sizeof(char *)), 0 };
	struct gathered tools = { arena_alloc(arena, (NEEDS_MAX + 1) * sizeof(char *)), 0 };

	add(&modules, always);
	add(&modules, links);
	for (size_t i = 0; i < probes->count; i++)
		add_kind(((const struct chosen *)probes->items)[i].kind, &modules, &tools);
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct experiment *experiment = plan->cells[i].experiment;
		const struct list *nodes = &experiment->topology->nodes;

		uplink |= experiment->topology->virtio;
		add_kind(experiment->load.kind, &modules, &tools);
		for (size_t j = 0; j < nodes->count; j++)
			add_node(&((const struct topo_node *)nodes->items)[j], &modules, &tools);
	}
	if (uplink)
		add(&modules, virtio);
	return (struct vm_needs){ modules.names, tools.names, uplink };
}
