// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the loads put on the wire, as an independent reader sees it: captured into a file and parsed
 * by tcpdump, which recomputes every checksum of every layer.
 */
#include "tests/netns/lab_fixture.h"

#include "harness/proc.h"
#include "loadgen/load.h"

#include <limits.h>
#include <linux/if_packet.h>
#include <sys/mman.h>

extern const struct load_ops load_xdp, load_udp;

#define MAGIC 0x6c616272756e7763ull
#define COUNT 40
#define QUIET_MS 300

#define PAIR                                                                                       \
	"{ \"name\": \"pair\", \"nodes\": { \"left\": {}, \"right\": {} }, \"links\": ["           \
	"{ \"endpoints\": [\"left:eth0\", \"right:eth0\"], \"addresses\": "                        \
	"[[\"198.18.0.1/16\", \"fd00::1/64\"], [\"198.18.0.2/16\", \"fd00::2/64\"]],"              \
	" \"offloads\": { \"gro\": \"on\", \"tx_checksum\": \"off\" } }] }"

struct trial {
	const struct load_ops *ops;
	const char *params, *from, *to, *address, *tap; /* tap: the node where it is captured */
	unsigned sums; /* checksums that each packet has beside IP's */
};

static void *parse_params(const struct kind *kind, const char *text)
{
	_diag_ struct diag *diag = diag_new("params", text, strlen(text));
	json_t *json = json_loads(text, 0, NULL);
	void *params = calloc(1, kind->params_size);

	require(json && params, "no JSON: %s", text);
	field_parse(kind->fields, json, NULL, params, arena_new(), diag);
	diag_print(diag, stdout);
	require(diag_count(diag) == 0, "bad params");
	return params;
}

static void send_all(const struct lab *lab, const struct trial *trial)
{
	struct load_common common = { .from = trial->from, .to = trial->to };
	struct load_pass pass = { .common = &common,
				  .params = parse_params(&trial->ops->kind, trial->params),
				  .sink = LOAD_SINK_XDP_DROP, /* so that there is no server */
				  .magic = MAGIC,
				  .count = COUNT,
				  .interval_ps = 100000000,
				  .seed = 7 };
	struct load_report *report;
	struct load *load;
	struct err err;

	require(address_parse(trial->address, false, &pass.destination), "%s", trial->address);
	common.family = pass.destination.family == AF_INET6;
	require(load_start(&load, trial->ops, &pass, lab, &err) == 0, "%s", err.text);
	require(load_finish(load, &report, &err) == 0, "%s", err.text);
	require(report->sent == COUNT, "%lu sent", report->sent);
	load_free(load);
}

static int open_tap(const struct lab *lab, const char *node)
{
	_netns_home_ int home = netns_current();
	int fd, room_bytes = 16 << 20; /* a frame of a page takes two of them */

	enter(lab, node);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x0003));
	require(fd >= 0, "%m");
	require(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room_bytes, sizeof(room_bytes)), "%m");
	return fd;
}

/* The classic format: a header of 24 bytes, then 16 and the frame for each. */
static void write_pcap_header(int file)
{
	const uint32_t header[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };

	require(write(file, header, sizeof(header)) == sizeof(header), "%m");
}

/* Those of ours by their end; whether there was one more to take. */
static bool take_frame(int tap, int file, unsigned *taken)
{
	static unsigned char frame[9216];
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	const uint64_t magic = MAGIC;
	ssize_t bytes;

	if (poll(&(struct pollfd){ tap, POLLIN, 0 }, 1, QUIET_MS) != 1)
		return false;
	bytes = recvfrom(tap, frame, sizeof(frame), 0, (void *)&from, &size);
	require(bytes >= 0, "%m");
	if (from.sll_pkttype != PACKET_OUTGOING && bytes > 16 &&
	    !memcmp(frame + bytes - 16, &magic, sizeof(magic))) {
		const uint32_t header[] = { *taken, 0, (uint32_t)bytes, (uint32_t)bytes };

		require(write(file, header, sizeof(header)) == sizeof(header) &&
				write(file, frame, (size_t)bytes) == bytes,
			"%m");
		(*taken)++;
	}
	return true;
}

static unsigned count(const char *text, const char *what)
{
	unsigned found = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		found++;
	return found;
}

static char *read_by_tcpdump(const char *path)
{
	int ends[2], status;
	size_t used = 0, room = 4 << 20;
	char *text = calloc(1, room);
	ssize_t got;
	pid_t pid;

	require(text && pipe(ends) == 0, "%m");
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execlp("tcpdump", "tcpdump", "-r", path, "-n", "-vv", "-e", NULL);
		_exit(127);
	}
	close(ends[1]);
	while ((got = read(ends[0], text + used, room - 1 - used)) > 0)
		used += (size_t)got;
	require(waitpid(pid, &status, 0) == pid && status == 0, "tcpdump: %s", text);
	return text;
}

