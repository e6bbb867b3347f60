/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The parts of the load "udp". A packet of it is a datagram: with UDP_SEGMENT many of them are one
 * message, which the kernel takes apart on its way out or at the receiver's socket, and each has a
 * stamp of its own.
 */

#include "loadgen/load.h"

#define UDP_MAX_FLOWS 1024
#define UDP_MAX_BURST 1024 /* the kernel's UIO_MAXIOV */
#define UDP_MAX_SEGMENTS 128 /* the kernel's UDP_MAX_SEGMENTS */
#define UDP_MAX_MESSAGE 65507 /* bytes in 65535 with IPv4 and UDP headers */

struct udp_params {
	uint64_t size, flows, port, source_port;
	bool one_way;
	uint64_t burst; /* messages a call */
	uint64_t gso; /* datagrams a message */
	bool receive_timestamps;
};

bool udp_is_bulk(const struct load_common *common, const void *params);

/* Datagrams that one call sends; all of them are due when the first is. */
static inline uint64_t udp_per_call(const struct load_common *common,
				    const struct udp_params *params)
{
	return udp_is_bulk(common, params) ? params->burst * params->gso : 1;
}

/* In `to`. See struct load_ops. */
int udp_listen(const struct load_pass *pass, struct err *err);
int udp_serve(int listener, const struct load_pass *pass, struct load_report *report);
/* udp_serve() where nothing is sent back. */
int udp_receive(int listener, const struct load_pass *pass, struct load_report *report);

/* In `from`: opens a socket a flow, which stay until the process ends. */
int udp_open_flows(const struct load_pass *pass, int *ret_fds, struct err *err);
/* Each packet at its own time, keeping the times of each; and without, many at a time. */
/* After a pass with receive timestamps: whether the clock they are of went on evenly. */
int udp_check_clock(const struct load_report *report, struct err *err);
int udp_drive_each(const struct load_pass *pass, struct load_report *report, struct err *err);
int udp_drive_bulk(const struct load_pass *pass, struct load_report *report, struct err *err);
