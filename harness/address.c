// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static unsigned full_length(sa_family_t family)
{
	return family == AF_INET ? 32 : 128;
}

static bool parse_host(const char *text, struct address *ret)
{
	ret->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	ret->prefix_length = (uint8_t)full_length(ret->family);
	return inet_pton(ret->family, text, ret->bytes) == 1;
}

static bool parse_length(const char *text, unsigned max, uint8_t *ret)
{
	unsigned length = 0;

	/* strtoul() would let signs and spaces pass. */
	if (strlen(text) > 3 || strspn(text, "0123456789") != strlen(text) || !*text)
		return false;
	for (; *text; text++)
		length = length * 10 + (unsigned)(*text - '0');
	*ret = (uint8_t)length;
	return length <= max;
}

bool address_parse(const char *text, bool with_prefix, struct address *ret)
{
	struct address address = { .family = AF_UNSPEC };
	const char *slash = strchr(text, '/');
	size_t host_bytes = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];

	if (with_prefix && strcmp(text, "default") == 0) {
		*ret = address;
		return true;
	}
	if (host_bytes >= sizeof(host) || (slash && !with_prefix))
		return false;
	memcpy(host, text, host_bytes);
	host[host_bytes] = '\0';
	if (!parse_host(host, &address))
		return false;
	if (slash && !parse_length(slash + 1, full_length(address.family), &address.prefix_length))
		return false;
	*ret = address;
	return true;
}

const char *address_format(const struct address *address, char *text, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->family == AF_UNSPEC) {
		snprintf(text, size, "default");
		return text;
	}
	inet_ntop(address->family, address->bytes, host, sizeof(host));
	if (address->prefix_length == full_length(address->family))
		snprintf(text, size, "%s", host);
	else
		snprintf(text, size, "%s/%u", host, address->prefix_length);
	return text;
}

int address_compare_bits(const struct address *left, const struct address *right, unsigned bits)
{
	unsigned bytes = bits / 8;
	int order = memcmp(left->bytes, right->bytes, bytes);
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (order != 0 || bits % 8 == 0)
		return order;
	return (left->bytes[bytes] & mask) - (right->bytes[bytes] & mask);
}

bool address_is_in(const struct address *address, const struct address *prefix)
{
	return prefix->family == address->family &&
	       address_compare_bits(prefix, address, prefix->prefix_length) == 0;
}