static void judge(const struct trial *trial, const char *said)
{
	unsigned good = count(said, "udp sum ok]") + count(said, "(correct)");

	require(!count(said, "bad ") && !count(said, "incorrect") && !count(said, "trunc"),
		"%s\n%s", trial->params, said);
	require(good == COUNT * trial->sums, "%s: %u checksums are right\n%s", trial->params, good,
		said);
}

static void try(const struct lab *lab, const struct trial *trial)
{
	char path[] = "/tmp/wire-XXXXXX";
	_close_ int file = mkstemp(path), tap = open_tap(lab, trial->tap);
	unsigned taken = 0;

	require(file >= 0, "%m");
	write_pcap_header(file);
	send_all(lab, trial);
	while (take_frame(tap, file, &taken))
		;
	require(taken == COUNT, "%s: %u packets of %d arrived", trial->params, taken, COUNT);
	judge(trial, read_by_tcpdump(path));
	unlink(path);
}

#define XDP(params, address)                                                                       \
	{                                                                                          \
		&load_xdp, params, "left", "right", address, "right", 1                            \
	}
#define UDP(params, address)                                                                       \
	{                                                                                          \
		&load_udp, params, "left", "right", address, "right", 1                            \
	}

static const struct trial on_veth[] = {
	XDP("{ \"flows\": 7 }", "198.18.0.2"),
	XDP("{ \"flows\": 100000, \"flow_order\": \"random\", \"size\": 512 }", "198.18.0.2"),
	XDP("{ \"size\": 1514 }", "198.18.0.2"),
	XDP("{ \"protocol\": \"tcp_syn\" }", "198.18.0.2"),
	XDP("{ \"protocol\": \"tcp_syn\", \"size\": 1514, \"flows\": 9 }", "198.18.0.2"),
	XDP("{ \"flows\": 7 }", "fd00::2"),
	XDP("{ \"size\": 1513 }", "fd00::2"),
	XDP("{ \"protocol\": \"tcp_syn\", \"flows\": 3 }", "fd00::2"),
	XDP("{ \"protocol\": \"tcp_syn\", \"size\": 1514 }", "fd00::2"),
	UDP("{ \"one_way\": true }", "198.18.0.2"),
	UDP("{ \"one_way\": true, \"size\": 1472, \"flows\": 5 }", "198.18.0.2"),
	UDP("{ \"one_way\": true, \"burst\": 8 }", "fd00::2"),
};

static void packets_on_veth(void)
{
	struct lab *lab = build(PAIR);

	for (size_t i = 0; i < ARRAY_SIZE(on_veth); i++)
		try(lab, &on_veth[i]);
	lab_free(lab);
}

/* As `labrun load vxlan --set topology.links[0].offloads.gro=on` builds it. */
static struct lab *build_vxlan(void)
{
	char path[PATH_MAX];
	_json_ json_t *json = NULL;
	_free_ char *text = NULL;

	snprintf(path, sizeof(path), "%s/topologies/vxlan.json", getenv("LABRUN_DATA") ?: ".");
	json = json_load_file(path, 0, NULL);
	require(json, "%s", path);
	for (size_t i = 0; i < json_array_size(json_object_get(json, "links")); i++)
		json_object_set_new(json_array_get(json_object_get(json, "links"), i), "offloads",
				    json_pack("{s:s, s:s}", "gro", "on", "tx_checksum", "off"));
	text = json_dumps(json, 0);
	return build(text);
}

/* On the underlay tcpdump sees two: of the frame inside, and of VXLAN's own UDP around it. */
static void packets_in_vxlan(void)
{
	static const char *const params[] = { "{ \"flows\": 7 }",
					      "{ \"protocol\": \"tcp_syn\", \"size\": 1400 }" };
	struct lab *lab = build_vxlan();

	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		const struct address *to = topology_find_address(
			lab_topology(lab), (size_t)topology_find_node(lab_topology(lab), "vm2"),
			AF_INET);
		struct trial trial = { &load_xdp, params[i], "vm1", "vm2", NULL, "router", 2 };
		char text[INET6_ADDRSTRLEN + 4];
		struct address host = *to;

		host.prefix_length = 32;
		trial.address = address_format(&host, text, sizeof(text));
		/* A bridge's ports take a moment until they forward. */
		send_all(lab, &trial);
		poll(NULL, 0, 200);
		try(lab, &trial);
		trial.tap = "vm2";
		trial.sums = 1;
		try(lab, &trial);
	}
	lab_free(lab);
}

static void need_root_and_tcpdump(void)
{
	if (geteuid() != 0)
		skip_because("a generator inside the kernel needs root");
	if (!proc_exists("tcpdump"))
		skip_because("tcpdump is not installed");
}

static void test_on_veth(void **state)
{
	(void)state;
	need_root_and_tcpdump();
	in_child(packets_on_veth);
}

static void test_in_vxlan(void **state)
{
	(void)state;
	need_root_and_tcpdump();
	in_child(packets_in_vxlan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_veth),
		cmocka_unit_test(test_in_vxlan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
