// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/lab.h"

#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "topologies/lab_internal.h"
#include "topologies/netns.h"
#include "topologies/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void cleanup_lab(struct lab **lab)
{
	lab_free(*lab);
}

static struct lab *lab_new(const struct topology *topology)
{
	struct arena *arena = arena_new();
	struct lab *lab = arena_alloc(arena, sizeof(*lab));

	lab->topology = topology;
	lab->arena = arena;
	lab->node_count = topology->nodes.count;
	lab->nodes = arena_alloc(arena, lab->node_count * sizeof(*lab->nodes));
	for (size_t i = 0; i < lab->node_count; i++)
		lab->nodes[i].fd = -1;
	lab->fdb_end = &lab->fdb;
	lab->uplink_fd = -1;
	return lab;
}

void lab_free(struct lab *lab)
{
	struct arena *arena;

	if (!lab)
		return;
	for (size_t i = 0; i < lab->node_count; i++)
		cleanup_close(&lab->nodes[i].fd);
	cleanup_close(&lab->uplink_fd);
	arena = lab->arena;
	arena_free(arena);
}

static int make_namespace(struct lab_node *node, struct quiet *quiet, struct err *err)
{
	struct stat st;
	int code = netns_new(&node->fd, err);

	if (code < 0)
		return code;
	if (fstat(node->fd, &st) < 0)
		return err_errno(err, -errno, "stat the network namespace");
	node->inode = (uint32_t)st.st_ino;
	return quiet_apply(quiet, node->ipv6, err);
}

static int make_namespaces(struct lab *lab, struct quiet *quiet, struct err *err)
{
	for (size_t i = 0; i < lab->node_count; i++) {
		int code = make_namespace(&lab->nodes[i], quiet, err);

		if (code < 0)
			return err_wrap(err, code, "node '%s'", lab_topo_node(lab, i)->name);
	}
	return 0;
}

static struct rtnl_link describe_end(const struct lab *lab, const struct lab_device *device)
{
	struct rtnl_link link = {
		.name = device->name,
		.kind = device->virtio ? "virtio device" : "veth",
		.ifindex = device->ifindex,
		.netns_fd = lab->nodes[device->node].fd,
		.mtu = device->port->mtu,
		.tx_queues = device->port->tx_queues,
		.rx_queues = device->port->rx_queues,
	};

	memcpy(link.mac, device->mac, MAC_BYTES);
	return link;
}

/* From any namespace: both ends carry the one that they go to. */
static int make_links(struct lab *lab, struct err *err)
{
	_rtnl_ struct rtnl *rtnl = NULL;
	int code = rtnl_open(&rtnl, err);

	for (size_t i = 0; code == 0 && i < lab->device_count; i++) {
		const struct lab_device *device = &lab->devices[i];
		struct rtnl_link ends[2];

		/* Each pair once, by its first end. */
		if (!device->peer || device->peer < device)
			continue;
		ends[0] = describe_end(lab, device);
		ends[1] = describe_end(lab, device->peer);
		code = device->virtio ? uplink_make(lab->uplink_fd, ends, err)
				      : rtnl_add_veth(rtnl, ends, err);
	}
	return code < 0 ? code : rtnl_flush(rtnl, err);
}

static int add_ports(struct build_node *node, struct err *err)
{
	int code = 0;

	for (const struct lab_port *entry = node->lab->ports; code == 0 && entry;
	     entry = entry->next) {
		struct rtnl_device bridge, port;

		code = build_device(node, entry->bridge, &bridge, err);
		if (code == 0)
			code = build_device(node, entry->port, &port, err);
		if (code < 0)
			return err_wrap(err, code, "bridge '%s'", entry->bridge);
		code = rtnl_set_master(node->rtnl, &port, &bridge, err);
	}
	return code;
}

static int make_devices_of(struct lab *lab, size_t index, struct err *err)
{
	_rtnl_ struct rtnl *rtnl = NULL;
	const struct lab_node *of = &lab->nodes[index];
	struct build_node node;
	int code = netns_enter(of->fd, err);

	if (code == 0)
		code = rtnl_open(&rtnl, err);
	node = lab_build_node(lab, index, rtnl);
	lab->ports = NULL;
	for (size_t i = 0; code == 0 && i < of->device_count; i++) {
		const struct topo_device *device = of->devices[i].declared;

		if (device)
			code = device->ops->build(&node, device->name, device->params, err);
	}
	if (code == 0)
		code = add_ports(&node, err);
	return code < 0 ? code : rtnl_flush(rtnl, err);
}

static int make_devices(struct lab *lab, struct err *err)
{
	for (size_t i = 0; i < lab->node_count; i++) {
		const struct topo_node *node = lab_topo_node(lab, i);
		int code = node->devices.count > 0 ? make_devices_of(lab, i, err) : 0;

		if (code < 0)
			return err_wrap(err, code, "node '%s'", node->name);
	}
	return 0;
}

static int configure(struct lab *lab, struct err *err)
{
	for (size_t i = 0; i < lab->node_count; i++) {
		int code = lab_configure_node(lab, i, err);

		if (code < 0)
			return err_wrap(err, code, "node '%s'", lab_topo_node(lab, i)->name);
	}
	return 0;
}

#define FEATURE_EXTERN(name) extern const struct feature_ops feature_##name;
FEATURE_KINDS(FEATURE_EXTERN)
#define FEATURE_ROW(name) &feature_##name,
static const struct feature_ops *const features[] = { FEATURE_KINDS(FEATURE_ROW) };

