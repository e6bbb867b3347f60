// SPDX-License-Identifier: GPL-2.0-only

/* Labs on the real kernel: what is built passes packets, only the load's, and leaves nothing. */

#include "tests/netns/lab_fixture.h"

#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define HOST(address) "[\"198.18." address "\"]"
#define ROUTED(mtu)                                                                                \
	"{\"name\":\"routed\",\"nodes\":{"                                                         \
	"\"a\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.1.1\"},"                          \
	"{\"to\":\"default\",\"via\":\"fd00:1::1\"}]},"                                            \
	"\"r\":{\"forward\":true},"                                                                \
	"\"b\":{\"routes\":[{\"to\":\"default\",\"via\":\"198.18.2.1\"},"                          \
	"{\"to\":\"default\",\"via\":\"fd00:2::1\"}]}},\"links\":["                                \
	"{\"endpoints\":[\"a:eth0\",\"r:ra\"],\"mtu\":" mtu ",\"addresses\":["                     \
	"[\"198.18.1.2/24\",\"fd00:1::2/64\"],[\"198.18.1.1/24\",\"fd00:1::1/64\"]]},"             \
	"{\"endpoints\":[\"r:rb\",\"b:eth0\"],\"mtu\":" mtu ",\"addresses\":["                     \
	"[\"198.18.2.1/24\",\"fd00:2::1/64\"],[\"198.18.2.2/24\",\"fd00:2::2/64\"]]}]}"

static uint64_t packets_of(const struct lab *lab, size_t node, const char *device)
{
	struct lab_counters counters;
	struct err err;

	require(lab_read_counters(lab, node, device, &counters, &err) == 0, "%s", err.text);
	return counters.rx_packets + counters.tx_packets;
}

static void routed(void)
{
	struct lab *lab = build(ROUTED("1500"));
	uint64_t before = packets_of(lab, 1, "ra");

	require(ping(lab, "a", "198.18.2.2", 64), "IPv4");
	require(ping(lab, "a", "fd00:2::2", 64), "IPv6");
	require(ping(lab, "a", "198.18.2.2", 1480), "as large as the MTU");
	require(!ping(lab, "a", "198.18.2.2", 1482), "larger than the MTU");
	require(packets_of(lab, 1, "ra") == before + 6, "not just three requests and replies: %zu",
		(size_t)(packets_of(lab, 1, "ra") - before));
	require(lab_ifindex(lab, 0, "none") == -ENODEV, "found");
	lab_free(lab);
	lab = build(ROUTED("9000"));
	require(ping(lab, "a", "198.18.2.2", 8980), "jumbo frames");
	lab_free(lab);
}

static void switched(void)
{
	struct lab *lab =
		build("{\"name\":\"b\",\"nodes\":{\"sw\":{\"devices\":{\"br0\":"
		      "{\"kind\":\"bridge\",\"ports\":[\"p0\",\"p1\",\"p2\"],"
		      "\"addresses\":[\"198.18.0.254/24\"]}}},\"h{i}\":{\"repeat\":3}},"
		      "\"links\":[{\"repeat\":3,\"endpoints\":[\"sw:p{i}\",\"h{i}:eth0\"],"
		      "\"addresses\":[[],[\"198.18.0.1{i}/24\"]]}]}");

	require(ping(lab, "h0", "198.18.0.12", 64), "to another port");
	require(ping(lab, "h1", "198.18.0.254", 64), "to the bridge");
	require(packets_of(lab, 3, "eth0") == 2, "the third saw %zu, not two flooded frames",
		(size_t)packets_of(lab, 3, "eth0"));
	lab_free(lab);
}

#define TUNNEL_NODE(me, other, mine, theirs, far)                                                  \
	"\"n" me "\":{\"devices\":{"                                                               \
	"\"br0\":{\"kind\":\"bridge\",\"ports\":[\"vm\",\"vxlan0\"]},"                             \
	"\"vxlan0\":{\"kind\":\"vxlan\",\"id\":42,\"local\":\"" mine "\",\"underlay\":\"up\","     \
	"\"fdb\":[{\"device\":\"vm" other ":eth0\",\"via\":\"" theirs "\"}]}},"                    \
	"\"routes\":[{\"to\":\"default\",\"via\":\"" far "\"}]}"

