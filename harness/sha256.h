/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * SHA-256 (FIPS 180-4), in here so that a guest, which has no tools, can do it as well and `verify`
 * starts no program for each file. Texts of digests are lower-case hexadecimal, as sha256sum writes
 * them.
 */

#include "harness/err.h"

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_DIGITS 64
#define SHA256_TEXT_BYTES (SHA256_DIGITS + 1)

struct sha256 {
	uint32_t state[8];
	uint64_t bytes; /* taken so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t count);
/* Done with `sha` then. */
void sha256_finish_bytes(struct sha256 *sha, uint8_t ret[static SHA256_BYTES]);
void sha256_finish(struct sha256 *sha, char ret_text[static SHA256_TEXT_BYTES]);

void sha256_bytes(const void *bytes, size_t count, char ret_text[static SHA256_TEXT_BYTES]);
/* All that can be read from it. */
int sha256_fd(int fd, char ret_text[static SHA256_TEXT_BYTES], struct err *err);
int sha256_file(const char *path, char ret_text[static SHA256_TEXT_BYTES], struct err *err);
