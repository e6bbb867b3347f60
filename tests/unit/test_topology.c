// SPDX-License-Identifier: GPL-2.0-only
/* What a good topology file comes to; what is said to bad ones is in tests/golden. */
#include "tests/unit/topology_fixture.h"

#include <arpa/inet.h>
#include <string.h>

static const struct topo_node *node_at(const struct topology *topology, size_t index)
{
	assert_true(index < topology->nodes.count);
	return &((const struct topo_node *)topology->nodes.items)[index];
}

static const struct topo_link *link_at(const struct topology *topology, size_t index)
{
	assert_true(index < topology->links.count);
	return &((const struct topo_link *)topology->links.items)[index];
}

static const struct topo_point *point_at(const struct topology *topology, size_t index)
{
	assert_true(index < topology->path.count);
	return &((const struct topo_point *)topology->path.items)[index];
}

static void assert_end(const struct topology *topology, const struct topo_end *end,
		       const char *node, const char *device)
{
	assert_string_equal(node_at(topology, end->node)->name, node);
	assert_string_equal(end->device, device);
}

static void assert_address(const struct address *address, const char *text)
{
	char formatted[INET6_ADDRSTRLEN + 4];

	assert_non_null(address);
	assert_string_equal(address_format(address, formatted, sizeof(formatted)), text);
}

static void assert_place(const struct topology *topology, const struct topo_place *place,
			 const char *expected)
{
	char text[100];

	snprintf(text, sizeof(text), "%s:%s:%s", node_at(topology, place->node)->name,
		 place->device, topo_role_names[place->role]);
	assert_string_equal(text, expected);
}

static const char small[] =
	"{ \"name\": \"small\", \"title\": \"two\","
	"  \"nodes\": {"
	"    \"a\": { \"routes\": [{ \"to\": \"default\", \"via\": \"198.18.0.2\" },"
	"                      { \"to\": \"fd00:1::/64\", \"device\": \"eth0\" }],"
	"           \"neighbours\": [{ \"address\": \"198.18.0.9\", \"device\": \"eth0\","
	"                           \"of\": \"b:br0\" }] },"
	"    \"b\": { \"forward\": true, \"firewall\": { \"rules\": 7 },"
	"           \"devices\": { \"br0\": { \"kind\": \"bridge\", \"ports\": [\"port\"],"
	"                                 \"mtu\": 1300,"
	"                                 \"addresses\": [\"fd00::2/64\", \"198.18.0.2/24\"] } } } "
	"},"
	"  \"links\": [{ \"endpoints\": [\"a:eth0\", \"b:port\"], \"mtu\": 1400, \"tx_queues\": 2,"
	"              \"offloads\": { \"gro\": \"on\", \"tso\": \"off\" },"
	"              \"addresses\": [[\"198.18.0.1/24\", \"fd00::1/64\"]] }] }";

static void test_nodes(void **state)
{
	_parsed_ struct parsed parsed = parse_good(small);
	const struct topo_node *b = node_at(parsed.topology, 1);
	const struct topo_device *bridge = b->devices.items;

	(void)state;
	assert_string_equal(parsed.topology->name, "small");
	assert_int_equal(parsed.topology->nodes.count, 2);
	assert_string_equal(b->name, "b");
	assert_non_null(b->features[FEATURE_forward]);
	assert_non_null(b->features[FEATURE_firewall]);
	assert_null(b->features[FEATURE_masquerade]);
	assert_null(node_at(parsed.topology, 0)->features[FEATURE_forward]);
	assert_int_equal(b->devices.count, 1);
	assert_string_equal(bridge->name, "br0");
	assert_string_equal(bridge->ops->kind.name, "bridge");
	assert_int_equal(bridge->port.mtu, 1300);
	assert_int_equal(bridge->port.addresses.count, 2);
}

static void test_links(void **state)
{
	_parsed_ struct parsed parsed = parse_good(small);
	const struct topo_link *link = link_at(parsed.topology, 0);

	(void)state;
	assert_int_equal(parsed.topology->links.count, 1);
	assert_end(parsed.topology, &link->ends[0], "a", "eth0");
	assert_end(parsed.topology, &link->ends[1], "b", "port");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(link->ends[i].port.mtu, 1400);
		assert_int_equal(link->ends[i].port.tx_queues, 2);
		assert_int_equal(link->ends[i].port.rx_queues, 0);
	}
	assert_int_equal(link->ends[0].port.addresses.count, 2);
	assert_int_equal(link->ends[1].port.addresses.count, 0);
}

