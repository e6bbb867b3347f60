/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <jansson.h>

/*
 * A value given on the command line: JSON if it is any, else a string, so that --set load.from=vm1
 * needs no quotes. A whole number too long for an integer is a real one: fields then say that it is
 * out of bounds, and not that it is no number. NULL: not UTF-8. A new reference.
 */
json_t *json_read_argument(const char *text);