static void tunnelled(void)
{
	struct lab *lab = build(
		"{\"name\":\"v\",\"nodes\":{\"vm1\":{},\"vm2\":{},\"r\":{\"forward\":true}"
		"," TUNNEL_NODE("1", "2", "198.18.1.2", "198.18.2.2", "198.18.1.1") "," TUNNEL_NODE(
			"2", "1", "198.18.2.2", "198.18.1.2",
			"198.18.2.1") "},\"links\":["
				      "{\"endpoints\":[\"vm1:eth0\",\"n1:vm\"],\"mtu\":1450,"
				      "\"addresses\":[[\"198.19.0.1/24\"],[]]},"
				      "{\"endpoints\":[\"vm2:eth0\",\"n2:vm\"],\"mtu\":1450,"
				      "\"addresses\":[[\"198.19.0.2/24\"],[]]},"
				      "{\"endpoints\":[\"n1:up\",\"r:r1\"],"
				      "\"addresses\":[" HOST("1.2/24") "," HOST(
					      "1.1/24") "]},"
							"{\"endpoints\":[\"n2:up\",\"r:r2\"],"
							"\"addresses\":[" HOST("2.2/24") "," HOST(
								"2.1/24") "]}]}");

	require(ping(lab, "vm1", "198.19.0.2", 1430), "through the tunnel");
	require(packets_of(lab, 2, "r1") == 2, "the router saw %zu frames",
		(size_t)packets_of(lab, 2, "r1"));
	lab_free(lab);
}

#define FILTERED(feature)                                                                          \
	"{\"name\":\"f\",\"nodes\":{\"a\":{\"routes\":[{\"to\":\"default\","                       \
	"\"via\":\"198.18.1.1\"}]},\"r\":{\"forward\":true," feature "},\"b\":{}},\"links\":["     \
	"{\"endpoints\":[\"a:eth0\",\"r:ra\"],"                                                    \
	"\"addresses\":[" HOST("1.2/24") "," HOST(                                                 \
		"1.1/24") "]},"                                                                    \
			  "{\"endpoints\":[\"b:eth0\",\"r:rb\"],"                                  \
			  "\"addresses\":[" HOST("2.2/24") "," HOST("2.1/24") "]}]}"

static void filtered(void)
{
	struct lab *lab = build(FILTERED("\"masquerade\":{\"out\":\"rb\"}"));

	/* b has no way back to a: only by the router's address. */
	require(ping(lab, "a", "198.18.2.2", 64), "masqueraded");
	lab_free(lab);
	lab = build(FILTERED("\"masquerade\":{\"out\":\"rb\"},\"firewall\":{\"rules\":2000}"));
	require(ping(lab, "a", "198.18.2.2", 64), "through rules that do not match");
	lab_free(lab);
	lab = build(
		FILTERED("\"masquerade\":{\"out\":\"rb\"},\"firewall\":{\"drop_percent\":100}"));
	require(!ping(lab, "a", "198.18.2.2", 64), "through a rule that drops all");
	lab_free(lab);
}

/* A device on top of one end, with the same address plan whatever its kind. */
static void stacked(const char *kind_a, const char *kind_b)
{
	char text[1024];
	struct lab *lab;

	snprintf(text, sizeof(text),
		 "{\"name\":\"s\",\"nodes\":{"
		 "\"a\":{\"devices\":{\"top\":{%s,\"addresses\":[\"198.18.5.1/24\"]}}},"
		 "\"b\":{\"devices\":{\"top\":{%s,\"addresses\":[\"198.18.5.2/24\"]}}}},"
		 "\"links\":[{\"endpoints\":[\"a:eth0\",\"b:eth0\"]}]}",
		 kind_a, kind_b);
	lab = build(text);
	require(ping(lab, "a", "198.18.5.2", 64), "%s", text);
	require(packets_of(lab, 0, "eth0") == 2, "more than the load's packets");
	lab_free(lab);
}

#define STACKED(name, a, b)                                                                        \
	static void name(void)                                                                     \
	{                                                                                          \
		stacked("\"link\":\"eth0\"," a, "\"link\":\"eth0\"," b);                           \
	}
STACKED(macvlan, "\"kind\":\"macvlan\"", "\"kind\":\"macvlan\",\"mode\":\"private\"")
STACKED(vlan, "\"kind\":\"vlan\",\"id\":7", "\"kind\":\"vlan\",\"id\":7")
STACKED(ipvlan, "\"kind\":\"ipvlan\"", "\"kind\":\"ipvlan\",\"mode\":\"l3\"")

static void dummy(void)
{
	lab_free(build("{\"name\":\"d\",\"nodes\":{\"a\":{\"devices\":{\"d0\":{\"kind\":\"dummy\","
		       "\"addresses\":[\"198.18.0.1/32\"]}}}}}"));
}

