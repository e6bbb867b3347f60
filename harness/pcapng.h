/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Writes a capture file that Wireshark and tshark read: blocks of draft-ietf-opsawg-pcapng, in the
 * machine's byte order. Interfaces carry Ethernet and times in nanoseconds, and may be declared
 * after the first packets; they are numbered from 0. Errors show in ferror().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void pcapng_begin(FILE *out, const char *application);
void pcapng_put_interface(FILE *out, const char *name, const char *description,
			  uint32_t snap_bytes);

struct pcapng_packet {
	uint32_t interface;
	uint64_t time_ns; /* since 1970 */
	const void *bytes;
	uint32_t captured_bytes, length_bytes;
	bool outbound;
	const char *comment;
};
void pcapng_put_packet(FILE *out, const struct pcapng_packet *packet);
