// SPDX-License-Identifier: GPL-2.0-only
/* Devices that a kind's own fields name (bridge ports, the device under a vlan, ...), and what else
 * its table cannot say. */
#include "topologies/topology_resolve.h"

#include <string.h>

struct reference {
	struct resolver *r;
	size_t node;
	const char *self; /* the device that refers; NULL: a feature */
};

static void check_name(const struct reference *reference, const char *name, bool qualified,
		       const struct jpath *at)
{
	const struct topo_node *nodes = reference->r->topology->nodes.items;
	const char *device;
	size_t node;

	if (!name)
		return;
	if (qualified)
		resolve_device_name(reference->r, name, at, &node, &device);
	else if (!topology_has_device(reference->r->topology, reference->node, name))
		diag_add(reference->r->diag, at, DIAG_VALUE, "node \"%s\" has no device \"%.64s\"",
			 nodes[reference->node].name, name);
	else if (reference->self && !strcmp(name, reference->self))
		diag_add(reference->r->diag, at, DIAG_VALUE, "\"%s\" cannot be its own %s", name,
			 at->key ? at->key : "port");
}

static void check_fields(const struct reference *reference, const struct field *fields,
			 const void *base, const struct jpath *at);

static void check_list(const struct reference *reference, const struct field *field,
		       const struct list *list, const struct jpath *at)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *item = (const char *)list->items + i * field->size;

		if (field->element->fields)
			check_fields(reference, field->element->fields, item, AT_INDEX(at, i));
		else if (field->element->refers)
			check_name(reference, *(const char *const *)item,
				   field->element->refers == REFERS_NODE_DEVICE, AT_INDEX(at, i));
	}
}

static void check_fields(const struct reference *reference, const struct field *fields,
			 const void *base, const struct jpath *at)
{
	for (; fields->name; fields++) {
		const void *value = (const char *)base + fields->offset;

		if (fields->refers)
			check_name(reference, *(const char *const *)value,
				   fields->refers == REFERS_NODE_DEVICE, AT(at, fields->name));
		else if (fields->type == FIELD_LIST)
			check_list(reference, fields, value, AT(at, fields->name));
	}
}

static void check_devices(struct resolver *r, size_t index, const struct jpath *at)
{
	const struct topo_node *node = &((const struct topo_node *)r->topology->nodes.items)[index];
	const struct topo_device *devices = node->devices.items;

	for (size_t i = 0; i < node->devices.count; i++) {
		const struct reference reference = { r, index, devices[i].name };

		if (devices[i].ops)
			check_fields(&reference, devices[i].ops->kind.fields, devices[i].params,
				     AT(AT(at, "devices"), devices[i].name));
	}
}

static void check_features(struct resolver *r, size_t index, const struct jpath *at)
{
	const struct topo_node *node = &((const struct topo_node *)r->topology->nodes.items)[index];
	const struct reference reference = { r, index, NULL };

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		const struct feature_ops *ops = (const struct feature_ops *)feature_kinds[i];
		const char *fault;

		if (!node->features[i])
			continue;
		check_fields(&reference, ops->kind.fields, node->features[i],
			     AT(at, ops->kind.name));
		fault = ops->check ? ops->check(node->features[i]) : NULL;
		if (fault)
			diag_add(r->diag, AT(at, ops->kind.name), DIAG_VALUE, "%s", fault);
	}
}

void resolve_references(struct resolver *r)
{
	const struct topo_node *nodes = r->topology->nodes.items;

	for (size_t i = 0; i < r->topology->nodes.count; i++) {
		const struct jpath *at = AT(AT(NULL, "nodes"), nodes[i].name);

		check_devices(r, i, at);
		check_features(r, i, at);
	}
}