static void test_routes_and_neighbours(void **state)
{
	_parsed_ struct parsed parsed = parse_good(small);
	const struct topo_node *a = node_at(parsed.topology, 0);
	const struct topo_route *routes = a->routes.items;
	const struct topo_neighbour *neighbour = a->neighbours.items;

	(void)state;
	assert_int_equal(a->routes.count, 2);
	assert_int_equal(routes[0].to.family, AF_UNSPEC);
	assert_address(&routes[0].via, "198.18.0.2");
	assert_null(routes[0].device);
	assert_address(&routes[1].to, "fd00:1::/64");
	assert_int_equal(routes[1].via.family, AF_UNSPEC);
	assert_string_equal(routes[1].device, "eth0");
	assert_int_equal(a->neighbours.count, 1);
	assert_address(&neighbour->address, "198.18.0.9");
	assert_string_equal(neighbour->device, "eth0");
	assert_int_equal(neighbour->of_node, 1);
	assert_string_equal(neighbour->of_device, "br0");
}

static void test_find(void **state)
{
	_parsed_ struct parsed parsed = parse_good(small);
	const struct topology *topology = parsed.topology;

	(void)state;
	assert_int_equal(topology_find_node(topology, "b"), 1);
	assert_int_equal(topology_find_node(topology, "c"), -1);
	assert_string_equal(topology_nearest_node(topology, "bb"), "b");
	assert_null(topology_nearest_node(topology, "elsewhere"));
	assert_true(topology_has_device(topology, 0, "eth0"));
	assert_true(topology_has_device(topology, 1, "br0"));
	assert_true(topology_has_device(topology, 1, "port"));
	assert_false(topology_has_device(topology, 1, "eth0"));
	assert_null(topology_find_port(topology, 0, "lo"));
	assert_int_equal(topology_find_port(topology, 1, "br0")->mtu, 1300);
	assert_int_equal(topology_find_port(topology, 1, "port")->mtu, 1400);
	assert_address(topology_find_address(topology, 0, AF_INET), "198.18.0.1/24");
	assert_address(topology_find_address(topology, 0, AF_INET6), "fd00::1/64");
	assert_address(topology_find_address(topology, 1, AF_INET), "198.18.0.2/24");
}

static const char ring[] =
	"{ \"name\": \"ring\", \"nodes\": {"
	"    \"first\": {},"
	"    \"n{i}\": { \"repeat\": 300, \"devices\": {"
	"        \"d{i}\": { \"kind\": \"dummy\", \"addresses\": [\"10.96.{hi}.{lo}/32\"] } } } },"
	"  \"links\": ["
	"    { \"endpoints\": [\"first:eth0\", \"n0:left\"] },"
	"    { \"repeat\": 299, \"endpoints\": [\"n{i}:right\", \"n{next}:left\"], \"mtu\": 1400,"
	"      \"addresses\": [[\"fd00:{i}::1/64\"], [\"fd00:{i}::2/64\"]] } ] }";

static void test_repeat(void **state)
{
	_parsed_ struct parsed parsed = parse_good(ring);
	const struct topology *topology = parsed.topology;

	(void)state;
	assert_int_equal(topology->nodes.count, 301);
	assert_int_equal(topology->links.count, 300);
	assert_string_equal(node_at(topology, 0)->name, "first");
	assert_string_equal(node_at(topology, 1)->name, "n0");
	assert_string_equal(node_at(topology, 300)->name, "n299");
	assert_end(topology, &link_at(topology, 1)->ends[0], "n0", "right");
	assert_end(topology, &link_at(topology, 1)->ends[1], "n1", "left");
	assert_end(topology, &link_at(topology, 299)->ends[1], "n299", "left");
	assert_int_equal(link_at(topology, 299)->ends[1].port.mtu, 1400);
	assert_true(topology_has_device(topology, 300, "d299"));
	/* 299 is 0x012b */
	assert_address(topology_find_address(topology, 300, AF_INET), "10.96.1.43");
	/* n1: its left end came first, and {i} was 0 there. */
	assert_address(topology_find_address(topology, 2, AF_INET6), "fd00::2/64");
}

static void test_placeholders(void **state)
{
	_parsed_ struct parsed parsed = parse_good(
		"{ \"name\": \"x\", \"title\": \"{i}\", \"nodes\": { \"n{i}\": { \"repeat\": 3,"
		"    \"routes\": [{ \"to\": \"198.18.{next}.0/24\", \"via\": \"198.18.255.{next}\" "
		"}],"
		"    \"devices\": { \"p{prev}.{next}\": { \"kind\": \"dummy\" } } } } }");
	const struct topo_node *last = node_at(parsed.topology, 2);
	const struct topo_route *route = last->routes.items;

	(void)state;
	assert_address(&route->to, "198.18.3.0/24");
	assert_address(&route->via, "198.18.255.3");
	assert_true(topology_has_device(parsed.topology, 0, "p-1.1"));
	assert_true(topology_has_device(parsed.topology, 2, "p1.3"));
	/* Nothing that is not repeated changes. */
	assert_string_equal(parsed.topology->title, "{i}");
}

