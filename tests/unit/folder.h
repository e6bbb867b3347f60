/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A folder for what a test writes. The state is a fixture that begins with the folder's path. */

#include "harness/file.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER_BYTES 32

/* Zeroed, of `size` bytes, its first member a char[FOLDER_BYTES]. */
static inline void *folder_fixture(size_t size)
{
	char *fixture = calloc(1, size);

	assert_non_null(fixture);
	strcpy(fixture, "/tmp/labrun-test.XXXXXX");
	assert_non_null(mkdtemp(fixture));
	return fixture;
}

/* For tests that need no more than the folder. */
static inline int folder_setup(void **state)
{
	*state = folder_fixture(FOLDER_BYTES);
	return 0;
}

static inline int folder_teardown(void **state)
{
	file_remove_tree(*state);
	free(*state);
	return 0;
}
