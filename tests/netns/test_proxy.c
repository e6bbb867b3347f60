// SPDX-License-Identifier: GPL-2.0-only

/*
 * kube-proxy's rules on the real kernel, loaded by each of the three tools: connections to a
 * service reach its endpoints, in equal shares, from the right address.
 */

#include "tests/netns/proxy_fixture.h"

#define CONNECTIONS 600
/* Of chi-square with two degrees of freedom: one run in a million is beyond by chance. */
#define CHI_SQUARE_MAX 27.6

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

IN_CHILD(balance)
IN_CHILD(hairpin)
IN_CHILD(outside)
IN_CHILD(node_ports)
IN_CHILD(affinity)
IN_CHILD(no_endpoints)
IN_CHILD(fillers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance),	 cmocka_unit_test(test_hairpin),
		cmocka_unit_test(test_outside),	 cmocka_unit_test(test_node_ports),
		cmocka_unit_test(test_affinity), cmocka_unit_test(test_no_endpoints),
		cmocka_unit_test(test_fillers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
