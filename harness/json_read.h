/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/stats.h"

#include <jansson.h>

/* Members of a file that may be anybody's: what is missing or of another type has a harmless value.
 */
const char *json_read_text(const json_t *object, const char *key); /* "" */
double json_read_number(const json_t *object, const char *key); /* NAN */
struct interval json_read_interval(const json_t *object, const char *key); /* of NAN */
