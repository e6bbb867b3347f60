// SPDX-License-Identifier: GPL-2.0-only
/* Which device a node sends by, as far as its file says. */
#include "tests/unit/topology_fixture.h"

/* By subnets and routes, the longest prefix; what the file leaves open is not guessed. */
static void test_way(void **state)
{
	_parsed_ struct parsed parsed = parse_good(
		"{\"name\":\"x\",\"nodes\":{\"a\":{\"devices\":{\"d0\":{\"kind\":\"dummy\","
		"\"addresses\":[\"198.18.9.1/24\"]}},\"routes\":["
		"{\"to\":\"default\",\"via\":\"198.18.1.2\"},"
		"{\"to\":\"198.19.0.0/16\",\"via\":\"198.18.2.2\"},"
		"{\"to\":\"198.19.7.0/24\",\"device\":\"d0\"},"
		"{\"to\":\"198.19.8.0/24\",\"via\":\"198.18.7.2\"}]},\"b\":{}},\"links\":["
		"{\"endpoints\":[\"a:eth0\",\"b:eth0\"],\"addresses\":[[\"198.18.1.1/24\"],"
		"[\"198.18.1.2/24\"]]},"
		"{\"endpoints\":[\"a:eth1\",\"b:eth1\"],\"addresses\":[[\"198.18.2.1/24\","
		"\"198.18.3.1/24\"],[\"198.18.2.2/24\"]]},"
		"{\"endpoints\":[\"a:eth2\",\"b:eth2\"],\"addresses\":[[\"198.18.3.2/24\"],[]]}]}");
	static const struct {
		const char *address, *device;
	} ways[] = {
		{ "198.18.1.2", "eth0" },
		{ "198.18.2.9", "eth1" },
		{ "198.18.9.9", "d0" },
		{ "198.51.100.1", "eth0" },
		{ "198.19.1.1", "eth1" },
		{ "198.19.7.1", "d0" },
		/* Two devices of one subnet; a router on none; another family. */
		{ "198.18.3.9", NULL },
		{ "198.19.8.1", NULL },
		{ "fd00::1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct address address;
		const char *device;

		assert_true(address_parse(ways[i].address, false, &address));
		device = topology_find_way(parsed.topology, 0, &address);
		if (!device || !ways[i].device)
			assert_ptr_equal(device, ways[i].device);
		else
			assert_string_equal(device, ways[i].device);
	}
}

static void test_link_of(void **state)
{
	_parsed_ struct parsed parsed =
		parse_good("{\"name\":\"x\",\"nodes\":{\"a\":{\"devices\":{\"d0\":{\"kind\":"
			   "\"dummy\"}}},\"b\":{}},\"links\":[{\"endpoints\":[\"b:eth0\","
			   "\"a:eth0\"]}]}");
	size_t end = 7;

	(void)state;
	assert_ptr_equal(topology_find_link(parsed.topology, 0, "eth0", &end),
			 parsed.topology->links.items);
	assert_int_equal(end, 1);
	assert_null(topology_find_link(parsed.topology, 0, "d0", &end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_way),
		cmocka_unit_test(test_link_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
