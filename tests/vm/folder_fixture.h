/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What a result folder that came out of a guest has to hold, and what a test needs to make one. */

#include "tests/netns/result_fixture.h"
#include "tests/vm/need_fixture.h"

#include "harness/file.h"
#include "harness/vm_cache.h"

/* Each declared number is there, in each direction, as often as a packet was sent. */
static inline void assert_cell(const json_t *cell, const char *what, double n)
{
	bool request = false, reply = false;
	json_t *series;
	size_t i;

	if (!json_is_null(json_object_get(cell, "error")))
		fail_msg("%s: %s", what, json_string_value(json_object_get(cell, "error")));
	json_array_foreach (json_object_get(cell, "series"), i, series) {
		const char *name = json_string_value(json_object_get(series, "name"));
		const char *direction = json_string_value(json_object_get(series, "direction"));

		request |= !strcmp(direction, "request");
		reply |= !strcmp(direction, "reply");
		if (number_of(series, "n") != n)
			fail_msg("%s: n of %s %s is %g, not %g", what, name, direction,
				 number_of(series, "n"), n);
	}
	if (!request || !reply)
		fail_msg("%s: no segment is timed in the %s", what, request ? "reply" : "request");
	assert_near(number_of(json_object_get(cell, "loss"), "received"), n, 0);
}

/* The release is that of the kernel asked for, and not of the one that the host runs. */
static inline void assert_kernel(const char *folder, const char *kernel)
{
	_json_ json_t *environment = read_json(folder, "environment.json");
	json_t *bundle = json_array_get(json_object_get(environment, "vm"), 0);
	const char *release =
		json_string_value(json_object_get(json_object_get(bundle, "kernel"), "release"));

	assert_non_null(release);
	if (kernel[0] != '/' && strncmp(release, kernel, strlen(kernel)) != 0)
		fail_msg("%s: release %s, not of %s", folder, release, kernel);
}

static inline void assert_folder(const char *folder, const char *mode, const char *kernel, double n)
{
	_json_ json_t *summary = read_json(folder, "summary.json");
	json_t *cells = json_object_get(summary, "cells");
	_free_ char *samples = vm_path(folder, "samples.csv");

	if (!is_valid(summary))
		fail_msg("%s is not valid", folder);
	assert_string_equal(json_string_value(json_object_get(summary, "mode")), mode);
	assert_true(json_array_size(cells) >= 1);
	for (size_t i = 0; i < json_array_size(cells); i++)
		assert_cell(cell_of(summary, i), folder, n);
	assert_true(exists(samples));
	assert_kernel(folder, kernel);
}

/* Of the two exact runs "first" and "second". */
static inline void assert_same_bytes(const char *name)
{
	_free_ char *first_path = NULL, *second_path = NULL, *first = NULL, *second = NULL;
	size_t first_size = 0, second_size = 0;
	struct err err = {};

	assert_true(asprintf(&first_path, "first/%s", name) > 0);
	assert_true(asprintf(&second_path, "second/%s", name) > 0);
	assert_int_equal(file_read(first_path, &first, &first_size, &err), 0);
	assert_int_equal(file_read(second_path, &second, &second_size, &err), 0);
	assert_true(first_size > 0);
	assert_int_equal(first_size, second_size);
	if (memcmp(first, second, first_size))
		fail_msg("two exact runs of one bundle differ in %s", name);
}
