/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the rtnl files share: making a message and queueing it. */

#include "topologies/rtnl.h"

#include <netlink/msg.h>
#include <netlink/netlink.h>

#define RTNL_BATCH_BYTES 16384
#define RTNL_BATCH_REQUESTS 128

/* What a queued message is about, for the error that it may become. */
struct rtnl_request {
	char what[100];
	const char *need; /* kind of device that the kernel may lack; NULL: none */
	int harmless; /* a negative errno that is none for this request */
};

struct rtnl {
	struct nl_sock *socket;
	uint32_t sequence; /* of requests[0] */
	size_t count, bytes;
	struct {
		struct nl_msg *message;
		struct nlattr *info, *data;
		struct rtnl_request about;
	} link; /* between rtnl_link_begin() and _end() */
	struct rtnl_request requests[RTNL_BATCH_REQUESTS];
	unsigned char batch[RTNL_BATCH_BYTES];
};

struct nl_msg *rtnl_message(int type, int flags, const void *header, size_t bytes);
/* Sizes are bounded by the callers' types, so that not fitting is a fault of this program. */
void rtnl_message_put(struct nl_msg *message, int attribute, const void *value, size_t bytes);
struct nlattr *rtnl_message_nest(struct nl_msg *message, int attribute);
/* Takes the message. */
int rtnl_queue(struct rtnl *rtnl, struct nl_msg *message, const struct rtnl_request *about,
	       struct err *err);
struct rtnl_request rtnl_about(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sends at once; the first answer is passed to `parse`, a negative errno of which is the result. */
int rtnl_ask(struct rtnl *rtnl, struct nl_msg *message,
	     int (*parse)(const struct nlmsghdr *answer, void *context), void *context);
