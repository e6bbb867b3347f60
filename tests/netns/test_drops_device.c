// SPDX-License-Identifier: GPL-2.0-only
/* Drops at devices: bridges, tunnels, full rings, XDP. To the packet, and by name. */

#include "tests/netns/drops_fixture.h"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <sys/ioctl.h>

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
	_close_ int link __attribute__((unused)) =
		attach_xdp(trial.lab, "b", "eth0", BURN, 2 /* pass */, 0);
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
	_close_ int link __attribute__((unused)) =
		attach_xdp(trial.lab, "r", "ra", 0, 0, lab_ifindex(trial.lab, 1, "rb"));
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

LAB_TEST(bridge_port_down)
LAB_TEST(peer_down)
LAB_TEST(vxlan_without_entry)
LAB_TEST(ring_full)
LAB_TEST(redirect_without_napi)
LAB_TEST(sink)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge_port_down),      cmocka_unit_test(test_peer_down),
		cmocka_unit_test(test_vxlan_without_entry),   cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_redirect_without_napi), cmocka_unit_test(test_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
