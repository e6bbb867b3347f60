/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <jansson.h>

/*
 * Puts `value` (its reference is taken over) at a dotted path, "load.interval_us" or
 * "links[0].mtu", making objects that are not there on the way. NULL if it could be put there,
 * else why not, in words.
 */
const char *json_set_path(json_t *root, const char *path, json_t *value);
