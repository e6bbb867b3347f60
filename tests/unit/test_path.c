// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "topologies/path.h"

#include <string.h>

/* A topology around `path` and `spans`: a and b with a link, b and c with another. */
static const struct topology *make(const char *path, const char *spans, struct arena *arena)
{
	_diag_ struct diag *diag = diag_new("t.json", NULL, 0);
	_json_ json_t *json = NULL;
	_free_ char *text = NULL;
	const struct topology *topology;

	if (asprintf(&text,
		     "{ \"name\": \"x\", \"nodes\": { \"a\": {}, \"b\": {}, \"c\": {} },"
		     "  \"links\": [{ \"endpoints\": [\"a:eth0\", \"b:left\"] },"
		     "              { \"endpoints\": [\"b:right\", \"c:eth0\"] }],"
		     "  \"path\": [%s], \"spans\": [%s] }",
		     path, spans) < 0)
		abort();
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	topology = topology_parse(json, arena, diag);
	if (diag_count(diag))
		fail_msg("%s", diag_get(diag, 0)->message);
	return topology;
}

#define POINT(place, segment) "{ \"point\": \"" place "\", \"segment\": \"" segment "\" },"
#define LAST(place) "{ \"point\": \"" place "\" }"
#define SPAN(name, from, to)                                                                       \
	"{ \"name\": \"" name "\", \"from\": \"" from "\", \"to\": \"" to "\" }"

/* "a:eth0:xmit b:left:rx": the points in order, alternatives with a bar between. */
static void assert_points(const struct topology *topology, const struct path *path,
			  const char *expected)
{
	const struct topo_node *nodes = topology->nodes.items;
	char text[1000] = "";
	size_t used = 0;

	for (size_t i = 0; i < path->point_count; i++)
		for (size_t j = 0; j < path->points[i].place_count; j++) {
			const struct topo_place *place = &path->points[i].places[j];

			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%s:%s",
						 j   ? "|"
						 : i ? " "
						     : "",
						 nodes[place->node].name, place->device,
						 topo_role_names[place->role]);
		}
	assert_string_equal(text, expected);
}

/* "wire:0-1 all:0-3" */
static void assert_segments(const struct path *path, const char *expected)
{
	char text[1000] = "";
	size_t used = 0;

	for (size_t i = 0; i < path->segment_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%zu-%zu",
					 i ? " " : "", path->segments[i].name,
					 path->segments[i].from, path->segments[i].to);
	assert_string_equal(text, expected);
}

static const char whole[] =
	POINT("a:eth0:tx", "queue") POINT("a:eth0:xmit", "wire1") POINT("b:left:rx", "router")
		POINT("b:right:xmit", "wire2") POINT("c:eth0:rx", "stack") LAST("c:eth0:deliver");
static const char whole_spans[] = SPAN("all", "a:eth0:tx", "c:eth0:deliver") "," SPAN(
	"middle", "a:eth0:xmit", "b:right:xmit");

static void test_request(void **state)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology = make(whole, whole_spans, arena);
	const struct path *path = path_derive(topology, DIRECTION_REQUEST, arena);

	(void)state;
	assert_int_equal(path->direction, DIRECTION_REQUEST);
	assert_points(topology, path,
		      "a:eth0:tx a:eth0:xmit b:left:rx b:right:xmit c:eth0:rx c:eth0:deliver");
	assert_segments(path, "queue:0-1 wire1:1-2 router:2-3 wire2:3-4 stack:4-5 all:0-5 "
			      "middle:1-3");
}

/* Every segment keeps its name: it is the same piece of the way, gone back. */
static void test_reply(void **state)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology = make(whole, whole_spans, arena);
	const struct path *path = path_derive(topology, DIRECTION_REPLY, arena);

	(void)state;
	assert_int_equal(path->direction, DIRECTION_REPLY);
	assert_points(topology, path,
		      "c:eth0:tx c:eth0:xmit b:right:rx b:left:xmit a:eth0:rx a:eth0:deliver");
	assert_segments(path, "stack:0-1 wire2:1-2 router:2-3 wire1:3-4 queue:4-5 all:0-5 "
			      "middle:2-4");
}

/* The request of the mirrored topology is the reply: twice mirrored is the same again. */
static void test_mirror_of_mirror(void **state)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology = make(whole, "", arena);
	const struct path *reply = path_derive(topology, DIRECTION_REPLY, arena);
	struct topology mirrored = *topology;
	const struct path *again;

	(void)state;
	mirrored.path = (struct list){ reply->points, reply->point_count };
	again = path_derive(&mirrored, DIRECTION_REPLY, arena);
	assert_points(topology, again,
		      "a:eth0:tx a:eth0:xmit b:left:rx b:right:xmit c:eth0:rx c:eth0:deliver");
	assert_segments(again, "queue:0-1 wire1:1-2 router:2-3 wire2:3-4 stack:4-5");
}

static void test_xmitted_at_the_end(void **state)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology =
		make(POINT("a:eth0:xmit", "wire1") POINT("b:left:rx", "router")
			     POINT("b:right:xmit", "driver") LAST("b:right:xmitted"),
		     SPAN("hypervisor", "b:left:rx",
			  "b:right:xmitted") "," SPAN("inside", "b:left:rx", "b:right:xmit"),
		     arena);
	const struct path *request = path_derive(topology, DIRECTION_REQUEST, arena);
	const struct path *reply = path_derive(topology, DIRECTION_REPLY, arena);

	(void)state;
	assert_segments(request, "wire1:0-1 router:1-2 driver:2-3 hypervisor:1-3 inside:1-2");
	assert_points(topology, reply, "b:right:rx b:left:xmit a:eth0:rx");
	assert_segments(reply, "router:0-1 wire1:1-2 inside:0-1");
}

/* What lies on both sides of a point left out is neither of the two segments. */
static void test_xmitted_in_the_middle(void **state)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology =
		make(POINT("a:eth0:xmit", "driver") POINT("a:eth0:xmitted", "after")
			     POINT("b:left:rx", "router") LAST("b:right:xmit"),
		     SPAN("all", "a:eth0:xmit", "b:right:xmit"), arena);
	const struct path *reply = path_derive(topology, DIRECTION_REPLY, arena);

	(void)state;
	assert_points(topology, reply, "b:right:rx b:left:xmit a:eth0:rx");
	assert_segments(reply, "router:0-1 all:0-2");
}

static void test_alternatives(void **state)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology =
		make(POINT("a:eth0:xmit", "wire") "{ \"any_of\": [\"b:left:rx\", \"c:eth0:xmit\", "
						  "\"c:eth0:xmitted\"] }",
		     "", arena);
	const struct path *request = path_derive(topology, DIRECTION_REQUEST, arena);
	const struct path *reply = path_derive(topology, DIRECTION_REPLY, arena);

	(void)state;
	assert_points(topology, request, "a:eth0:xmit b:left:rx|c:eth0:xmit|c:eth0:xmitted");
	assert_points(topology, reply, "b:left:xmit|c:eth0:rx a:eth0:rx");
	assert_segments(reply, "wire:0-1");
}

static void test_no_path(void **state)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology = make("", "", arena);

	(void)state;
	assert_null(path_derive(topology, DIRECTION_REQUEST, arena));
	assert_null(path_derive(topology, DIRECTION_REPLY, arena));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_mirror_of_mirror),
		cmocka_unit_test(test_xmitted_at_the_end),
		cmocka_unit_test(test_xmitted_in_the_middle),
		cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
