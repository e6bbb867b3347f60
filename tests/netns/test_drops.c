// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drops in the stack of the real kernel, each made to happen: what was sent is what was delivered
 * plus what is listed, to the packet, under the name that it should have.
 */

#include "tests/netns/drops_fixture.h"

#include "topologies/lab_counters.h"

static void no_route(void)
{
	struct trial trial = begin(ROUTED("", ""));

	send_all(&trial, &(struct sending){ .to = "198.18.77.7" });
	REQUIRE_DROPS(&trial, "r", "ra", 0, "ip_innoroutes", "ip_error");
	end(&trial);
}

static void ttl_exceeded(void)
{
	struct trial trial = begin(ROUTED("", ""));

	send_all(&trial, &(struct sending){ .ttl = 1 });
	REQUIRE_DROPS(&trial, "r", "ra", 0, "ip_inhdr");
	end(&trial);
}

static void mtu_exceeded(void)
{
	struct trial trial = begin(ROUTED("", "\"mtu\":1280,"));

	send_all(&trial, &(struct sending){ .payload_bytes = 1400 });
	REQUIRE_DROPS(&trial, "r", "ra", 0, "pkt_too_big");
	end(&trial);
}

static void no_socket(void)
{
	struct trial trial = begin(ROUTED("", ""));
	struct lab_udp_counters udp;
	struct err err;

	send_all(&trial, &(struct sending){});
	REQUIRE_DROPS(&trial, "b", "eth0", 0, "no_socket");
	require(lab_read_udp_counters(trial.lab, 2, &udp, &err) == 0, "%s", err.text);
	require(udp.no_port == PACKETS && !udp.delivered && !udp.buffer_full, "%zu",
		(size_t)udp.no_port);
	end(&trial);
}

/* Of the kernel's own account as well. */
static void socket_full(void)
{
	struct trial trial = begin(ROUTED("", ""));
	struct lab_udp_counters udp;
	int bytes = 4096;
	size_t delivered;
	struct err err;

	trial.receiver = udp_socket(trial.lab, "b", PORT);
	require(setsockopt(trial.receiver, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) == 0,
		"%m");
	send_all(&trial, &(struct sending){});
	delivered = receive_all(&trial);
	require(delivered > 0, "nothing got through");
	REQUIRE_DROPS(&trial, "b", "eth0", delivered, "socket_rcvbuff");
	require(lab_read_udp_counters(trial.lab, 2, &udp, &err) == 0, "%s", err.text);
	require(udp.buffer_full == PACKETS - delivered && udp.delivered == delivered,
		"%zu delivered, %zu dropped", (size_t)udp.delivered, (size_t)udp.buffer_full);
	end(&trial);
}

/* A socket that is closed with packets unread; there is no device left in them by then. */
static void unread(void)
{
	struct trial trial = begin(ROUTED("", ""));

	trial.receiver = udp_socket(trial.lab, "b", PORT);
	send_all(&trial, &(struct sending){});
	close(steal_fd(&trial.receiver));
	/* A socket is taken apart when nobody can look it up any more. */
	for (int i = 0; i < 1000; i++) {
		struct list_of_drops list = read_drops(&trial);
		bool is_there = list.count && list.items[0].packets == PACKETS;

		free(list.items);
		if (is_there)
			break;
		usleep(1000);
	}
	REQUIRE_DROPS(&trial, "b", "eth0", 0, "queue_purge", "udp_destruct_common");
	end(&trial);
}

static void firewall(void)
{
	struct trial trial = begin(ROUTED(",\"firewall\":{\"drop_percent\":50}", ""));
	struct lab_device_counters *before, *after;
	size_t count, delivered;
	struct err err;

	trial.receiver = udp_socket(trial.lab, "b", PORT);
	require(!lab_read_all_counters(trial.lab, &before, &count, &err), "%s", err.text);
	send_all(&trial, &(struct sending){});
	delivered = receive_all(&trial);
	REQUIRE_DROPS(&trial, "r", "ra", delivered, "netfilter_drop");
	require(!lab_read_all_counters(trial.lab, &after, &count, &err), "%s", err.text);
	lab_subtract_counters(after, before, count);
	require(count == 4, "%zu devices", count);
	for (size_t i = 0; i < count; i++) {
		const struct lab_counters *counters = &after[i].counters;
		uint64_t packets = counters->rx_packets + counters->tx_packets;
		bool is_first = !strcmp(after[i].device, "ra") || !strcmp(after[i].node_name, "a");

		require(packets == (is_first ? PACKETS : delivered), "%s:%s: %zu packets",
			after[i].node_name, after[i].device, (size_t)packets);
	}
	free(before);
	free(after);
	end(&trial);
}

