// SPDX-License-Identifier: GPL-2.0-only
/* What both writers of rules need as text. */
#include "topologies/proxy_rules.h"

#include "harness/sha256.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

static const char *const protocols[] = { [PROXY_TCP] = "tcp", [PROXY_UDP] = "udp" };

/* RFC 4648, 6: five bits a character. */
void proxy_hash(const char *text, char ret[PROXY_HASH_MAX + 1], size_t characters)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t digest[SHA256_BYTES];
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, text, strlen(text));
	sha256_finish_bytes(&sha, digest);
	for (size_t i = 0; i < characters; i++) {
		size_t bit = i * 5;
		unsigned two = (unsigned)digest[bit / 8] << 8 | digest[bit / 8 + 1];

		ret[i] = alphabet[two >> (11 - bit % 8) & 31];
	}
	ret[characters] = '\0';
}

void proxy_service_text(const struct proxy_params *proxy, uint64_t place,
			struct proxy_service_text *ret)
{
	struct address address;
	uint16_t port;

	proxy_service(proxy, place, &address, &port);
	*ret = (struct proxy_service_text){
		.protocol = protocols[proxy->protocol],
		.port = port,
		.node_port = proxy->node_ports ? proxy_node_port(place) : 0,
		.endpoints = proxy_endpoint_count(proxy, place),
		.filler = proxy_is_filler(proxy, place),
		.shared = proxy->filler == PROXY_FILLER_SHARED && proxy_is_filler(proxy, place),
		.first_shared = place == 1,
	};
	snprintf(ret->name, sizeof(ret->name), "ns1/svc%" PRIu64 ":p80", place + 1);
	inet_ntop(AF_INET, address.bytes, ret->address, sizeof(ret->address));
}

void proxy_endpoint_text(const struct proxy_params *proxy, uint64_t index,
			 struct proxy_endpoint_text *ret)
{
	struct address address;
	uint16_t port;

	proxy_endpoint(proxy, index, &address, &port);
	ret->port = port;
	inet_ntop(AF_INET, address.bytes, ret->address, sizeof(ret->address));
}
