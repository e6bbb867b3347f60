/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a receiver makes of a frame, from the standards and not from how it was made: RFC 791, 768,
 * 9293, 8200, 1071, each checksum over all that it covers.
 */

#include "loadgen/stamp.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct seen_frame {
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
	uint16_t source_port, port;
	uint8_t protocol;
	struct stamp stamp;
};

static inline uint32_t reference_sum(const unsigned char *at, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

static inline bool reference_is_right(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static inline uint16_t reference_u16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* NULL, or what is wrong with it. */
static inline const char *reference_l4(const unsigned char *l4, size_t bytes, uint32_t addresses,
				       struct seen_frame *ret)
{
	bool tcp = ret->protocol == 6;
	size_t header_bytes = tcp ? 20 : 8;

	if (bytes < header_bytes + STAMP_BYTES)
		return "too short";
	if (tcp ? l4[12] != 0x50 || l4[13] != 0x02 : reference_u16(l4 + 4) != bytes)
		return tcp ? "no SYN without options" : "UDP length";
	if (!tcp && !reference_u16(l4 + 6))
		return "UDP checksum of 0";
	if (!reference_is_right(addresses + ret->protocol + (uint32_t)bytes +
				reference_sum(l4, bytes)))
		return "L4 checksum";
	ret->source_port = reference_u16(l4);
	ret->port = reference_u16(l4 + 2);
	for (size_t i = header_bytes; i < bytes - STAMP_BYTES; i++)
		if (l4[i])
			return "payload";
	memcpy(&ret->stamp, l4 + bytes - STAMP_BYTES, STAMP_BYTES);
	return ret->stamp.payload_bytes == bytes - header_bytes ? NULL : "the stamp's length";
}

static inline const char *reference_read(const unsigned char *frame, size_t bytes,
					 struct seen_frame *ret)
{
	const unsigned char *ip = frame + 14;

	if (bytes < 14 + 20)
		return "too short";
	if (reference_u16(frame + 12) == 0x0800) {
		if (ip[0] != 0x45 || reference_u16(ip + 2) != bytes - 14)
			return "IPv4 header or length";
		if (!reference_is_right(reference_sum(ip, 20)))
			return "IPv4 checksum";
		ret->protocol = ip[9];
		inet_ntop(AF_INET, ip + 12, ret->source, sizeof(ret->source));
		inet_ntop(AF_INET, ip + 16, ret->destination, sizeof(ret->destination));
		return reference_l4(ip + 20, bytes - 34, reference_sum(ip + 12, 8), ret);
	}
	if (reference_u16(frame + 12) != 0x86dd || bytes < 54)
		return "not IP";
	if (ip[0] != 0x60 || reference_u16(ip + 4) != bytes - 54)
		return "IPv6 header or length";
	ret->protocol = ip[6];
	inet_ntop(AF_INET6, ip + 8, ret->source, sizeof(ret->source));
	inet_ntop(AF_INET6, ip + 24, ret->destination, sizeof(ret->destination));
	return reference_l4(ip + 40, bytes - 54, reference_sum(ip + 8, 32), ret);
}
