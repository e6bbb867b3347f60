/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * rtnetlink of one network namespace, the one where rtnl_open() was called; only the rtnl files
 * know libnl, and its error codes end here. Requests are queued and go out many at a time, in
 * order, when the queue is full or at rtnl_flush(): an error may come from either and names the
 * request that it belongs to. After an error nothing more should be queued.
 */

#include "harness/err.h"
#include "harness/field.h"

#include <stdbool.h>
#include <stdint.h>

#define MAC_BYTES 6

struct rtnl;

int rtnl_open(struct rtnl **ret, struct err *err);
void rtnl_close(struct rtnl *rtnl); /* NULL is fine; what is still queued is dropped */
int rtnl_flush(struct rtnl *rtnl, struct err *err);

static inline void cleanup_rtnl(struct rtnl **rtnl)
{
	rtnl_close(*rtnl);
}
#define _rtnl_ __attribute__((cleanup(cleanup_rtnl)))

/* A device to be made. */
struct rtnl_link {
	const char *name, *kind;
	int ifindex; /* the one it shall have */
	int link; /* ifindex of the device it sits on; 0: none */
	int netns_fd; /* where it is made; -1: here */
	uint8_t mac[MAC_BYTES]; /* all zero: the kernel chooses */
	uint64_t mtu, tx_queues, rx_queues; /* 0: the kernel's default */
};

/* The kind's own attributes (IFLA_VXLAN_ID, ...) are put between begin and end. */
void rtnl_link_begin(struct rtnl *rtnl, const struct rtnl_link *link);
void rtnl_put(struct rtnl *rtnl, int attribute, const void *value, size_t bytes);
void rtnl_put_u8(struct rtnl *rtnl, int attribute, uint8_t value);
void rtnl_put_u16(struct rtnl *rtnl, int attribute, uint16_t value);
void rtnl_put_u32(struct rtnl *rtnl, int attribute, uint32_t value);
int rtnl_link_end(struct rtnl *rtnl, struct err *err);
/* Both ends of a pair, each at once in its namespace. */
int rtnl_add_veth(struct rtnl *rtnl, const struct rtnl_link ends[2], struct err *err);

/* A device that is here goes to link->netns_fd, with that link's name, ifindex, MAC and MTU. */
int rtnl_move(struct rtnl *rtnl, int ifindex, const struct rtnl_link *link, struct err *err);

/* A device that is there; the name is only for errors. */
struct rtnl_device {
	const char *name;
	int ifindex;
};

int rtnl_set_up(struct rtnl *rtnl, const struct rtnl_device *device, struct err *err);
/*
 * No link-local IPv6 address: what has no other address is then silent, and no router is looked
 * for. A device without IPv6 is fine.
 */
int rtnl_set_no_link_local(struct rtnl *rtnl, const struct rtnl_device *device, struct err *err);
int rtnl_set_master(struct rtnl *rtnl, const struct rtnl_device *device,
		    const struct rtnl_device *master, struct err *err);

/* IPv6 addresses without duplicate address detection. */
int rtnl_add_address(struct rtnl *rtnl, const struct rtnl_device *device,
		     const struct address *address, struct err *err);

struct rtnl_route {
	const struct address *to; /* AF_UNSPEC: default, of via's family, IPv4 without one */
	const struct address *via; /* AF_UNSPEC: on link */
	int ifindex; /* 0: the kernel finds it */
};
int rtnl_add_route(struct rtnl *rtnl, const struct rtnl_route *route, struct err *err);

/* Permanent: never asked for, never forgotten. */
int rtnl_add_neighbour(struct rtnl *rtnl, const struct rtnl_device *device,
		       const struct address *address, const uint8_t mac[MAC_BYTES],
		       struct err *err);
/* In a vxlan device: frames to `mac` go to `via`. */
int rtnl_add_fdb(struct rtnl *rtnl, const struct rtnl_device *device, const uint8_t mac[MAC_BYTES],
		 const struct address *via, struct err *err);

/* The way that a packet would take, as the kernel says it. */
struct rtnl_hop {
	int ifindex; /* out of which device */
	bool local; /* the address is this namespace's own */
	struct address via; /* whose MAC is asked for: a router's, or the destination's own */
	struct address source; /* AF_UNSPEC: the kernel knows none */
};
/* `from` of AF_UNSPEC: the kernel chooses. */
int rtnl_find_route(struct rtnl *rtnl, const struct address *to, const struct address *from,
		    struct rtnl_hop *ret, struct err *err);
/* -ENOENT if there is none, or none that is known to be right; nobody is asked on the wire. */
int rtnl_find_neighbour(struct rtnl *rtnl, int ifindex, const struct address *address,
			uint8_t ret_mac[MAC_BYTES], struct err *err);

struct rtnl_link_info {
	char name[16], kind[16]; /* kind "": hardware, or a device older than kinds */
	uint8_t mac[MAC_BYTES];
	uint32_t mtu;
	bool up;
	bool xdp; /* a program is attached in its driver */
};
int rtnl_read_link(struct rtnl *rtnl, int ifindex, struct rtnl_link_info *ret, struct err *err);

/* IF_OPER_UP and the like (RFC 2863, <linux/if.h>): what the kernel has acted on. */
int rtnl_read_state(struct rtnl *rtnl, const struct rtnl_device *device, uint8_t *ret,
		    struct err *err);
struct rtnl_link_stats64;
int rtnl_read_stats(struct rtnl *rtnl, const struct rtnl_device *device,
		    struct rtnl_link_stats64 *ret, struct err *err);
