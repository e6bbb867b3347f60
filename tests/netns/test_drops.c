// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drops on the real kernel, each made to happen: what was sent is what was delivered plus what is
 * listed, to the packet, under the name that it should have.
 */

#include "tests/netns/sink_fixture.h"

#include "bpf/drops.h"
#include "loadgen/pace.h"
#include "topologies/lab_counters.h"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <sys/ioctl.h>

#define PACKETS 500u
#define PORT 9000
#define B_ADDRESS "198.18.2.2"
/* A place in the file is left for what is special about r and about the link to b. */
#define ROUTED(of_r, of_link)                                                                      \
	"{\"name\":\"routed\",\"nodes\":{"                                                         \
	"\"a\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.1.1\"}]},"                        \
	"\"r\":{\"forward\":true" of_r "},"                                                        \
	"\"b\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.2.1\"}]}},\"links\":["            \
	"{\"endpoints\":[\"a:eth0\",\"r:ra\"],\"addresses\":["                                     \
	"[\"198.18.1.2/24\"],[\"198.18.1.1/24\"]]},"                                               \
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

static int udp_socket(const struct lab *lab, const char *node, uint16_t port)
{
	_netns_home_ int home = netns_current();
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd, bytes = 1 << 24;

	enter(lab, node);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	require(fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0, "%m");
	/* Nothing is to be lost there unless the test wants it. */
	require(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0, "%m");
	return fd;
}

static struct trial begin(const char *topology)
{
	struct trial trial = { .lab = build(topology), .receiver = -1 };
	struct err err;

	require(drops_open(&trial.drops, SINK_MAGIC, &err) == 0, "%s", err.text);
	require(drops_watch(trial.drops, trial.lab, &err) == 0, "%s", err.text);
	return trial;
}

static void end(struct trial *trial)
{
	if (trial->receiver >= 0)
		close(trial->receiver);
	drops_close(trial->drops);
	lab_free(trial->lab);
}

struct sending {
	const char *to; /* NULL: B_ADDRESS */
	int ttl, payload_bytes; /* 0: 64 */
	uint32_t first;
};

static void send_all(const struct trial *trial, const struct sending *how)
{
	_close_ int fd = udp_socket(trial->lab, "a", 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	size_t bytes = how->payload_bytes ? (size_t)how->payload_bytes : 64;
	struct stamp stamp = { .magic = SINK_MAGIC };
	int whole = IP_PMTUDISC_PROBE;
	char payload[2000] = "";

	inet_pton(AF_INET, how->to ? how->to : B_ADDRESS, &to.sin_addr);
	require(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof(whole)) == 0, "%m");
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

static size_t receive_all(const struct trial *trial)
{
	struct pollfd ready = { .fd = trial->receiver, .events = POLLIN };
	char payload[2000];
	size_t count = 0;

	usleep(20000);
	while (trial->receiver >= 0 && poll(&ready, 1, 100) > 0)
		count += recv(trial->receiver, payload, sizeof(payload), MSG_DONTWAIT) > 0;
	return count;
}

static void print_drops(const struct list_of_drops *list)
{
	for (size_t i = 0; i < list->count; i++)
		printf("  %s:%s %s: %zu and %zu unstamped\n", list->items[i].node,
		       list->items[i].device, list->items[i].where, (size_t)list->items[i].packets,
		       (size_t)list->items[i].unstamped);
}

static struct list_of_drops read_drops(const struct trial *trial)
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

static bool is_named(const char *where, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(where, *names))
			return true;
	return false;
}