/* An error that quotes a packet of ours, stamp and all, is none of ours when it is dropped. */
static void quoted(void)
{
	struct trial trial = begin(ROUTED("", ""));
	struct list_of_drops list;
	size_t errors = 0;

	send_all(&trial, &(struct sending){ .from = LOST_ADDRESS });
	REQUIRE_DROPS(&trial, "b", "eth0", 0, "no_socket");
	list = read_drops(&trial);
	for (size_t i = 0; i < list.count; i++)
		if (!strcmp(list.items[i].node, "r"))
			errors += list.items[i].unstamped;
	require(errors > 0, "no ICMP error came back as far as r");
	free(list.items);
	end(&trial);
}

static void warm_up(void)
{
	struct trial trial = begin(ROUTED("", ""));
	struct list_of_drops list;

	send_all(&trial, &(struct sending){ .first = STAMP_WARMUP });
	list = read_drops(&trial);
	for (size_t i = 0; i < list.count; i++)
		require(!list.items[i].packets, "%s", list.items[i].where);
	free(list.items);
	end(&trial);
}

/* What was seen is forgotten, and a second lab is told from the first. */
static void watched_again(void)
{
	struct trial trial = begin(ROUTED("", ""));
	struct lab *second = build(ROUTED("", ""));
	struct list_of_drops list;
	struct err err;

	send_all(&trial, &(struct sending){});
	REQUIRE_DROPS(&trial, "b", "eth0", 0, "no_socket");
	require(drops_watch(trial.drops, trial.lab, &err) == 0, "%s", err.text);
	list = read_drops(&trial);
	require(!list.count, "%zu places", list.count);
	free(list.items);
	send_all(&trial, &(struct sending){ .to = "198.18.77.7" });
	REQUIRE_DROPS(&trial, "r", "ra", 0, "ip_innoroutes", "ip_error");
	lab_free(second);
	end(&trial);
}

#define SEGMENTS 10

/* One skb of ten datagrams is ten. */
static void segmented(void)
{
	struct trial trial = begin(ROUTED(",\"firewall\":{\"drop_percent\":100}", ""));
	_close_ int fd = udp_socket(trial.lab, "a", 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct list_of_drops list;
	int bytes = 100;
	char payload[SEGMENTS * 100] = "";
	size_t dropped = 0;

	inet_pton(AF_INET, B_ADDRESS, &to.sin_addr);
	require(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &bytes, sizeof(bytes)) == 0, "%m");
	for (int i = 0; i < 7; i++)
		require(sendto(fd, payload, sizeof(payload), 0, (struct sockaddr *)&to,
			       sizeof(to)) == sizeof(payload),
			"%m");
	usleep(20000);
	list = read_drops(&trial);
	for (size_t i = 0; i < list.count; i++)
		if (!strcmp(list.items[i].where, "netfilter_drop"))
			dropped += list.items[i].unstamped;
	if (dropped != 7 * SEGMENTS)
		print_drops(&list);
	require(dropped == 7 * SEGMENTS, "%zu", dropped);
	free(list.items);
	end(&trial);
}

LAB_TEST(no_route)
LAB_TEST(ttl_exceeded)
LAB_TEST(mtu_exceeded)
LAB_TEST(no_socket)
LAB_TEST(socket_full)
LAB_TEST(unread)
LAB_TEST(firewall)
LAB_TEST(quoted)
LAB_TEST(warm_up)
LAB_TEST(watched_again)
LAB_TEST(segmented)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_route),     cmocka_unit_test(test_ttl_exceeded),
		cmocka_unit_test(test_mtu_exceeded), cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_socket_full),  cmocka_unit_test(test_unread),
		cmocka_unit_test(test_firewall),     cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_warm_up),	     cmocka_unit_test(test_watched_again),
		cmocka_unit_test(test_segmented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