static int add_features_of(struct lab *lab, size_t index, struct err *err)
{
	struct build_node node = lab_build_node(lab, index, NULL);

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		const void *params = node.node->features[i];
		int code;

		if (!params)
			continue;
		code = netns_enter(lab->nodes[index].fd, err);
		if (code == 0)
			code = features[i]->build(&node, params, err);
		if (code < 0)
			return err_wrap(err, code, "node '%s': %s", node.node->name,
					features[i]->kind.name);
	}
	return 0;
}

static int add_features(struct lab *lab, struct err *err)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < lab->node_count; i++)
		code = add_features_of(lab, i, err);
	return code;
}

static bool speaks_ipv6(const struct lab *lab)
{
	for (size_t i = 0; i < lab->node_count; i++)
		if (lab->nodes[i].ipv6)
			return true;
	return false;
}

static int build(struct lab *lab, struct err *err)
{
	int code = lab_list_devices(lab, err);

	if (code == 0 && lab->topology->virtio)
		code = uplink_hold(&lab->uplink_fd, err);
	if (code == 0)
		code = make_namespaces(lab, quiet_new(lab->arena), err);
	if (code == 0)
		code = make_links(lab, err);
	if (code == 0)
		code = make_devices(lab, err);
	/* Only now are all MACs known: some devices take that of another. */
	lab_derive_neighbours(lab);
	if (code == 0)
		code = lab_set_offloads(lab, err);
	if (code == 0)
		code = configure(lab, err);
	if (code == 0)
		code = add_features(lab, err);
	if (code == 0)
		code = lab_wait_ready(lab, err);
	if (code == 0 && speaks_ipv6(lab))
		quiet_settle();
	return code;
}

int lab_build(struct lab **ret, const struct topology *topology, struct err *err)
{
	_netns_home_ int home = netns_current();
	__attribute__((cleanup(cleanup_lab))) struct lab *lab = NULL;
	uint64_t cpu_ns = pace_cpu_ns();
	int code;

	if (home < 0)
		return err_errno(err, home, "open /proc/thread-self/ns/net");
	netns_raise_fd_limit();
	lab = lab_new(topology);
	code = build(lab, err);
	lab->cost.own_cpu_ns = pace_cpu_ns() - cpu_ns;
	if (code == 0)
		*ret = steal_ptr(lab);
	return code;
}

const struct lab_cost *lab_cost(const struct lab *lab)
{
	return &lab->cost;
}

const struct topology *lab_topology(const struct lab *lab)
{
	return lab->topology;
}

int lab_node_fd(const struct lab *lab, size_t node)
{
	return lab->nodes[node].fd;
}

uint32_t lab_node_inode(const struct lab *lab, size_t node)
{
	return lab->nodes[node].inode;
}

int lab_ifindex(const struct lab *lab, size_t node, const char *device)
{
	const struct lab_device *found = lab_find_device(lab, node, device);

	return found ? found->ifindex : -ENODEV;
}

static int name_node(const struct lab *lab, size_t node, struct err *err)
{
	const char *name = lab_topo_node(lab, node)->name;
	char path[128], source[64];
	_close_ int fd = -1;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	snprintf(source, sizeof(source), "/proc/self/fd/%d", lab->nodes[node].fd);
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return err_errno(err, -errno, "make %s", path);
	if (mount(source, path, NULL, MS_BIND, NULL) < 0)
		return err_errno(err, -errno, "mount on %s", path);
	return 0;
}

int lab_name_nodes(const struct lab *lab, struct err *err)
{
	int code = 0;

	if (mkdir("/run/netns", 0755) < 0 && errno != EEXIST)
		return err_errno(err, -errno, "make /run/netns");
	for (size_t i = 0; code == 0 && i < lab->node_count; i++)
		code = name_node(lab, i, err);
	return code;
}

static int read_counters(const struct lab *lab, const struct lab_device *device,
			 struct lab_counters *ret, struct err *err)
{
	const struct rtnl_device handle = { .name = device->name, .ifindex = device->ifindex };
	_netns_home_ int home = netns_current();
	_rtnl_ struct rtnl *rtnl = NULL;
	struct rtnl_link_stats64 stats;
	int code = home < 0 ? err_errno(err, home, "open /proc/thread-self/ns/net")
			    : netns_enter(lab->nodes[device->node].fd, err);

	if (code == 0)
		code = rtnl_open(&rtnl, err);
	if (code == 0)
		code = rtnl_read_stats(rtnl, &handle, &stats, err);
	if (code < 0)
		return code;
	*ret = (struct lab_counters){
		.rx_packets = stats.rx_packets,
		.tx_packets = stats.tx_packets,
		.rx_bytes = stats.rx_bytes,
		.tx_bytes = stats.tx_bytes,
		.rx_dropped = stats.rx_dropped,
		.tx_dropped = stats.tx_dropped,
	};
	return 0;
}

int lab_read_counters(const struct lab *lab, size_t node, const char *device,
		      struct lab_counters *ret, struct err *err)
{
	const struct lab_device *found = lab_find_device(lab, node, device);
	int code = found ? read_counters(lab, found, ret, err)
			 : err_set(err, -ENODEV, "no device '%s'", device);

	return code < 0 ? err_wrap(err, code, "node '%s'", lab_topo_node(lab, node)->name) : 0;
}
