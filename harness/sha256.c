// SPDX-License-Identifier: GPL-2.0-only
#include "harness/sha256.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES 64
#define CHUNK_BYTES (64u << 10)

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word >> bits | word << (32 - bits);
}

static void expand(const unsigned char *block, uint32_t words[64])
{
	for (int i = 0; i < 16; i++)
		words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
			   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t a = words[i - 15], b = words[i - 2];

		words[i] = words[i - 16] + words[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
			   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/* The working variables are the standard's own. */
static void compress(uint32_t state[8], const unsigned char *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t words[64];

	expand(block, words);
	for (int i = 0; i < 64; i++) {
		uint32_t first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
				 ((e & f) ^ (~e & g)) + constants[i] + words[i];
		uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
				  ((a & b) ^ (a & c) ^ (b & c));

		h = g, g = f, f = e, e = d + first;
		d = c, c = b, b = a, a = first + second;
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d;
	state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void sha256_init(struct sha256 *sha)
{
	*sha = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t count)
{
	const unsigned char *from = bytes;

	while (count) {
		size_t filled = sha->bytes % BLOCK_BYTES;
		size_t part = BLOCK_BYTES - filled < count ? BLOCK_BYTES - filled : count;

		memcpy(sha->block + filled, from, part);
		sha->bytes += part;
		from += part;
		count -= part;
		if (sha->bytes % BLOCK_BYTES == 0)
			compress(sha->state, sha->block);
	}
}

void sha256_finish_bytes(struct sha256 *sha, uint8_t ret[static SHA256_BYTES])
{
	static const unsigned char padding[BLOCK_BYTES] = { 0x80 };
	uint64_t bits = sha->bytes * 8;
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	/* One byte at least, and then up to the last eight of a block. */
	sha256_add(sha, padding, 1 + (BLOCK_BYTES + 55 - sha->bytes % BLOCK_BYTES) % BLOCK_BYTES);
	sha256_add(sha, length, sizeof(length));
	for (int i = 0; i < SHA256_BYTES; i++)
		ret[i] = (uint8_t)(sha->state[i / 4] >> (24 - i % 4 * 8));
}

void sha256_finish(struct sha256 *sha, char ret_text[static SHA256_TEXT_BYTES])
{
	uint8_t digest[SHA256_BYTES];

	sha256_finish_bytes(sha, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
}

void sha256_bytes(const void *bytes, size_t count, char ret_text[static SHA256_TEXT_BYTES])
{
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, bytes, count);
	sha256_finish(&sha, ret_text);
}

int sha256_fd(int fd, char ret_text[static SHA256_TEXT_BYTES], struct err *err)
{
	_free_ char *chunk = malloc(CHUNK_BYTES);
	struct sha256 sha;
	ssize_t got;

	if (!chunk)
		abort();
	sha256_init(&sha);
	while ((got = read(fd, chunk, CHUNK_BYTES)) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			sha256_add(&sha, chunk, (size_t)got);
	if (got < 0)
		return err_errno(err, -errno, "cannot read it");
	sha256_finish(&sha, ret_text);
	return 0;
}

int sha256_file(const char *path, char ret_text[static SHA256_TEXT_BYTES], struct err *err)
{
	/* O_NONBLOCK: a FIFO in the place of a file must not hang us. */
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int code;

	if (fd < 0)
		return err_errno(err, -errno, "cannot read '%s'", path);
	code = sha256_fd(fd, ret_text, err);
	return code ? err_wrap(err, code, "'%s'", path) : 0;
}
