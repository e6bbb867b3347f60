/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The smallest difference that somebody would act upon: relative and absolute, both have to be
 * reached. The experiment declares it; comparing does nothing with smaller ones but tell them.
 */

#include "harness/field.h"

#include <stdbool.h>

struct minimum_effect {
	double percent, ns; /* of time and rates; of nanoseconds besides */
	double exact_percent, instructions; /* in exact mode */
};

extern const struct field minimum_effect_fields[];

/* Of an experiment's "minimum_effect", every default filled in; what is faulty keeps its. */
struct minimum_effect minimum_effect_read(json_t *json);
/* In the series' unit: what of a mean is the smallest. `scale` divides the absolute part. */
double minimum_effect_of(const struct minimum_effect *effect, bool exact, const char *unit,
			 double mean, double scale);
