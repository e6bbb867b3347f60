/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Whole files, and where labrun's own data (experiments, topologies, plots, references) lies. */

#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>

#define FILE_MAX_BYTES (16u << 20)

/* A regular file up to FILE_MAX_BYTES, NUL-terminated; the caller frees. */
int file_read(const char *path, char **ret_text, size_t *ret_length, struct err *err);
/* The same of what is open; `path` is for messages. */
int file_read_fd(int fd, const char *path, char **ret_text, size_t *ret_length, struct err *err);
/* Creates or replaces; a full disk is an error, not a short file. */
int file_write(const char *path, const char *text, size_t length, struct err *err);
/* The same whole or not at all: as PATH.partial until it is. */
int file_replace(const char *path, const char *text, size_t length, struct err *err);
/* Removes a folder and all in it; what is not there is fine. Symbolic links are not followed. */
int file_remove_tree(const char *path);
/* The same by descriptor: `name` in the folder `parent_fd`. */
int file_remove_tree_at(int parent_fd, const char *name);
/* mkdir -p. `ret_made` (unless NULL): the topmost folder that had to be made, or NULL if none. */
int file_make_dirs(const char *path, char **ret_made, struct err *err);

/*
 * The folder that holds experiments/, topologies/, plots/ and results/reference/: $LABRUN_DATA,
 * else by where the program is: the source tree it was
 * built in, or share/labrun beside its bin. The caller frees.
 */
char *file_data_dir(void);
/* "<data>/<folder>/<name><suffix>"; the caller frees. */
char *file_data_path(const char *folder, const char *name, const char *suffix);
