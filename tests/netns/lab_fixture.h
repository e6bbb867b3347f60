/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Each test builds its lab in a child with namespaces of its own (as root, or as root of a user
 * namespace), which says itself what is wrong.
 */

#include "tests/test.h"

#include "harness/cleanup.h"
#include "topologies/lab.h"
#include "topologies/netns.h"
#include "topologies/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CHILD_SKIP 77

/* In a child: what is wrong, and out. */
#define require(condition, ...)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                     \
			printf(__VA_ARGS__);                                                       \
			printf("\n");                                                              \
			fflush(stdout);                                                            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static inline void write_file(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	require(fd >= 0 && write(fd, text, strlen(text)) >= 0, "%s: %m", path);
}

static inline void map_to_root(const char *path, unsigned id)
{
	char map[40];

	snprintf(map, sizeof(map), "0 %u 1", id);
	write_file(path, map);
}

static inline void enter_sandbox(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (uid != 0) {
		prctl(PR_SET_DUMPABLE, 1);
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(CHILD_SKIP);
		map_to_root("/proc/self/uid_map", uid);
		write_file("/proc/self/setgroups", "deny");
		map_to_root("/proc/self/gid_map", gid);
	}
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		_exit(CHILD_SKIP);
	require(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "%m");
}

static inline void in_child(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		enter_sandbox();
		body();
		fflush(stdout);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_SKIP)
		skip(); /* the child has said why */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static inline struct topology *parse(const char *text)
{
	struct arena *arena = arena_new();
	_diag_ struct diag *diag = diag_new("test", text, strlen(text));
	_json_ json_t *json = json_loads(text, 0, NULL);
	const struct topology *topology;

	require(json, "no JSON: %s", text);
	topology = topology_parse(json, arena, diag);
	diag_print(diag, stdout);
	require(diag_count(diag) == 0, "bad topology");
	json_incref(json);
	return (struct topology *)topology;
}

static inline struct lab *build(const char *text)
{
	struct lab *lab = NULL;
	struct err err;
	int code = lab_build(&lab, parse(text), &err);

	if (code < 0 && err.class == ERR_NEED) {
		printf("SKIP: %s\n", err.text);
		fflush(stdout);
		_exit(CHILD_SKIP);
	}
	require(code == 0, "%s", err.text);
	return lab;
}

static inline void enter(const struct lab *lab, const char *node)
{
	long index = topology_find_node(lab_topology(lab), node);
	struct err err;

	require(index >= 0, "%s", node);
	require(netns_enter(lab_node_fd(lab, (size_t)index), &err) == 0, "%s", err.text);
}

/* The echo request of either family: both have type, code, checksum, identifier, sequence. */
static inline int echo_socket(const char *to)
{
	struct sockaddr_in6 address6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in address = { .sin_family = AF_INET };
	bool ipv6 = inet_pton(AF_INET6, to, &address6.sin6_addr) == 1;
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
			ipv6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP);
	int whole = IP_PMTUDISC_DO;

	inet_pton(AF_INET, to, &address.sin_addr);
	require(fd >= 0, "%m");
	if (!ipv6)
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof(whole));
	require(connect(fd, ipv6 ? (void *)&address6 : (void *)&address,
			ipv6 ? sizeof(address6) : sizeof(address)) == 0,
		"%s: %m", to);
	return fd;
}

static inline uint16_t checksum(const uint16_t *words, size_t count)
{
	uint32_t sum = 0;

	while (count--)
		sum += *words++;
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static inline bool got_reply(int fd, uint8_t type)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t bytes[65536];

	while (poll(&ready, 1, 300) > 0) {
		ssize_t length = recv(fd, bytes, sizeof(bytes), 0);
		size_t header = type == ICMP_ECHOREPLY ? 20 : 0;

		if (length > (ssize_t)header && bytes[header] == type)
			return true;
	}
	return false;
}

static inline bool ping(const struct lab *lab, const char *node, const char *to, size_t bytes)
{
	_netns_home_ int home = netns_current();
	_close_ int fd = -1;
	bool ipv6 = strchr(to, ':');
	uint16_t packet[32768] = { 0 };
	uint8_t *head = (uint8_t *)packet;

	enter(lab, node);
	fd = echo_socket(to);
	head[0] = ipv6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	packet[1] = ipv6 ? 0 : checksum(packet, bytes / 2);
	if (send(fd, packet, bytes, 0) != (ssize_t)bytes)
		return false;
	return got_reply(fd, ipv6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY);
}
