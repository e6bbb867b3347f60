// SPDX-License-Identifier: GPL-2.0-only
/* Kernels, or builds of labrun, side by side: a hook costs something else in each. */
#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/summary.h"
#include "tests/test.h"

#include <string.h>

#define ROUNDS 3
#define OFF_NS 4000

/* Rounds in which each of the two events of a packet costs so much. */
static size_t add_blocks(struct probe_block *blocks, const char *side, uint64_t event_ns)
{
	size_t count = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		blocks[count++] = (struct probe_block){ round, BLOCK_OFF, 500, 0, OFF_NS, "" };
		blocks[count++] =
			(struct probe_block){ round, BLOCK_EMPTY, 500, 1000, OFF_NS + 20, "" };
		blocks[count++] =
			(struct probe_block){ round, BLOCK_FULL, 500, 1000, OFF_NS + 2 * event_ns,
					      "" };
	}
	for (size_t i = 0; i < count; i++)
		strcpy(blocks[i].kernel, side);
	return count;
}

static double event_ns(const json_t *summary, size_t cell)
{
	const json_t *cells = json_object_get(summary, "cells");
	const json_t *cost = json_object_get(json_array_get(cells, cell), "probe_cost");

	return json_number_value(json_object_get(json_object_get(cost, "event_ns"), "mean"));
}

static void check_factor(const char *factor)
{
	struct samples *samples = samples_new();
	uint32_t series = samples_series(samples, "veth1", DIRECTION_REQUEST, "ns");
	_json_ json_t *one = json_pack("{s:s}", factor, "one");
	_json_ json_t *other = json_pack("{s:s}", factor, "other");
	const struct summary_cell cells[] = { { .factors = one }, { .factors = other } };
	struct probe_block blocks[6 * ROUNDS];
	size_t count = add_blocks(blocks, "one", 100);
	struct summary_input input = { .experiment = "x",
				       .mode = "native",
				       .cells = cells,
				       .cell_count = ARRAY_SIZE(cells),
				       .samples = samples,
				       .blocks = blocks };
	_json_ json_t *summary = NULL;

	input.block_count = count + add_blocks(&blocks[count], "other", 300);
	for (uint32_t cell = 0; cell < input.cell_count; cell++)
		samples_add(samples, cell, 0, 0, series, 5000);
	summary = summary_build(&input);
	assert_near(event_ns(summary, 0), 100, 1e-9);
	assert_near(event_ns(summary, 1), 300, 1e-9);
	samples_free(samples);
}

static void test_kernels(void **state)
{
	(void)state;
	check_factor("kernel");
}

static void test_builds(void **state)
{
	(void)state;
	check_factor("labrun");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_builds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
