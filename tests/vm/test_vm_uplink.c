// SPDX-License-Identifier: GPL-2.0-only
/*
 * An uplink of virtio devices: packets pass a real driver both ways and none is lost, the devices'
 * own counters agree, and one lab leaves nothing to the next.
 */
#include "tests/vm/folder_fixture.h"

#define PACKETS 40

static void assert_driver(const char *kernel)
{
	_json_ json_t *summary = NULL;

	assert_folder("u", "vm", kernel, PACKETS);
	summary = read_json("u", "summary.json");
	assert_int_equal(json_array_size(json_object_get(summary, "cells")), 2);
	/* Within a veth's driver its other end receives the packet, within a card's nothing does.
	 */
	assert_near(counter_of("u", "hooks.uplink-driver.request"), (2 + 1) * PACKETS, 0);
	assert_near(counter_of("u", "unaccounted"), 0, 0);
}

static void measure_both(const char *kernel, const char *vm)
{
	_finished_ struct finished finished =
		labrun("run", vm, "uplink", QUICK, "--no-charts", "--out", "u");

	assert_measured(finished);
	assert_driver(kernel);
	remove_tree("u");
}

/* An MTU that an earlier lab left behind would cut the large packets to pieces, which have no stamp
 * each. */
static const char mixed[] =
	"{ \"name\": \"mixed\", \"topology\": \"nat\", \"probes\": [{ \"kind\": \"hops\" }],"
	"  \"load\": { \"kind\": \"udp\", \"from\": \"vm\", \"to\": \"internet\" },"
	"  \"sweep\": { \"what\": ["
	"    { \"label\": \"small\", \"set\": { \"topology.uplink\": \"virtio\","
	"      \"load.size\": 100, \"topology.links[2].mtu\": 1000,"
	"      \"topology.links[2].offloads\": { \"gro\": \"off\" } } },"
	"    { \"label\": \"large\", \"set\": { \"topology.uplink\": \"virtio\","
	"      \"load.size\": 1400 } },"
	"    { \"label\": \"one way\", \"set\": { \"topology.uplink\": \"virtio\","
	"      \"load.one_way\": true } }] } }";

static void measure_mixed(const char *vm)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	write_text("mixed.json", mixed);
	finished = labrun("run", vm, "./mixed.json", QUICK, "--no-charts", "--out", "m");
	assert_measured(finished);
	summary = read_json("m", "summary.json");
	assert_true(is_valid(summary));
	for (size_t i = 0; i < 3; i++)
		assert_near(number_of(find_series(cell_of(summary, i), "uplink-driver", "request"),
				      "n"),
			    PACKETS, 0);
	remove_tree("m");
}

/* $LABRUN_TEST_KERNELS names what is fetched. */
static void test_kernels(void **state)
{
	const char *given = getenv("LABRUN_TEST_KERNELS");
	_free_ char *names = strdup(given ? given : "6.1");
	char *save;

	(void)state;
	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		char vm[64];

		need_kernel(name);
		snprintf(vm, sizeof(vm), "--vm=%s", name);
		measure_both(name, vm);
		measure_mixed(vm);
	}
}

/* Of all cells one may keep the devices, if no other wants them. */
static void test_kept_up(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_kernel("6.1");
	finished = labrun("run", "--vm=6.1", "uplink", QUICK, "--set", "build=\"cell\"",
			  "--no-charts", "--out", "u");
	assert_measured(finished);
	assert_driver("6.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_kernels),
		program_test(test_kept_up),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
