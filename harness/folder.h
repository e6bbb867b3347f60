/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Files of a folder that may be a stranger's. What is read must be a regular file inside it: links
 * that lead out of it are not followed, and no FIFO or device is waited for. What is written takes
 * the place of whatever had the name, and never goes through it. The folder's own path may be
 * anything.
 */

#include "harness/err.h"

#include <stddef.h>
#include <stdio.h>

/* To read; `name` may lie in a folder of the folder. The descriptor, or a negative errno and a
 * usage error. */
int folder_open_file(const char *dir, const char *name, struct err *err);
/* All of it, as file_read(). */
int folder_read_file(const char *dir, const char *name, char **ret_text, size_t *ret_length,
		     struct err *err);
/* To write, new and empty; `name` in the folder `dir_fd`. NULL, with errno: it could not be. */
FILE *folder_create_file(int dir_fd, const char *name);
