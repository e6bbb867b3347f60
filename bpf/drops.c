// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/drops.h"

#include "bpf/drops.skel.h"
#include "bpf/drops_names.h"
#include "bpf/program.h"
#include "harness/cleanup.h"
#include "topologies/lab_counters.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct drops {
	struct drops_bpf *skeleton;
	struct drop_names *names;
	const struct lab *lab;
	struct lab_device_counters *devices; /* their names and indices */
	size_t device_count;
	uint64_t missed_before;
};

static void cleanup_drops(struct drops **drops)
{
	drops_close(*drops);
}

void drops_close(struct drops *drops)
{
	if (!drops)
		return;
	drops_bpf__destroy(drops->skeleton);
	drop_names_free(drops->names);
	free(drops->devices);
	free(drops);
}

static int load(struct drops *drops, uint64_t magic, struct err *err)
{
	int code;

	drops->skeleton = drops_bpf__open();
	if (!drops->skeleton)
		return err_errno(err, -errno, "open the programs");
	drops->skeleton->rodata->stamp_magic = magic;
	code = drops_bpf__load(drops->skeleton);
	if (code == -EPERM)
		return err_need(err, "this kernel lets only root load tracing programs "
				     "(CAP_BPF, CAP_PERFMON): run as root");
	if (code == -ESRCH || code == -ENOENT)
		return err_need(err, "this kernel has no BTF for its tracepoints "
				     "(CONFIG_DEBUG_INFO_BTF)");
	if (code)
		return err_errno(err, code, "load the programs");
	code = drops_bpf__attach(drops->skeleton);
	return code ? err_errno(err, code, "attach to the tracepoints") : 0;
}

int drops_open(struct drops **ret, uint64_t magic, struct err *err)
{
	struct drops *drops __attribute__((cleanup(cleanup_drops))) = calloc(1, sizeof(*drops));
	int code;

	*ret = NULL;
	if (!drops)
		return err_errno(err, -ENOMEM, "drops");
	libbpf_set_print(NULL);
	code = drop_names_new(&drops->names, err);
	if (!code)
		code = load(drops, magic, err);
	if (code)
		return err_wrap(err, code, "drops");
	*ret = steal_ptr(drops);
	return 0;
}

static uint64_t missed(const struct drops *drops)
{
	struct bpf_program *program;
	uint64_t sum = 0;

	bpf_object__for_each_program (program, drops->skeleton->obj)
		sum += program_missed(program);
	return sum;
}

static void forget(struct drops *drops)
{
	int map = bpf_map__fd(drops->skeleton->maps.drops);
	struct drop_key key;

	while (!bpf_map_get_next_key(map, NULL, &key))
		bpf_map_delete_elem(map, &key);
	drops->skeleton->bss->uncounted = 0;
	drops->missed_before = missed(drops);
}

int drops_watch(struct drops *drops, const struct lab *lab, struct err *err)
{
	int map = bpf_map__fd(drops->skeleton->maps.nodes);
	int code;

	free(drops->devices);
	drops->devices = NULL;
	drops->device_count = 0;
	drops->lab = lab;
	code = lab_read_all_counters(lab, &drops->devices, &drops->device_count, err);
	if (!code)
		code = program_enter_nodes(map, lab, err);
	forget(drops);
	return code ? err_wrap(err, code, "drops") : 0;
}

static const struct topo_node *node_of(const struct drops *drops, uint32_t inode)
{
	const struct list *nodes = &lab_topology(drops->lab)->nodes;

	for (size_t i = 0; i < nodes->count; i++)
		if (lab_node_inode(drops->lab, i) == inode)
			return (const struct topo_node *)nodes->items + i;
	return NULL;
}

/* Loopback alone has one index everywhere. */
static void place(const struct drops *drops, const struct drop_key *key, struct drop *drop)
{
	const struct topo_node *node = node_of(drops, key->netns_inode);

	drop->node = node ? node->name : "none";
	drop->device = key->ifindex == 1 ? "lo" : "none";
	for (size_t i = 0; i < drops->device_count; i++) {
		const struct lab_device_counters *device = &drops->devices[i];

		if ((uint32_t)device->ifindex != key->ifindex)
			continue;
		drop->device = device->device;
		if (!node)
			drop->node = device->node_name;
	}
}

static int by_place(const void *left, const void *right)
{
	const struct drop *a = left, *b = right;
	int order = strcmp(a->node, b->node);

	if (!order)
		order = strcmp(a->device, b->device);
	return order ? order : strcmp(a->where, b->where);
}

/* One reason has several locations, and several keys one name. */
static size_t merge(struct drop *list, size_t count)
{
	size_t kept = 0;

	qsort(list, count, sizeof(*list), by_place);
	for (size_t i = 0; i < count; i++) {
		if (kept && !by_place(&list[kept - 1], &list[i])) {
			list[kept - 1].packets += list[i].packets;
			list[kept - 1].warmup += list[i].warmup;
			list[kept - 1].unstamped += list[i].unstamped;
		} else {
			list[kept++] = list[i];
		}
	}
	return kept;
}

static size_t list_keys(int map, struct drop_key *keys, size_t most)
{
	struct drop_key *last = NULL;
	size_t count = 0;

	while (count < most && !bpf_map_get_next_key(map, last, &keys[count]))
		last = &keys[count++];
	return count;
}

int drops_read(struct drops *drops, struct drop **ret, size_t *ret_count,
	       struct drops_losses *ret_losses, struct err *err)
{
	int map = bpf_map__fd(drops->skeleton->maps.drops);
	_free_ struct drop_key *keys = calloc(DROPS_MAX_KEYS, sizeof(*keys));
	size_t count = keys ? list_keys(map, keys, DROPS_MAX_KEYS) : 0;
	_free_ struct drop *list = calloc(count + 1, sizeof(*list));

	if (!keys || !list)
		return err_errno(err, -ENOMEM, "drops");
	drop_names_find_functions(drops->names, keys, count);
	for (size_t i = 0; i < count; i++) {
		struct drop_count value = {};

		bpf_map_lookup_elem(map, &keys[i], &value);
		list[i].packets = value.stamped;
		list[i].warmup = value.warmup;
		list[i].unstamped = value.unstamped;
		place(drops, &keys[i], &list[i]);
		drop_names_say(drops->names, &keys[i], list[i].where, sizeof(list[i].where));
	}
	*ret_losses = (struct drops_losses){
		.missed = missed(drops) - drops->missed_before,
		.uncounted = drops->skeleton->bss->uncounted,
	};
	*ret_count = merge(list, count);
	*ret = steal_ptr(list);
	return 0;
}
