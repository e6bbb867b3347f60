// SPDX-License-Identifier: GPL-2.0-only
#include "harness/err.h"
#include "loadgen/frame.h"
#include "loadgen/round.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define PORTS 65536u
#define VARYING_BITS 32 /* of an address, its last ones */

static unsigned full_length(const struct address *address)
{
	return address->family == AF_INET6 ? 128 : 32;
}

static size_t varying_at(const struct address *address)
{
	return full_length(address) / 8 - VARYING_BITS / 8;
}

static uint32_t varying(const struct address *address)
{
	uint32_t word;

	memcpy(&word, address->bytes + varying_at(address), sizeof(word));
	return ntohl(word);
}

/* Whether they differ in their last bits alone. */
static bool is_akin(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, varying_at(a));
}

/* First and last of a subnet's addresses that a host may have, as far as they may vary. */
struct span {
	uint64_t first, last;
};

static struct span span_of(const struct address *subnet)
{
	unsigned host_bits = full_length(subnet) - subnet->prefix_length;
	uint64_t size = host_bits < VARYING_BITS ? 1ull << host_bits : 1ull << VARYING_BITS;
	uint64_t first = varying(subnet) & ~(size - 1);

	/* The subnet's own address, IPv6's for any of its routers, and IPv4's broadcast. */
	if (host_bits < 2)
		return (struct span){ first, first + size - 1 };
	return (struct span){ first + 1, first + size - 2 };
}

static bool is_in(uint64_t value, uint64_t first, uint64_t count)
{
	return value >= first && value - first < count;
}

/* The highest run of `count` addresses of the span that has none of those in use; 0: none. */
static uint64_t find_run(const struct flows_setup *setup, struct span span, uint64_t count)
{
	uint64_t end = span.last + 1;
	bool moved = true;

	while (moved && end >= span.first + count) {
		moved = false;
		for (size_t i = 0; i <= setup->taken_count; i++) {
			const struct address *taken = i ? &setup->taken[i - 1] : &setup->own;

			if (!is_akin(taken, &setup->own) ||
			    !is_in(varying(taken), end - count, count))
				continue;
			end = varying(taken);
			moved = true;
		}
	}
	return end >= span.first + count ? end - count : 0;
}

static int place_addresses(struct flows *flows, const struct flows_setup *setup, uint64_t count,
			   struct err *err)
{
	const struct address *from = setup->sources.family ? &setup->sources : &setup->own;
	struct span span = span_of(from);
	char text[INET6_ADDRSTRLEN + 4];
	uint64_t run;

	flows->own = varying(&setup->own);
	if (setup->sources.family) {
		flows->own = (uint32_t)span.first;
		flows->others = (uint32_t)span.first + 1;
		run = span.last - span.first + 1 >= count;
	} else {
		run = count > 1 ? find_run(setup, span, count - 1) : 1;
		flows->others = (uint32_t)run;
	}
	if (run)
		return 0;
	return err_usage(err,
			 "%llu flows from port %llu on need %llu source addresses in one run, and "
			 "%s has fewer to spare: name a larger prefix in `sources`",
			 (unsigned long long)setup->count, (unsigned long long)setup->first_port,
			 (unsigned long long)count, address_format(from, text, sizeof(text)));
}

/* Any step that has no divisor in common with the count visits each flow once a round. */
static void place_round(struct flows *flows)
{
	flows->first = (uint32_t)(splitmix_mix(flows->seed) % flows->count);
	flows->step = (uint32_t)(splitmix_mix(flows->seed + 1) % flows->count);
	while (round_gcd(flows->step, flows->count) != 1)
		flows->step = (flows->step + 1) % flows->count;
}

int flows_init(struct flows *flows, const struct flows_setup *setup, struct err *err)
{
	uint64_t addresses;

	*flows = (struct flows){
		.count = (uint32_t)setup->count,
		.first_port = (uint16_t)setup->first_port,
		.random = setup->random,
		.seed = splitmix_mix(setup->seed),
	};
	/* A power of two, so that no packet costs a division. */
	while (2u << flows->port_bits <= PORTS - setup->first_port &&
	       1u << flows->port_bits < setup->count)
		flows->port_bits++;
	addresses = ((setup->count - 1) >> flows->port_bits) + 1;
	place_round(flows);
	return place_addresses(flows, setup, addresses, err);
}

void flows_at(const struct flows *flows, __u64 index, __u32 first_sequence, struct frame_own *ret)
{
	uint32_t flow =
		(uint32_t)((flows->first + index % flows->count * flows->step) % flows->count);

	if (flows->random)
		flow = flows_random(flows, index);
	flows_fill(flows, flow, ret);
	ret->sequence = frame_sequence(first_sequence, index);
}