static const char grouped[] =
	"{ \"name\": \"x\", \"nodes\": { \"n{i}\": { \"repeat\": 4 } },"
	"  \"links\": [{ \"repeat\": 3, \"endpoints\": [\"n{i}:right\", \"n{next}:left\"] },"
	"              { \"endpoints\": [\"n0:spare\", \"n1:spare\"] }],"
	"  \"path\": ["
	"    { \"repeat\": 2, \"path\": ["
	"      { \"point\": \"n{i}:right:xmit\", \"segment\": \"wire{i}\" },"
	"      { \"point\": \"n{next}:left:rx\", \"segment\": \"node{next}\" }] },"
	"    { \"any_of\": [\"n2:right:xmit\", \"n1:spare:tx\"], \"segment\": \"last\" },"
	"    { \"point\": \"n3:left:rx\" }],"
	"  \"spans\": [{ \"name\": \"most\", \"from\": \"n0:right:xmit\", \"to\": \"n1:spare:tx\" "
	"}] }";

static void test_path_group(void **state)
{
	static const char *const expected[] = { "n0:right:xmit", "n1:left:rx",	  "n1:right:xmit",
						"n2:left:rx",	 "n2:right:xmit", "n3:left:rx" };
	static const char *const segments[] = { "wire0", "node1", "wire1", "node2", "last" };
	_parsed_ struct parsed parsed = parse_good(grouped);
	const struct topo_span *span = parsed.topology->spans.items;

	(void)state;
	assert_int_equal(parsed.topology->path.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_place(parsed.topology, &point_at(parsed.topology, i)->places[0],
			     expected[i]);
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++)
		assert_string_equal(point_at(parsed.topology, i)->segment, segments[i]);
	assert_null(point_at(parsed.topology, 5)->segment);
	assert_int_equal(point_at(parsed.topology, 4)->place_count, 2);
	assert_place(parsed.topology, &point_at(parsed.topology, 4)->places[1], "n1:spare:tx");
	assert_int_equal(parsed.topology->spans.count, 1);
	assert_string_equal(span->name, "most");
	/* Any of a point's places stands for it. */
	assert_int_equal(span->from, 0);
	assert_int_equal(span->to, 4);
}

/* One fault however many copies have it, at the place that all of them come from. */
static void test_repeated_fault(void **state)
{
	_parsed_ struct parsed parsed =
		parse("{ \"name\": \"x\", \"nodes\": { \"n{i}\": { \"repeat\": 1000,"
		      "  \"routes\": [{ \"to\": \"default\", \"device\": \"eth{i}\" }] } } }");

	(void)state;
	assert_int_equal(diag_count(parsed.diag), 1);
	assert_string_equal(diag_get(parsed.diag, 0)->path, "nodes.n{i}.routes[0].device");
	assert_string_equal(diag_get(parsed.diag, 0)->message,
			    "node \"n0\" has no device \"eth0\"");
}

/* As many as there can be, with names looked up for each: a search would take minutes. */
static void test_many(void **state)
{
	_parsed_ struct parsed parsed = parse_good(
		"{ \"name\": \"x\", \"nodes\": { \"hub\": {}, \"n{i}\": { \"repeat\": 20000 } },"
		"  \"links\": [{ \"repeat\": 20000, \"endpoints\": [\"hub:to{i}\", \"n{i}:up\"] }] "
		"}");

	(void)state;
	assert_int_equal(parsed.topology->links.count, 20000);
	assert_end(parsed.topology, &link_at(parsed.topology, 19999)->ends[1], "n19999", "up");
}

static const char two_links[] =
	"{ \"name\": \"t\", \"uplink\": \"%s\", \"nodes\": { \"a\": {}, \"b\": {} }, \"links\": ["
	"{ \"endpoints\": [\"a:l0\", \"b:l0\"], \"mtu\": 9000 },"
	"{ \"endpoints\": [\"a:l1\", \"b:l1\"], \"uplink\": true, \"mtu\": 1500,"
	"  \"offloads\": { \"gro\": \"off\" } }] }";

/* Only the one that is marked, and only if it is asked for. */
static void test_uplink(void **state)
{
	static const char *const kinds[] = { "veth", "virtio" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[sizeof(two_links) + 16];

		snprintf(text, sizeof(text), two_links, kinds[i]);
		_parsed_ struct parsed parsed = parse_good(text);

		assert_int_equal(parsed.topology->virtio, i);
		assert_false(link_at(parsed.topology, 0)->virtio);
		assert_int_equal(link_at(parsed.topology, 1)->virtio, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),	       cmocka_unit_test(test_links),
		cmocka_unit_test(test_uplink),	       cmocka_unit_test(test_routes_and_neighbours),
		cmocka_unit_test(test_find),	       cmocka_unit_test(test_repeat),
		cmocka_unit_test(test_placeholders),   cmocka_unit_test(test_path_group),
		cmocka_unit_test(test_repeated_fault), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
