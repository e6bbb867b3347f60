// SPDX-License-Identifier: GPL-2.0-only

/* The tools that load kube-proxy's rules: the one that was asked for, and what they say when they
 * cannot; adding a service to what is loaded, and taking all away. */

#include "tests/netns/proxy_fixture.h"

#include "harness/proc.h"
#include "topologies/proxy_sync.h"

#include <sys/resource.h>

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

static void step(const struct lab *lab, enum proxy_step what, const struct proxy_rules *rules)
{
	_netns_home_ int home = netns_current();
	struct err err;

	enter(lab, "node1");
	require(proxy_sync(what, rules, NULL, &err) == 0, "%s: %s", proxy_step_names[what],
		err.text);
}

/* Nine services, then the tenth, of which the others must not lose anything. */
static void check_steps(const char *way)
{
	struct lab *lab = build_proxy(way, "\"node_ports\":true");
	struct servers servers = serve(lab);
	size_t node;
	struct proxy_params fewer = *proxy_find(lab_topology(lab), &node);
	struct proxy_rules all =
		proxy_rules_make(proxy_find(lab_topology(lab), NULL), lab_topology(lab), node);
	struct proxy_rules rules = all;
	char source[INET_ADDRSTRLEN];

	fewer.services--;
	rules.params = &fewer;
	step(lab, PROXY_LIST, &all);
	step(lab, PROXY_DELETE, &all);
	require(connect_node_port(lab, 0) == ECONNREFUSED, "%s: not deleted", way);
	step(lab, PROXY_LOAD, &rules);
	reach(lab, &servers, "client", 8, source);
	require(connect_node_port(lab, 9) == ECONNREFUSED, "%s: there already", way);
	step(lab, PROXY_ADD, &all);
	for (uint64_t place = 0; place < 10; place++)
		reach(lab, &servers, "client", place, source);
	require(connect_node_port(lab, 9) == 0, "%s: not added", way);
	stop(&servers);
	lab_free(lab);
}

static void steps(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		check_steps(ways[i]);
}

IN_CHILD(modes)
IN_CHILD(steps)
IN_CHILD(no_tool)
IN_CHILD(no_memory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_no_tool),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
