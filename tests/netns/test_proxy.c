// SPDX-License-Identifier: GPL-2.0-only

/*
 * kube-proxy's rules on the real kernel, loaded by each of the three tools: connections to a
 * service reach its endpoints, in equal shares, from the right address.
 */

#include "tests/netns/lab_fixture.h"

#include "harness/proc.h"
#include "topologies/proxy.h"

#include <sys/resource.h>

#define CONNECTIONS 600
/* Of chi-square with two degrees of freedom: one run in a million is beyond by chance. */
#define CHI_SQUARE_MAX 27.6
#define ENDPOINTS 3

static const char *const ways[] = {
	"\"mode\":\"iptables-legacy\"",
	"\"mode\":\"iptables-nft\"",
	"\"mode\":\"nftables\"",
	"\"mode\":\"nftables\",\"shape\":\"1.36\"",
	"\"mode\":\"nftables\",\"shape\":\"1.37\"",
};

/* As topologies/kube-proxy.json; few services, as one message must hold all rules in a user
 * namespace. */
static struct lab *build_proxy(const char *way, const char *more)
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

static struct sockaddr_in socket_address(const struct address *address, uint16_t port)
{
	struct sockaddr_in ret = { .sin_family = AF_INET, .sin_port = htons(port) };

	memcpy(&ret.sin_addr, address->bytes, sizeof(ret.sin_addr));
	return ret;
}

static int listen_at(const struct address *address, uint16_t port)
{
	const struct sockaddr_in to = socket_address(address, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	require(fd >= 0 && bind(fd, (const void *)&to, sizeof(to)) == 0 && listen(fd, 16) == 0,
		"%m");
	return fd;
}

static struct servers serve(const struct lab *lab)
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

static void stop(struct servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		close(servers->fds[i]);
}

/* Which endpoint has a connection, and from which address it came. */
static size_t accept_one(const struct servers *servers, char *ret_source)
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
static int connect_to(const struct address *address, uint16_t port)
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
static int send_to(const struct address *address, uint16_t port)
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

static int try_port(const struct lab *lab, const struct address *address, uint16_t port)
{
	if (proxy_find(lab_topology(lab), NULL)->protocol == PROXY_UDP)
		return send_to(address, port);
	return connect_to(address, port);
}

static int connect_service(const struct lab *lab, const char *node, uint64_t place)
{
	_netns_home_ int home = netns_current();
	struct address address;
	uint16_t port;

	proxy_service(proxy_find(lab_topology(lab), NULL), place, &address, &port);
	enter(lab, node);
	return try_port(lab, &address, port);
}

/* One connection from `node` to the service at that place; the endpoint that got it. */
static size_t reach(const struct lab *lab, const struct servers *servers, const char *node,
		    uint64_t place, char *ret_source)
{
	int code = connect_service(lab, node, place);

	require(code == 0, "from %s to the service at %zu: %s", node, (size_t)place,
		strerror(code));
	return accept_one(servers, ret_source);
}

static void check_balance(const char *way)
{
	struct lab *lab = build_proxy(way, "\"endpoints\":3");
	struct servers servers = serve(lab);
	const double expected = (double)CONNECTIONS / ENDPOINTS;
	double counts[ENDPOINTS] = { 0 }, chi_square = 0;
	char source[INET_ADDRSTRLEN];

	for (uint64_t i = 0; i < CONNECTIONS; i++) {
		/* Every service, the first and the last too. */
		counts[reach(lab, &servers, "client", i % 10, source)]++;
		require(!strcmp(source, "198.18.0.2"), "came from %s", source);
	}
	for (size_t i = 0; i < ENDPOINTS; i++)
		chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
	require(chi_square < CHI_SQUARE_MAX, "%s: %g %g %g: chi-square %g", way, counts[0],
		counts[1], counts[2], chi_square);
	/* A program on the node itself: the rules are in OUTPUT too. */
	reach(lab, &servers, "node1", 7, source);
	stop(&servers);
	lab_free(lab);
}

static void balance(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		check_balance(ways[i]);
}

/* An endpoint that is given to itself must not see its own address: it would answer by itself. */
static void check_hairpin(const char *way)
{
	struct lab *lab = build_proxy(way, "\"endpoints\":2");
	struct servers servers = serve(lab);
	size_t seen[2] = { 0 };
	char source[INET_ADDRSTRLEN];

	for (uint64_t i = 0; i < 40; i++) {
		size_t endpoint = reach(lab, &servers, "backend1", i % 10, source);

		seen[endpoint]++;
		require(!strcmp(source, endpoint ? "198.18.1.2" : "198.18.1.1"),
			"%s: endpoint %zu was reached from %s", way, endpoint, source);
	}
	require(seen[0] && seen[1], "%s: %zu and %zu", way, seen[0], seen[1]);
	stop(&servers);
	lab_free(lab);
}

static void hairpin(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		check_hairpin(ways[i]);
}

static void check_masqueraded(const char *way, const struct servers *servers, int code)
{
	char source[INET_ADDRSTRLEN];
	size_t endpoint;

	require(code == 0, "%s: %s", way, strerror(code));
	endpoint = accept_one(servers, source);
	require(!strcmp(source, endpoint ? "198.18.2.1" : "198.18.1.1"),
		"%s: endpoint %zu was reached from %s", way, endpoint, source);
}

/* The client is no pod: its address becomes the node's. */
static void outside(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct lab *lab = build_proxy(ways[i], "\"pod_cidr\":\"198.19.0.0/16\"");
		struct servers servers = serve(lab);

		check_masqueraded(ways[i], &servers, connect_service(lab, "client", 3));
		stop(&servers);
		lab_free(lab);
	}
}

