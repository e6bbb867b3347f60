/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Where a JSON path stands in a text that jansson has already accepted. Lines and columns count
 * from 1, columns in characters (UTF-8), as editors do.
 */

#include <stdbool.h>
#include <stddef.h>

struct json_position {
	unsigned line, column;
};

/*
 * `path` as jpath_format() writes it. Finds the value, or with `key` the member's name. Where a
 * part of the path is not there (a required field is missing) the nearest enclosing value that is
 * gives the position, and false is returned.
 */
bool json_locate(const char *text, size_t length, const char *path, bool key,
		 struct json_position *ret);
