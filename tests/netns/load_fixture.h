/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Loads over real sockets, in a user and network namespace of the test's own: one node with only
 * a loopback, and two joined by a veth pair. The lab is a fake, so that nothing but the loads is
 * under test.
 */

#include "harness/cleanup.h"
#include "loadgen/load.h"
#include "loadgen/pace.h"
#include "loadgen/stamp.h"
#include "loadgen/tcp.h"
#include "loadgen/udp.h"
#include "tests/test.h"
#include "topologies/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

extern const struct load_ops load_ping, load_udp, load_tcp;

/* As the load's own; a mistake here shows in the counts. */
struct ping_params {
	uint64_t size, ttl;
};

enum { HERE, LEFT, RIGHT, NODES };

struct lab {
	int fds[NODES];
};

/* One pass and what it takes; a `source` of NULL leaves the choice to the kernel. */
struct trial {
	const struct load_ops *ops;
	int from, to;
	const char *source, *destination;
	uint64_t interval_us, timeout_ms, count, duration_ms;
	bool has_rate; /* the interval is said by a rate, or "max" if it is 0 */
	uint32_t first_sequence;
	struct ping_params ping;
	struct udp_params udp;
	struct tcp_params tcp;
};

static const char *const node_names[NODES] = { "here", "left", "right" };

const struct topology *lab_topology(const struct lab *lab)
{
	(void)lab;
	return NULL;
}

long topology_find_node(const struct topology *topology, const char *name)
{
	(void)topology;
	for (long node = 0; node < NODES; node++) {
		if (!strcmp(name, node_names[node]))
			return node;
	}
	return -1;
}

int lab_node_fd(const struct lab *lab, size_t node)
{
	return lab->fds[node];
}

static inline struct address parse(const char *text)
{
	struct address address = { .family = text && strchr(text, ':') ? AF_INET6 : AF_INET };

	if (text)
		assert_int_equal(inet_pton(address.family, text, address.bytes), 1);
	else
		address.family = AF_UNSPEC;
	address.prefix_length = address.family == AF_INET6 ? 128 : 32;
	return address;
}

static inline const void *trial_params(const struct trial *trial)
{
	if (trial->ops == &load_ping)
		return &trial->ping;
	return trial->ops == &load_tcp ? (const void *)&trial->tcp : &trial->udp;
}

static inline int trial_start(const struct trial *trial, const struct lab *lab, struct load **ret,
			      struct err *err)
{
	const struct load_common common = {
		.from = node_names[trial->from],
		.to = node_names[trial->to],
		.rate = { .unit = !trial->has_rate     ? RATE_NONE
				  : trial->interval_us ? RATE_PPS
						       : RATE_MAX },
		.interval_us = trial->interval_us,
		.timeout_ms = trial->timeout_ms ? trial->timeout_ms : 1000,
	};
	const struct load_pass pass = {
		.common = &common,
		.params = trial_params(trial),
		.source = parse(trial->source),
		.destination = parse(trial->destination),
		.magic = 0x6c616272756e0001 + (uint64_t)getpid(),
		.count = trial->count,
		.interval_ps = trial->interval_us * 1000000,
		.duration_ns = trial->duration_ms * 1000000,
		.first_sequence = trial->first_sequence,
	};

	return load_start(ret, trial->ops, &pass, lab, err);
}

/* Runs it to its end, whose result is to be `expected`. */
static inline struct load_report *trial_run(const struct trial *trial, const struct lab *lab,
					    struct load **ret_load, int expected, struct err *err)
{
	struct load_report *report;

	if (trial_start(trial, lab, ret_load, err))
		fail_msg("%s", err->text);
	assert_int_equal(poll(&(struct pollfd){ load_fd(*ret_load), POLLIN, 0 }, 1, 20000), 1);
	if (load_finish(*ret_load, &report, err) != expected)
		fail_msg("%s", err->text);
	return report;
}

