// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/lab_internal.h"
#include "topologies/netns.h"

#include <errno.h>
#include <linux/if.h>
#include <time.h>

/*
 * A veth end that comes up before its peer has no carrier, so it gets its queue, and a bridge lets
 * it forward, only when the kernel's link watch says that the carrier came. That is a work item,
 * which handles 100 events and may then rest for a second: until it has been round, packets are
 * dropped. Asking for a device makes the kernel do that one's event at once (linkwatch_sync_dev in
 * rtnl_getlink, Linux 6.8 and stable kernels since); older ones are asked until they have.
 */
#define LINK_PATIENCE_NS 10000000000ull
/* A bridge without a port never has a carrier: no fault, and no reason to wait for long. */
#define DEVICE_PATIENCE_NS 200000000ull
#define NAP_NS 1000000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/*
 * Not the end of a plain link that comes up last: it had its carrier when it did. Devices are
 * brought up in the order of the table.
 */
static bool may_lag(const struct lab *lab, const struct lab_device *device)
{
	return device->declared || device->virtio || device < device->peer ||
	       lab->nodes[device->node].ipv6 || lab_topo_node(lab, device->node)->devices.count > 0;
}

static int look(struct rtnl *rtnl, struct lab_device *device, uint64_t waited_ns, bool *all,
		struct err *err)
{
	const struct rtnl_device handle = { .name = device->name, .ifindex = device->ifindex };
	uint8_t state = IF_OPER_DOWN;
	int code = rtnl_read_state(rtnl, &handle, &state, err);

	if (code < 0)
		return code;
	/* Some kinds of device cannot tell; a veth that cannot was not looked at yet. */
	device->ready = state == IF_OPER_UP || (device->declared && state == IF_OPER_UNKNOWN);
	if (device->ready)
		return 0;
	if (!device->declared && waited_ns > LINK_PATIENCE_NS)
		return err_set(err, -ETIMEDOUT, "'%s' has no carrier", device->name);
	if (device->declared && waited_ns > DEVICE_PATIENCE_NS)
		device->ready = true;
	else
		*all = false;
	return 0;
}

static int look_at_node(struct lab *lab, struct lab_node *node, uint64_t waited_ns, bool *all,
			struct err *err)
{
	_rtnl_ struct rtnl *rtnl = NULL;
	int code = 0;

	for (size_t i = 0; code == 0 && i < node->device_count; i++) {
		struct lab_device *device = &node->devices[i];

		if (device->ready || !may_lag(lab, device))
			continue;
		if (!rtnl) {
			code = netns_enter(node->fd, err);
			if (code == 0)
				code = rtnl_open(&rtnl, err);
		}
		if (code == 0)
			code = look(rtnl, device, waited_ns, all, err);
	}
	return code;
}

int lab_wait_ready(struct lab *lab, struct err *err)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	uint64_t start_ns = now_ns();
	bool all = false;

	while (!all) {
		uint64_t waited_ns = now_ns() - start_ns;

		all = true;
		for (size_t i = 0; i < lab->node_count; i++) {
			int code = look_at_node(lab, &lab->nodes[i], waited_ns, &all, err);

			if (code < 0)
				return err_wrap(err, code, "node '%s'",
						lab_topo_node(lab, i)->name);
		}
		if (!all)
			nanosleep(&nap, NULL);
	}
	return 0;
}
