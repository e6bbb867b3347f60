/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What all senders of the bench send through: a veth pair in a namespace of the bench's own, whose
 * far end counts and drops by XDP. "out" is 198.18.0.1 and believes that 198.18.0.2 is behind
 * "sink", which has no address: what a socket sends there takes the same way.
 */
#include <bpf/bpf.h>
#include <stdint.h>

#define WIRE_OUT 2 /* ifindex */
#define WIRE_SINK 3

/* Ends the program if it cannot: "generators: WHAT: why". Codes are negative errno. */
void check(int code, const char *what);

/* Enters the namespace; everything is gone when the program ends. */
void wire_build(void);
/* Frames that arrived since it was built, over all CPUs. */
uint64_t wire_arrived(void);
/* A program that redirects whatever it is given into "out", and does nothing else. */
int wire_load_bare(void);
