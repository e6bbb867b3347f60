/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A node with kube-proxy's rules between a client and two backends, servers at the endpoints, and
 * connections that say which endpoint they reached and from which address. */

#include "tests/netns/lab_fixture.h"

#include "topologies/proxy.h"

#define ENDPOINTS 3

/* All ways there are to have the same services. */
static const char *const ways[] = {
	"\"mode\":\"iptables-legacy\"",
	"\"mode\":\"iptables-nft\"",
	"\"mode\":\"nftables\"",
	"\"mode\":\"nftables\",\"shape\":\"1.36\"",
	"\"mode\":\"nftables\",\"shape\":\"1.37\"",
};

/* As topologies/kube-proxy.json; few services, as one message must hold all rules in a user
 * namespace. */
static inline struct lab *build_proxy(const char *way, const char *more)
{
	_free_ char *text = NULL;

	require(asprintf(&text,
			 "{\"name\":\"p\",\"nodes\":{"
			 "\"client\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.0.1\"}]},"
			 "\"node1\":{\"routes\":[{\"to\":\"10.96.0.0/12\",\"via\":\"198.18.1.2\"}],"
			 "\"forward\":true,\"proxy\":{\"backends\":[\"198.18.1.2\",\"198.18.2.2\"],"
			 "\"services\":10%s%s,%s}},"
			 "\"backend1\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.1.1\"}]},"
			 "\"backend2\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.2.1\"}]}},"
			 "\"links\":["
			 "{\"endpoints\":[\"client:eth0\",\"node1:client\"],"
			 "\"addresses\":[[\"198.18.0.2/24\"],[\"198.18.0.1/24\"]]},"
			 "{\"endpoints\":[\"node1:backend1\",\"backend1:eth0\"],"
			 "\"addresses\":[[\"198.18.1.1/24\"],[\"198.18.1.2/24\"]]},"
			 "{\"endpoints\":[\"node1:backend2\",\"backend2:eth0\"],"
			 "\"addresses\":[[\"198.18.2.1/24\"],[\"198.18.2.2/24\"]]}]}",
			 more[0] ? "," : "", more, way) > 0,
		"memory");
	return build(text);
}

/* What listens at each endpoint. */
struct servers {
	int fds[ENDPOINTS];
	size_t count;
};

static inline struct sockaddr_in socket_address(const struct address *address, uint16_t port)
{
	struct sockaddr_in ret = { .sin_family = AF_INET, .sin_port = htons(port) };

	memcpy(&ret.sin_addr, address->bytes, sizeof(ret.sin_addr));
	return ret;
}

static inline int listen_at(const struct address *address, uint16_t port)
{
	const struct sockaddr_in to = socket_address(address, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	require(fd >= 0 && bind(fd, (const void *)&to, sizeof(to)) == 0 && listen(fd, 16) == 0,
		"%m");
	return fd;
}

static inline struct servers serve(const struct lab *lab)
{
	const struct proxy_params *proxy = proxy_find(lab_topology(lab), NULL);
	_netns_home_ int home = netns_current();
	struct servers servers = { .count = proxy->endpoints };

	for (size_t i = 0; i < servers.count; i++) {
		struct address address;
		uint16_t port;

		proxy_endpoint(proxy, i, &address, &port);
		enter(lab, i % 2 ? "backend2" : "backend1");
		servers.fds[i] = listen_at(&address, port);
	}
	return servers;
}

static inline void stop(struct servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		close(servers->fds[i]);
}

/* Which endpoint has a connection, and from which address it came. */
static inline size_t accept_one(const struct servers *servers, char *ret_source)
{
	struct pollfd ready[ENDPOINTS];
	struct sockaddr_in from;
	socklen_t bytes = sizeof(from);

	for (size_t i = 0; i < servers->count; i++)
		ready[i] = (struct pollfd){ servers->fds[i], POLLIN, 0 };
	require(poll(ready, servers->count, 2000) == 1, "connected to none, or to several");
	for (size_t i = 0; i < servers->count; i++) {
		_close_ int fd = -1;

		if (!ready[i].revents)
			continue;
		fd = accept(servers->fds[i], (void *)&from, &bytes);
		require(fd >= 0, "%m");
		inet_ntop(AF_INET, &from.sin_addr, ret_source, INET_ADDRSTRLEN);
		return i;
	}
	return SIZE_MAX;
}

/* 0 or an errno; an answer to the first packet is a matter of microseconds. */
static inline int connect_to(const struct address *address, uint16_t port)
{
	const struct sockaddr_in to = socket_address(address, port);
	const struct timeval patience = { .tv_sec = 2 };
	_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return connect(fd, (const void *)&to, sizeof(to)) == 0 ? 0 : errno;
}

/*
 * The same by a datagram. TCP hears of a rejection while its first packet is still being sent, when
 * it cannot act on it, and asks again a second later.
 */
static inline int send_to(const struct address *address, uint16_t port)
{
	const struct sockaddr_in to = socket_address(address, port);
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd ready = { .fd = fd };
	int code = 0;
	socklen_t bytes = sizeof(code);

	require(connect(fd, (const void *)&to, sizeof(to)) == 0, "%m");
	if (send(fd, "", 1, 0) < 0)
		return errno;
	poll(&ready, 1, 2000);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &bytes);
	return code;
}

static inline int try_port(const struct lab *lab, const struct address *address, uint16_t port)
{
	if (proxy_find(lab_topology(lab), NULL)->protocol == PROXY_UDP)
		return send_to(address, port);
	return connect_to(address, port);
}

static inline int connect_service(const struct lab *lab, const char *node, uint64_t place)
{
	_netns_home_ int home = netns_current();
	struct address address;
	uint16_t port;

	proxy_service(proxy_find(lab_topology(lab), NULL), place, &address, &port);
	enter(lab, node);
	return try_port(lab, &address, port);
}

/* One connection from `node` to the service at that place; the endpoint that got it. */
static inline size_t reach(const struct lab *lab, const struct servers *servers, const char *node,
			   uint64_t place, char *ret_source)
{
	int code = connect_service(lab, node, place);

	require(code == 0, "from %s to the service at %zu: %s", node, (size_t)place,
		strerror(code));
	return accept_one(servers, ret_source);
}

static inline int connect_node_port(const struct lab *lab, uint64_t place)
{
	_netns_home_ int home = netns_current();
	struct address address;

	require(address_parse("198.18.0.1", false, &address), "address");
	enter(lab, "client");
	return try_port(lab, &address, proxy_node_port(place));
}

#define IN_CHILD(name)                                                                             \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(name);                                                                    \
	}
