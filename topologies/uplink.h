/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The two virtio-net devices of a guest, joined by a hub inside QEMU: an uplink with a real driver,
 * which a veth does not have. There is one such pair, so one lab at a time can hold it.
 */

#include "harness/err.h"
#include "topologies/rtnl.h"

/* In a guest its init binds the first network namespace to this: where the devices come up, and
 * fall back to when the namespace that has them goes. */
#define UPLINK_HOME "/uplink"
/* Of the guest's PCI bus, near end and far end; in hex. */
#define UPLINK_NEAR_SLOT "10"
#define UPLINK_FAR_SLOT "11"
/* An Ethernet frame's; the devices take no larger ones. */
#define UPLINK_MTU 1500

/* A need, if this kernel is in no guest that was given the devices. */
int uplink_check(struct err *err);
/* Closing *ret_fd, at latest by dying, lets go. -EBUSY: another lab holds them. */
int uplink_hold(int *ret_fd, struct err *err);
/*
 * Both ends as new, each moved to its namespace under its name. `fd` is what uplink_hold() gave;
 * the calling thread is left in the namespace that it stands for.
 */
int uplink_make(int fd, const struct rtnl_link ends[2], struct err *err);