static void quiet(void)
{
	struct lab *lab = build(ROUTED("1500"));
	struct pollfd ears[3];
	char bytes[2048];

	for (int i = 0; i < 3; i++) {
		_netns_home_ int home = netns_current();

		enter(lab, (const char *[]){ "a", "r", "b" }[i]);
		ears[i] = (struct pollfd){ .events = POLLIN };
		ears[i].fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
		require(ears[i].fd >= 0, "%m");
	}
	if (poll(ears, 3, 3000) > 0) {
		ssize_t length = 0;

		for (int i = 0; i < 3; i++)
			if (ears[i].revents & POLLIN)
				length = recv(ears[i].fd, bytes, sizeof(bytes), 0);
		for (ssize_t i = 0; i < length; i++)
			printf("%02x", (uint8_t)bytes[i]);
		require(length == 0, " was sent by nobody");
	}
	lab_free(lab);
}

static void offloads(void)
{
	struct lab *lab = build("{\"name\":\"o\",\"nodes\":{\"a\":{},\"b\":{}},\"links\":["
				"{\"endpoints\":[\"a:eth0\",\"b:eth0\"],\"tx_queues\":2,"
				"\"offloads\":{\"gro\":\"on\",\"tso\":\"off\"}}]}");
	static const uint32_t commands[] = { ETHTOOL_GGRO, ETHTOOL_GTSO, ETHTOOL_GGSO };
	static const bool expected[] = { true, false, true };
	_close_ int fd = -1;

	enter(lab, "b");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct ethtool_value value = { .cmd = commands[i] };
		struct ifreq ifreq = { .ifr_name = "eth0", .ifr_data = (void *)&value };

		require(ioctl(fd, SIOCETHTOOL, &ifreq) == 0, "%m");
		require(!value.data == !expected[i], "offload %zu is %u", i, value.data);
	}
	lab_free(lab);
}

static size_t count_fds(void)
{
	_closedir_ DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(dir))
		count++;
	return count;
}

/* A pair between this namespace and a node: our end goes when the node's namespace does. */
static void add_witness(const struct lab *lab)
{
	struct rtnl_link ends[2] = { { .name = "witness", .kind = "veth", .netns_fd = -1 },
				     { .name = "witness", .netns_fd = lab_node_fd(lab, 2) } };
	_rtnl_ struct rtnl *rtnl = NULL;
	struct err err;

	require(rtnl_open(&rtnl, &err) == 0 && rtnl_add_veth(rtnl, ends, &err) == 0 &&
			rtnl_flush(rtnl, &err) == 0,
		"%s", err.text);
	require(if_nametoindex("witness") > 0, "no witness");
}

static void leaves_nothing(void)
{
	const struct topology *bad = parse("{\"name\":\"x\",\"nodes\":{\"a\":{\"routes\":["
					   "{\"to\":\"198.18.9.0/24\",\"via\":\"198.18.8.1\"}]}}}");
	struct lab *lab;
	struct stat before, after;
	struct err err;
	size_t fds;

	stat("/proc/thread-self/ns/net", &before);
	fds = count_fds();
	lab = build(ROUTED("1500"));
	add_witness(lab);
	lab_free(lab);
	lab_free(NULL);
	require(lab_build(&lab, bad, &err) == -ENETUNREACH, "%s", err.text);
	require(strstr(err.text, "node 'a': add route 198.18.9.0/24 via 198.18.8.1: "
				 "Network is unreachable") == err.text,
		"%s", err.text);
	require(count_fds() == fds, "%zu descriptors, not %zu", count_fds(), fds);
	stat("/proc/thread-self/ns/net", &after);
	require(before.st_ino == after.st_ino, "not back home");
	for (int i = 0; i < 500 && if_nametoindex("witness") > 0; i++)
		usleep(10000);
	require(if_nametoindex("witness") == 0, "the namespace lives on");
}

static void named(void)
{
	struct lab *lab = build(ROUTED("1500"));
	struct stat st;
	struct err err;

	require(mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0, "%m");
	require(lab_name_nodes(lab, &err) == 0, "%s", err.text);
	require(stat("/run/netns/r", &st) == 0, "%m");
	require((uint32_t)st.st_ino == lab_node_inode(lab, 1), "another namespace");
	lab_free(lab);
}

#define TESTS(X)                                                                                   \
	X(routed)                                                                                  \
	X(switched)                                                                                \
	X(tunnelled)                                                                               \
	X(filtered)                                                                                \
	X(macvlan) X(vlan) X(ipvlan) X(dummy) X(quiet) X(offloads) X(leaves_nothing) X(named)

#define TEST_FUNCTION(body)                                                                        \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(body);                                                                    \
	}
TESTS(TEST_FUNCTION)

int main(void)
{
#define TEST_ROW(body) cmocka_unit_test(test_##body),
	const struct CMUnitTest tests[] = { TESTS(TEST_ROW) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
