/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Bytes through one TCP socket, the same from both ends: what stands at which position of the
 * stream is known to both, so that every byte is checked where it is received. The content repeats
 * after a prime number of bytes, so that no loss or repetition of whole segments can hide in it.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TCP_CONTENT_PERIOD 131071

struct tcp_content {
	char bytes[2 * TCP_CONTENT_PERIOD]; /* twice, so that a period from anywhere is whole */
	char buffer[TCP_CONTENT_PERIOD]; /* for what is received */
};

/* The same for the same seed; free() it. NULL: out of memory. */
struct tcp_content *tcp_content_new(uint64_t seed);

struct tcp_flow {
	int fd; /* not blocking; -1: closed */
	bool ended; /* the other side sends nothing more */
	uint64_t sent_bytes, received_bytes;
};

/*
 * As many bytes as the socket takes now, at most `most`: returns how many, 0 if none, or a negative
 * errno.
 */
int64_t tcp_flow_send(struct tcp_flow *flow, const struct tcp_content *content, uint64_t most);
/* One recv(), of at most `most` bytes. The same, and -EBADMSG: they are not what was sent. */
int64_t tcp_flow_receive(struct tcp_flow *flow, struct tcp_content *content, uint64_t most);