/* All of ours at this device, under one of these names: kernels differ in theirs. */
static void require_drops(const struct trial *trial, const char *node, const char *device,
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

static void set_down(const struct lab *lab, const char *node, const char *device)
{
	_netns_home_ int home = netns_current();
	struct ifreq request = {};
	_close_ int fd = -1;

	enter(lab, node);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	require(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "%m");
}

static void bridge_port_down(void)
{
	struct trial trial =
		begin("{\"name\":\"b\",\"nodes\":{\"a\":{},\"sw\":{\"devices\":{"
		      "\"br0\":{\"kind\":\"bridge\",\"ports\":[\"p0\",\"p1\"]}}},"
		      "\"b\":{}},\"links\":[{\"endpoints\":[\"a:eth0\",\"sw:p0\"],"
		      "\"addresses\":[[\"198.18.2.1/24\"],[]]},{\"endpoints\":["
		      "\"sw:p1\",\"b:eth0\"],\"addresses\":[[],[\"" B_ADDRESS "/24\"]]}]}");

	set_down(trial.lab, "sw", "p1");
	send_all(&trial, &(struct sending){});
	REQUIRE_DROPS(&trial, "sw", "p0", 0, "br_flood", "br_handle_frame_finish", "no_tx_target",
		      "bridge_ingress_stp_state");
	end(&trial);
}

/* No carrier: the device's queue takes nothing. */
static void peer_down(void)
{
	struct trial trial = begin(ROUTED("", ""));

	set_down(trial.lab, "b", "eth0");
	send_all(&trial, &(struct sending){});
	REQUIRE_DROPS(&trial, "r", "rb", 0, "qdisc_drop");
	end(&trial);
}

#define VXLAN(local)                                                                               \
	"\"devices\":{\"vx\":{\"kind\":\"vxlan\",\"id\":7,\"local\":\"198.18.1." local             \
	"\",\"underlay\":\"eth0\",\"addresses\":[\"198.18.2." local "/24\"]}}"

static void vxlan_without_entry(void)
{
	struct trial trial = begin("{\"name\":\"v\",\"nodes\":{\"a\":{" VXLAN(
		"1") "},\"b\":{" VXLAN("2") "}},\"links\":[{\"endpoints\":[\"a:eth0\",\"b:eth0\"],"
					    "\"addresses\":[[\"198.18.1.1/24\"],"
					    "[\"198.18.1.2/24\"]]}]}");

	send_all(&trial, &(struct sending){});
	REQUIRE_DROPS(&trial, "a", "vx", 0, "vxlan_xmit", "no_tx_target");
	end(&trial);
}

#define BURN 1000

/* `count` times the clock, then the verdict; with a target: a redirect there. */
static int attach_xdp(const struct lab *lab, const char *node, const char *device, size_t count,
		      int verdict, int target)
{
	_netns_home_ int home = netns_current();
	struct bpf_insn program[BURN + 6] = {};
	size_t length = 0;
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	LIBBPF_OPTS(bpf_prog_load_opts, loaded, .expected_attach_type = BPF_XDP);
	int program_fd, link;

	for (size_t i = 0; i < count; i++)
		program[length++] = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL,
						       .imm = BPF_FUNC_ktime_get_ns };
	if (target) {
		program[length++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
						       .dst_reg = BPF_REG_1,
						       .imm = target };
		program[length++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
						       .dst_reg = BPF_REG_2 };
		program[length++] =
			(struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect };
	} else {
		program[length++] =
			(struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = verdict };
	}
	program[length++] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	program_fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "trial", "GPL", program, length, &loaded);
	require(program_fd >= 0, "%m");
	enter(lab, node);
	link = bpf_link_create(program_fd, (int)if_nametoindex(device), BPF_XDP, &opts);
	require(link >= 0, "%m");
	return link;
}

/* NAPI in a thread of its own: else the sender's CPU empties the ring before it goes on. */
static void use_thread(const struct lab *lab, const char *node, const char *device)
{
	_netns_home_ int home = netns_current();
	char folder[] = "/tmp/labrun-test-XXXXXX", path[128];

	enter(lab, node);
	require(mkdtemp(folder) && !mount("sysfs", folder, "sysfs", 0, NULL), "%m");
	snprintf(path, sizeof(path), "%s/class/net/%s/threaded", folder, device);
	write_file(path, "1");
	require(!umount(folder) && !rmdir(folder), "%m");
}

