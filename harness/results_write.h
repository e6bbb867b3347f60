/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The files of a result folder that are written once, at its end: all but samples and counters. */

#include "harness/results.h"

/* `fd` is the folder, `path` its name for messages. */
int results_write_files(int fd, const char *path, const struct plan *plan,
			const struct results_final *final, struct err *err);