static int connect_node_port(const struct lab *lab, uint64_t place)
{
	_netns_home_ int home = netns_current();
	struct address address;

	require(address_parse("198.18.0.1", false, &address), "address");
	enter(lab, "client");
	return try_port(lab, &address, proxy_node_port(place));
}

static void node_ports(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct lab *lab = build_proxy(ways[i], "\"node_ports\":true");
		struct servers servers = serve(lab);

		check_masqueraded(ways[i], &servers, connect_node_port(lab, 0));
		check_masqueraded(ways[i], &servers, connect_node_port(lab, 9));
		require(connect_node_port(lab, 10) == ECONNREFUSED, "%s: no such service", ways[i]);
		stop(&servers);
		lab_free(lab);
	}
}

static void affinity(void)
{
	char source[INET_ADDRSTRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct lab *lab = build_proxy(ways[i], "\"affinity_s\":100,\"endpoints\":3");
		struct servers servers = serve(lab);
		size_t first = reach(lab, &servers, "client", 5, source);

		for (int again = 0; again < 30; again++)
			require(reach(lab, &servers, "client", 5, source) == first,
				"%s: another endpoint", ways[i]);
		stop(&servers);
		lab_free(lab);
	}
}

static void no_endpoints(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct lab *lab = build_proxy(
			ways[i], "\"endpoints\":0,\"node_ports\":true,\"protocol\":\"udp\"");

		require(connect_service(lab, "client", 0) == ECONNREFUSED, "%s", ways[i]);
		/* In OUTPUT the sender is told so itself. */
		require(connect_service(lab, "node1", 9) == EPERM, "%s", ways[i]);
		require(connect_node_port(lab, 0) == ECONNREFUSED, "%s", ways[i]);
		lab_free(lab);
	}
}

static void fillers(void)
{
	char source[INET_ADDRSTRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct lab *lab = build_proxy(ways[i], "\"filler\":\"cheap\",\"node_ports\":true");
		struct servers servers = serve(lab);

		for (uint64_t place = 0; place < 10; place++)
			reach(lab, &servers, "client", place, source);
		check_masqueraded(ways[i], &servers, connect_node_port(lab, 7));
		stop(&servers);
		lab_free(lab);
	}
}

/* What `nft list tables` says first, in node1. */
static void first_table(const struct lab *lab, char *line, size_t size)
{
	const char *const argv[] = { "nft", "list", "tables", NULL };
	long node = topology_find_node(lab_topology(lab), "node1");
	const struct proc proc = { .argv = argv, .netns_fd = lab_node_fd(lab, (size_t)node) };
	struct err err;

	require(proc_first_line(&proc, line, size, &err) == 0, "%s", err.text);
}

