/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Other ways to send: each sends `packets` frames of PEER_BYTES through the wire, as fast as it
 * goes, and returns when the kernel has taken them all. They hold what they need open from the
 * first call on, so that none pays for its setup.
 */
#include <stdbool.h>
#include <stdint.h>

#define PEER_BYTES 60 /* the smallest Ethernet frame, without FCS */

/* UDP datagrams, 64 a system call. */
void peer_send_udp(uint64_t packets);
/* A packet socket's ring (TPACKET_V2), past the queueing discipline. */
void peer_send_ring(uint64_t packets);
/* An AF_XDP socket in copy mode, the only one that veth has for sending. */
void peer_send_xsk(uint64_t packets);
/* trafgen, one process. False: it is not installed or failed. */
bool peer_send_trafgen(uint64_t packets);
