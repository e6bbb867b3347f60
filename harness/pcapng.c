// SPDX-License-Identifier: GPL-2.0-only
#include "harness/pcapng.h"

#include "harness/cleanup.h"

#include <string.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINK_ETHERNET = 1,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_INTERFACE_NAME = 2,
	OPTION_INTERFACE_DESCRIPTION = 3,
	OPTION_INTERFACE_RESOLUTION = 9,
	OPTION_PACKET_FLAGS = 2,
	NANOSECONDS = 9, /* 10^-9 s */
};

/* The body of one, until its length is known. */
struct block {
	char *bytes;
	size_t size;
	FILE *out;
};

static void block_begin(struct block *block)
{
	*block = (struct block){ 0 };
	block->out = open_memstream(&block->bytes, &block->size);
	if (!block->out)
		abort();
}

static void put16(FILE *out, uint16_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static void put32(FILE *out, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

/* Everything is padded to 32 bits. */
static void put_padded(FILE *out, const void *bytes, size_t count)
{
	static const char padding[4];

	fwrite(bytes, 1, count, out);
	fwrite(padding, 1, -count & 3, out);
}

static void put_option(struct block *block, uint16_t code, const void *value, size_t bytes)
{
	uint16_t length = bytes < UINT16_MAX ? (uint16_t)bytes : UINT16_MAX;

	put16(block->out, code);
	put16(block->out, length);
	put_padded(block->out, value, length);
}

static void block_end(struct block *block, uint32_t type, FILE *out)
{
	uint32_t total;

	put_option(block, OPTION_END, "", 0);
	fclose(block->out);
	total = (uint32_t)block->size + 12;
	put32(out, type);
	put32(out, total);
	fwrite(block->bytes, 1, block->size, out);
	put32(out, total);
	free(block->bytes);
}

void pcapng_begin(FILE *out, const char *application)
{
	struct block block;

	block_begin(&block);
	put32(block.out, BYTE_ORDER_MAGIC);
	put16(block.out, 1); /* version 1.0 */
	put16(block.out, 0);
	put32(block.out, UINT32_MAX); /* 64 bits of a length that is not told */
	put32(block.out, UINT32_MAX);
	put_option(&block, OPTION_SECTION_APPLICATION, application, strlen(application));
	block_end(&block, BLOCK_SECTION, out);
}

void pcapng_put_interface(FILE *out, const char *name, const char *description, uint32_t snap_bytes)
{
	const uint8_t resolution = NANOSECONDS;
	struct block block;

	block_begin(&block);
	put16(block.out, LINK_ETHERNET);
	put16(block.out, 0);
	put32(block.out, snap_bytes);
	put_option(&block, OPTION_INTERFACE_NAME, name, strlen(name));
	put_option(&block, OPTION_INTERFACE_DESCRIPTION, description, strlen(description));
	put_option(&block, OPTION_INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	block_end(&block, BLOCK_INTERFACE, out);
}

void pcapng_put_packet(FILE *out, const struct pcapng_packet *packet)
{
	const uint32_t flags = packet->outbound ? 2 : 1;
	struct block block;

	block_begin(&block);
	put32(block.out, packet->interface);
	put32(block.out, (uint32_t)(packet->time_ns >> 32));
	put32(block.out, (uint32_t)packet->time_ns);
	put32(block.out, packet->captured_bytes);
	put32(block.out, packet->length_bytes);
	put_padded(block.out, packet->bytes, packet->captured_bytes);
	put_option(&block, OPTION_COMMENT, packet->comment, strlen(packet->comment));
	put_option(&block, OPTION_PACKET_FLAGS, &flags, sizeof(flags));
	block_end(&block, BLOCK_PACKET, out);
}
