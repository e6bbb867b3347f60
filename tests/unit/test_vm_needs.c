// SPDX-License-Identifier: GPL-2.0-only
/* What a guest is given follows from the cells of the plan, and from nothing else. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/vm_needs.h"

#include <string.h>

static bool has(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

static struct plan *load(const char *experiment, const char *set)
{
	const char *const sets[] = { set, NULL };
	const struct plan_options options = { .sets = sets };
	struct plan *plan = NULL;
	struct err err = {};

	if (plan_load(&plan, experiment, &options, stderr, &err))
		fail_msg("%s", err.text);
	return plan;
}

static void assert_uplink(const char *experiment, const char *set, bool expected)
{
	static const char *const always[] = { "every", NULL };
	_arena_ struct arena *arena = arena_new();
	struct plan *plan = load(experiment, set);
	struct vm_needs needs = vm_needs_find(plan, always, arena);

	assert_int_equal(needs.uplink, expected);
	assert_int_equal(plan_needs_uplink(plan), expected);
	assert_int_equal(has(needs.modules, "virtio_net"), expected);
	assert_int_equal(has(needs.modules, "virtio_pci"), expected);
	assert_true(has(needs.modules, "every"));
	assert_true(has(needs.modules, "veth"));
	assert_true(has(needs.tools, "nft"));
	plan_free(plan);
}

/* A cell is enough: the cards are the boot's, not the cell's. */
static void test_uplink(void **state)
{
	(void)state;
	assert_uplink("experiments/nat.json", NULL, false);
	assert_uplink("experiments/nat.json", "topology.uplink=virtio", true);
	assert_uplink("experiments/uplink.json", NULL, true);
	assert_uplink("experiments/uplink.json", "sweep={\"topology.uplink\": [\"veth\"]}", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_uplink) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
