/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Node a sends stamped datagrams by r to b; what of them was dropped where must add up. */

#include "tests/netns/sink_fixture.h"

#include "bpf/drops.h"

#define PACKETS 500u
#define PORT 9000
#define B_ADDRESS "198.18.2.2"
/* Of a's as well, but r knows no way there. */
#define LOST_ADDRESS "198.18.66.1"
/* A place in the file is left for what is special about r and about the link to b. */
#define ROUTED(of_r, of_link)                                                                      \
	"{\"name\":\"routed\",\"nodes\":{"                                                         \
	"\"a\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.1.1\"}]},"                        \
	"\"r\":{\"forward\":true" of_r "},"                                                        \
	"\"b\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.2.1\"}]}},\"links\":["            \
	"{\"endpoints\":[\"a:eth0\",\"r:ra\"],\"addresses\":["                                     \
	"[\"198.18.1.2/24\",\"" LOST_ADDRESS "/32\"],[\"198.18.1.1/24\"]]},"                       \
	"{\"endpoints\":[\"r:rb\",\"b:eth0\"]," of_link "\"addresses\":["                          \
	"[\"198.18.2.1/24\"],[\"" B_ADDRESS "/24\"]]}]}"

struct list_of_drops {
	struct drop *items;
	size_t count;
};

/* What a trial has at hand. */
struct trial {
	struct lab *lab;
	struct drops *drops;
	int receiver; /* a socket of b's at PORT; -1: none */
};

/* Bound, if there is a port of 0 (any) or more. */
static inline int udp_socket(const struct lab *lab, const char *node, int port)
{
	_netns_home_ int home = netns_current();
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd, bytes = 1 << 24;

	enter(lab, node);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	require(fd >= 0, "%m");
	require(port < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0, "%m");
	/* Nothing is to be lost there unless the test wants it. */
	require(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0, "%m");
	return fd;
}

static inline struct trial begin(const char *topology)
{
	struct trial trial = { .lab = build(topology), .receiver = -1 };
	struct err err;

	require(drops_open(&trial.drops, SINK_MAGIC, &err) == 0, "%s", err.text);
	require(drops_watch(trial.drops, trial.lab, &err) == 0, "%s", err.text);
	return trial;
}

static inline void end(struct trial *trial)
{
	if (trial->receiver >= 0)
		close(trial->receiver);
	drops_close(trial->drops);
	lab_free(trial->lab);
}

struct sending {
	const char *to; /* NULL: B_ADDRESS */
	const char *from; /* NULL: as the kernel chooses */
	int ttl, payload_bytes; /* 0: 64 */
	uint32_t first;
};

static inline void send_all(const struct trial *trial, const struct sending *how)
{
	_close_ int fd = udp_socket(trial->lab, "a", -1);
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	size_t bytes = how->payload_bytes ? (size_t)how->payload_bytes : 64;
	struct stamp stamp = { .magic = SINK_MAGIC };
	int whole = IP_PMTUDISC_PROBE;
	char payload[2000] = "";

	inet_pton(AF_INET, how->to ? how->to : B_ADDRESS, &to.sin_addr);
	require(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof(whole)) == 0, "%m");
	inet_pton(AF_INET, how->from ? how->from : "0.0.0.0", &from.sin_addr);
	require(bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0, "%m");
	if (how->ttl)
		setsockopt(fd, IPPROTO_IP, IP_TTL, &how->ttl, sizeof(how->ttl));
	for (uint32_t i = 0; i < PACKETS; i++) {
		stamp.sequence = how->first + i;
		stamp_write(payload, bytes, &stamp);
		require(sendto(fd, payload, bytes, 0, (struct sockaddr *)&to, sizeof(to)) ==
				(ssize_t)bytes,
			"%m");
	}
}

static inline size_t receive_all(const struct trial *trial)
{
	struct pollfd ready = { .fd = trial->receiver, .events = POLLIN };
	char payload[2000];
	size_t count = 0;

	usleep(20000);
	while (trial->receiver >= 0 && poll(&ready, 1, 100) > 0)
		count += recv(trial->receiver, payload, sizeof(payload), MSG_DONTWAIT) > 0;
	return count;
}

static inline void print_drops(const struct list_of_drops *list)
{
	for (size_t i = 0; i < list->count; i++)
		printf("  %s:%s %s: %zu and %zu unstamped\n", list->items[i].node,
		       list->items[i].device, list->items[i].where, (size_t)list->items[i].packets,
		       (size_t)list->items[i].unstamped);
}

static inline struct list_of_drops read_drops(const struct trial *trial)
{
	struct list_of_drops list = {};
	struct drops_losses losses;
	struct err err;

	require(drops_read(trial->drops, &list.items, &list.count, &losses, &err) == 0, "%s",
		err.text);
	require(!losses.missed && !losses.uncounted, "%zu missed, %zu uncounted",
		(size_t)losses.missed, (size_t)losses.uncounted);
	return list;
}

static inline bool is_named(const char *where, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(where, *names))
			return true;
	return false;
}

/* All of ours at this device, under one of these names: kernels differ in theirs. */
static inline void require_drops(const struct trial *trial, const char *node, const char *device,
				 const char *const *names, size_t sent, size_t delivered)
{
	struct list_of_drops list = read_drops(trial);
	size_t dropped = 0, elsewhere = 0;

	for (size_t i = 0; i < list.count; i++) {
		const struct drop *drop = &list.items[i];

		if (!strcmp(drop->node, node) && !strcmp(drop->device, device) &&
		    is_named(drop->where, names))
			dropped += drop->packets;
		else
			elsewhere += drop->packets;
	}
	if (dropped + delivered != sent || elsewhere || !dropped)
		print_drops(&list);
	require(dropped && !elsewhere && sent == delivered + dropped,
		"%zu sent, %zu delivered, %zu dropped at %s:%s, %zu elsewhere", sent, delivered,
		dropped, node, device, elsewhere);
	free(list.items);
}
#define REQUIRE_DROPS(trial, node, device, delivered, ...)                                         \
	require_drops(trial, node, device, (const char *const[]){ __VA_ARGS__, NULL }, PACKETS,    \
		      delivered)
