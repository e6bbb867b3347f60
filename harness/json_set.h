/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <jansson.h>

/*
 * Puts `value` (its reference is taken over) at a path as jpath_format() writes them,
 * "load.interval_us", "links[0].mtu" or nodes["a.b"].forward, making objects that are not there on
 * the way. NULL if it could be put there, else why not, in words. `ret_made`: how much of the path
 * leads to the first part that was made; all of it if none was.
 */
const char *json_set_path(json_t *root, const char *path, json_t *value, size_t *ret_made);
/* What is there, borrowed; NULL for nothing, or for what is no path. */
json_t *json_get_path(const json_t *root, const char *path);