/* Starts a pass that is long, says so, and waits to be killed. */
static inline _Noreturn void doomed_harness(const struct trial *trial, const struct lab *lab,
					    int ready)
{
	struct load *load;
	struct err err;
	char result;

	/* Where it fails, nobody kills it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	result = trial_start(trial, lab, &load, &err) ? 'n' : 'y';
	if (write(ready, &result, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static inline void kill_a_harness(const struct trial *trial, const struct lab *lab,
				  unsigned int after_us)
{
	uint64_t before_ns = pace_now_ns();
	int pipe_fds[2], status, ended = 0;
	pid_t harness, child;
	char result;

	assert_int_equal(pipe(pipe_fds), 0);
	harness = fork();
	if (!harness)
		doomed_harness(trial, lab, pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &result, 1), 1);
	assert_int_equal(result, 'y');
	if (after_us)
		usleep(after_us);
	assert_int_equal(kill(harness, SIGKILL), 0);
	while ((child = waitpid(-1, &status, WNOHANG)) >= 0) {
		if (pace_now_ns() - before_ns > 5000000000)
			fail_msg("%d of 3 processes ended", ended);
		usleep(1000);
		if (!child)
			continue;
		/* One that had not asked for the signal yet sees itself orphaned. */
		if (after_us)
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		ended++;
	}
	assert_int_equal(ended, 3);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* The first child of this thread: load_start() begins with the server. */
static inline pid_t first_child(void)
{
	_fclose_ FILE *file = fopen("/proc/thread-self/children", "re");
	pid_t pid = 0;

	if (!file || fscanf(file, "%d", &pid) != 1)
		skip_because("no list of children in /proc");
	return pid;
}

/* Up, with an address (/24) if there is one. */
static inline int set_up(const char *device, const char *address)
{
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_flags = IFF_UP };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct ifreq addressed = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	memcpy(addressed.ifr_name, request.ifr_name, sizeof(request.ifr_name));
	if (address) {
		inet_pton(AF_INET, address, &ipv4.sin_addr);
		memcpy(&addressed.ifr_addr, &ipv4, sizeof(ipv4));
		if (ioctl(fd, SIOCSIFADDR, &addressed))
			return -errno;
	}
	return ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
}

static inline int join_nodes(const struct lab *lab)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct rtnl_link *veth = rtnl_link_veth_alloc();
	struct rtnl_link *peer = rtnl_link_veth_get_peer(veth);
	int result;

	rtnl_link_set_name(veth, "veth0");
	rtnl_link_set_name(peer, "veth0");
	rtnl_link_set_ns_fd(veth, lab->fds[LEFT]);
	rtnl_link_set_ns_fd(peer, lab->fds[RIGHT]);
	result = nl_connect(socket, NETLINK_ROUTE);
	if (!result)
		result = rtnl_link_add(socket, veth, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(peer);
	rtnl_link_veth_release(veth);
	nl_socket_free(socket);
	return result;
}

static inline int own_netns(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static inline int lab_make(struct lab *lab)
{
	int result;

	lab->fds[HERE] = own_netns();
	result = set_up("lo", NULL);
	for (int node = LEFT; node <= RIGHT && !result; node++) {
		result = unshare(CLONE_NEWNET);
		lab->fds[node] = own_netns();
	}
	if (!result)
		result = join_nodes(lab);
	if (!result)
		result = set_up("veth0", "198.18.0.2");
	if (!result)
		result = setns(lab->fds[LEFT], CLONE_NEWNET);
	if (!result)
		result = set_up("veth0", "198.18.0.1");
	return result ? result : setns(lab->fds[HERE], CLONE_NEWNET);
}

static inline int write_file(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Root of a namespace of its own, whoever runs it. */
static inline int become_root_inside(void)
{
	char users[32], groups[32];

	snprintf(users, sizeof(users), "0 %u 1", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", getegid());
	/* Root needs no user namespace, and in a chroot gets none. */
	if (geteuid() == 0)
		return unshare(CLONE_NEWNET) ? -errno : 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -errno;
	write_file("/proc/self/setgroups", "deny");
	if (write_file("/proc/self/gid_map", groups))
		return -errno;
	return write_file("/proc/self/uid_map", users);
}

/* For main(): makes the lab and runs the tests with it as their state. */
static inline int run_in_lab(struct CMUnitTest *tests, size_t count)
{
	struct lab lab;
	int result = become_root_inside();

	if (result) {
		printf("SKIP: a user and network namespace: %s\n", strerror(-result));
		return 77;
	}
	if (lab_make(&lab)) {
		printf("two namespaces and a veth pair could not be made\n");
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		tests[i].initial_state = &lab;
	return _cmocka_run_group_tests("loads", tests, count, NULL, NULL);
}
