/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The parts of the load "tcp": in `from` a driver with many connections, in `to` one server. A
 * stream has no packets to be counted, so what counts is requests, each of request_bytes; in
 * stream mode they have no reply and are called messages.
 */

#include "loadgen/load.h"

#define TCP_MAX_CONNECTIONS 10000
/* Descriptors besides the connections'. */
#define TCP_SPARE_FDS 256

enum tcp_mode { TCP_REQUEST, TCP_STREAM };

struct tcp_params {
	int mode; /* enum tcp_mode */
	uint64_t connections, request_bytes, response_bytes, requests_per_connection, port;
};

/* So many connections may be open at once; 0 or a negative errno. */
int tcp_raise_limit(uint64_t connections, struct err *err);

/* See struct load_ops. */
int tcp_listen(const struct load_pass *pass, struct err *err);
int tcp_serve(int listener, const struct load_pass *pass, struct load_report *report);
int tcp_drive(const struct load_pass *pass, struct load_report *report, struct err *err);