static bool has_legacy_tables(const struct lab *lab)
{
	_netns_home_ int home = netns_current();
	_fclose_ FILE *file = NULL;
	char name[32];

	enter(lab, "node1");
	file = fopen("/proc/thread-self/net/ip_tables_names", "re");
	return file && fgets(name, sizeof(name), file);
}

/* The mode that is named is the one that is there, and no other beside it. */
static void modes(void)
{
	static const struct {
		const char *way, *table;
		bool legacy;
	} cases[] = {
		{ "\"mode\":\"none\"", "", false },
		{ "\"mode\":\"iptables-legacy\"", "", true },
		{ "\"mode\":\"iptables-nft\"", "table ip filter", false },
		{ "\"mode\":\"nftables\"", "table ip kube-proxy", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lab *lab = build_proxy(cases[i].way, "");
		char line[64];

		first_table(lab, line, sizeof(line));
		require(!strcmp(line, cases[i].table), "%s: \"%s\"", cases[i].way, line);
		require(has_legacy_tables(lab) == cases[i].legacy, "%s", cases[i].way);
		lab_free(lab);
	}
}

static int try_build(const char *way, unsigned services, struct err *err)
{
	struct lab *lab = NULL;
	_free_ char *text = NULL;
	int code;

	require(asprintf(&text,
			 "{\"name\":\"p\",\"nodes\":{\"node1\":{\"proxy\":{\"services\":%u,"
			 "\"backends\":[\"198.18.1.2\"],%s}}}}",
			 services, way) > 0,
		"memory");
	code = lab_build(&lab, parse(text), err);
	lab_free(lab);
	return code;
}

/* A program that is no file is not there. */
static void hide(const char *program)
{
	_free_ char *path = realpath(program, NULL);

	if (!path) {
		printf("SKIP: %s is not there\n", program);
		fflush(stdout);
		_exit(CHILD_SKIP);
	}
	require(mount("/dev/null", path, NULL, MS_BIND, NULL) == 0, "%s: %m", path);
}

static void no_tool(void)
{
	struct err err;

	hide("/usr/sbin/iptables-legacy-restore");
	require(try_build(ways[0], 9, &err) < 0 && err.class == ERR_NEED, "built");
	require(!strcmp(err.text, "node 'node1': proxy: iptables-legacy-restore is not installed "
				  "(apt install iptables)"),
		"%s", err.text);
	/* The others are not in need of it. */
	hide("/usr/sbin/nft");
	require(try_build(ways[2], 9, &err) < 0 && err.class == ERR_NEED, "built");
	require(strstr(err.text, "nft is not installed (apt install nftables)"), "%s", err.text);
	require(try_build(ways[1], 9, &err) == 0, "%s", err.text);
}

/* The tool gets no more memory than its own start takes. */
static void no_memory(void)
{
	const struct rlimit limit = { 60 << 20, 60 << 20 };
	struct err err;

	require(setrlimit(RLIMIT_DATA, &limit) == 0, "%m");
	require(try_build(ways[2], 5000, &err) == -EIO, "built, or: %s", err.text);
	require(!strncmp(err.text, "node 'node1': proxy: nft: ", 26), "%s", err.text);
	require(!strchr(err.text, '\n'), "%s", err.text);
}

#define IN_CHILD(name)                                                                             \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(name);                                                                    \
	}

IN_CHILD(balance)
IN_CHILD(hairpin)
IN_CHILD(outside)
IN_CHILD(node_ports)
IN_CHILD(affinity)
IN_CHILD(no_endpoints)
IN_CHILD(fillers)
IN_CHILD(modes)
IN_CHILD(no_tool)
IN_CHILD(no_memory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance),	 cmocka_unit_test(test_hairpin),
		cmocka_unit_test(test_outside),	 cmocka_unit_test(test_node_ports),
		cmocka_unit_test(test_affinity), cmocka_unit_test(test_no_endpoints),
		cmocka_unit_test(test_fillers),	 cmocka_unit_test(test_modes),
		cmocka_unit_test(test_no_tool),	 cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