static void ring_full(void)
{
	struct trial trial = begin(ROUTED("", ""));
	_close_ int link = attach_xdp(trial.lab, "b", "eth0", BURN, 2 /* pass */, 0);
	size_t delivered;

	use_thread(trial.lab, "b", "eth0");
	trial.receiver = udp_socket(trial.lab, "b", PORT);
	send_all(&trial, &(struct sending){});
	usleep(100000);
	delivered = receive_all(&trial);
	require(delivered >= 256, "%zu delivered, less than the ring holds", delivered);
	REQUIRE_DROPS(&trial, "b", "eth0", delivered, "veth_ring");
	end(&trial);
}

static void redirect_without_napi(void)
{
	struct trial trial = begin(ROUTED("", ""));
	_close_ int link = attach_xdp(trial.lab, "r", "ra", 0, 0, lab_ifindex(trial.lab, 1, "rb"));
	struct list_of_drops list;
	size_t dropped = 0;

	trial.receiver = udp_socket(trial.lab, "b", PORT);
	send_all(&trial, &(struct sending){});
	require(receive_all(&trial) == 0, "delivered");
	list = read_drops(&trial);
	for (size_t i = 0; i < list.count; i++) {
		require(!list.items[i].packets, "%s", list.items[i].where);
		require(!strcmp(list.items[i].node, "r"), "%s", list.items[i].node);
		if (!strncmp(list.items[i].where, "xdp_", 4))
			dropped += list.items[i].unstamped;
	}
	if (dropped != PACKETS)
		print_drops(&list);
	require(dropped == PACKETS, "%zu", dropped);
	free(list.items);
	end(&trial);
}

/* What a sink takes from the stack's senders is a drop to the kernel, and named so. */
static void sink(void)
{
	struct trial trial = begin(ROUTED("", ""));
	const struct sink_setup setup = { .kind = SINK_XDP_DROP,
					  .netns_fd = lab_node_fd(trial.lab, 2),
					  .ifindex = lab_ifindex(trial.lab, 2, "eth0"),
					  .magic = SINK_MAGIC };
	struct sink_counts counts;
	struct sink *opened;
	struct err err;

	require(sink_open(&opened, &setup, &err) == 0, "%s", err.text);
	send_all(&trial, &(struct sending){});
	counts = sink_wait(opened, PACKETS);
	require(counts.packets == PACKETS && !counts.other_packets, "%zu", (size_t)counts.packets);
	REQUIRE_DROPS(&trial, "b", "eth0", 0, "xdp");
	sink_close(opened);
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

#define LAB_TEST(name)                                                                             \
	static void name##_body(void)                                                              \
	{                                                                                          \
		need_root();                                                                       \
		name();                                                                            \
	}                                                                                          \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(name##_body);                                                             \
	}

LAB_TEST(no_route)
LAB_TEST(ttl_exceeded)
LAB_TEST(mtu_exceeded)
LAB_TEST(no_socket)
LAB_TEST(socket_full)
LAB_TEST(firewall)
LAB_TEST(bridge_port_down)
LAB_TEST(peer_down)
LAB_TEST(vxlan_without_entry)
LAB_TEST(ring_full)
LAB_TEST(redirect_without_napi)
LAB_TEST(sink)
LAB_TEST(warm_up)
LAB_TEST(watched_again)
LAB_TEST(segmented)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_route),
		cmocka_unit_test(test_ttl_exceeded),
		cmocka_unit_test(test_mtu_exceeded),
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_socket_full),
		cmocka_unit_test(test_firewall),
		cmocka_unit_test(test_bridge_port_down),
		cmocka_unit_test(test_peer_down),
		cmocka_unit_test(test_vxlan_without_entry),
		cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_redirect_without_napi),
		cmocka_unit_test(test_sink),
		cmocka_unit_test(test_warm_up),
		cmocka_unit_test(test_watched_again),
		cmocka_unit_test(test_segmented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
