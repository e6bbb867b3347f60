/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * cmocka 1.1.5, mended: skip with a reason, doubles compared as doubles, and forked children that
 * never run the remaining tests (end a child with _exit()).
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Said on stdout, where tests/run.sh gathers the reasons. */
#define skip_because(...)                                                                          \
	do {                                                                                       \
		printf("SKIP: ");                                                                  \
		printf(__VA_ARGS__);                                                               \
		printf("\n");                                                                      \
		skip();                                                                            \
	} while (0)

#define assert_near(actual, expected, tolerance)                                                   \
	do {                                                                                       \
		double actual_ = (actual), expected_ = (expected);                                 \
		if (!(fabs(actual_ - expected_) <= (tolerance)))                                   \
			fail_msg("%s is %.17g, not %.17g", #actual, actual_, expected_);           \
	} while (0)
