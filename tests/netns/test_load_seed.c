// SPDX-License-Identifier: GPL-2.0-only
/* Two loads by hand with one seed send the same packets: looked at from beside, as they leave. */
#include "tests/netns/namespace_fixture.h"
#include "tests/netns/run_fixture.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

static size_t list_children(pid_t parent, pid_t *children, size_t room)
{
	char path[64], text[256], *at = text, *end;
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	if (!read_start(path, text, sizeof(text)))
		return 0;
	for (long pid; count < room && (pid = strtol(at, &end, 10)) > 0; at = end)
		children[count++] = (pid_t)pid;
	return count;
}

/* Of the node that sends. The driver is the last of the two that the sandbox's init starts; -1: not
 * there yet. */
static int find_node_namespace(pid_t program)
{
	char path[64], home[64] = "", text[64] = "";
	pid_t init, children[8];
	size_t count = list_children(program, &init, 1) ? list_children(init, children, 8) : 0;

	if (count < 2)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", init);
	if (readlink(path, home, sizeof(home) - 1) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", children[count - 1]);
	if (readlink(path, text, sizeof(text) - 1) < 0 || !strcmp(text, home))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A socket that sees what passes in that namespace. */
static int listen_in(int ns_fd)
{
	_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	assert_int_equal(setns(ns_fd, CLONE_NEWNET), 0);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	return fd;
}

#define TAIL 20

/* From the UDP header on: the kernel draws the IP header's identification by itself. */
struct packet {
	ssize_t bytes;
	char data[256];
};

/* Those that leave, the last TAIL of them: each run ends with the same sequence. */
static size_t read_tail(int fd, struct packet *tail)
{
	struct sockaddr_ll from;
	socklen_t from_bytes = sizeof(from);
	struct packet packet;
	size_t count = 0;

	while ((packet.bytes = recvfrom(fd, packet.data, sizeof(packet.data), 0, (void *)&from,
					&from_bytes)) > 0) {
		if (from.sll_pkttype != PACKET_OUTGOING || packet.bytes < 28 ||
		    ((struct ip *)(void *)packet.data)->ip_p != IPPROTO_UDP)
			continue;
		memmove(tail, tail + 1, (TAIL - 1) * sizeof(*tail));
		tail[TAIL - 1].bytes = packet.bytes - 20;
		memcpy(tail[TAIL - 1].data, packet.data + 20, (size_t)packet.bytes - 20);
		count++;
	}
	return count;
}

static void capture(const char *seed, struct packet *tail)
{
	_finished_ struct finished finished = {};
	_close_ int ns_fd = -1, fd = -1;
	struct running running;

	run_start(&running, NULL,
		  (const char *const[]){ "load", "--from", "vm", "--to", "internet",
					 "--interval-us", "20000", "--count", "60", "--flows", "3",
					 "--seed", seed, "routed", NULL });
	for (int i = 0; i < 1000 && ns_fd < 0; i++) {
		ns_fd = find_node_namespace(running.pid);
		poll(NULL, 0, 1);
	}
	assert_true(ns_fd >= 0);
	fd = listen_in(ns_fd);
	finished = run_wait(&running);
	assert_status(finished, 0);
	assert_true(read_tail(fd, tail) >= TAIL);
}

static bool same(const struct packet *a, const struct packet *b)
{
	return a->bytes == b->bytes && !memcmp(a->data, b->data, (size_t)a->bytes);
}

static void test_same_seed_same_packets(void **state)
{
	static struct packet first[TAIL], again[TAIL], other[TAIL];

	(void)state;
	if (geteuid() != 0)
		skip_because("looking into a running lab needs root");
	capture("42", first);
	capture("42", again);
	capture("43", other);
	for (size_t i = 0; i < TAIL; i++) {
		assert_true(same(&first[i], &again[i]));
		assert_false(same(&first[i], &other[i]));
	}
	assert_false(same(&first[0], &first[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_same_seed_same_packets),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
