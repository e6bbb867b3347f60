// SPDX-License-Identifier: GPL-2.0-only
#include "harness/minimum_effect.h"

#include "harness/cleanup.h"

#include <math.h>
#include <string.h>

const struct field minimum_effect_fields[] = {
	{ .name = "percent",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct minimum_effect, percent),
	  .fallback = "2",
	  .min = 0,
	  .max = 1000,
	  .unit = "%",
	  .help = "of the base's mean, for times, rates and whatever else is measured" },
	{ .name = "ns",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct minimum_effect, ns),
	  .fallback = "10",
	  .min = 0,
	  .max = 1e12,
	  .unit = "ns",
	  .help = "and as much in itself, for times; about what the probe's own cost is known to" },
	{ .name = "exact_percent",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct minimum_effect, exact_percent),
	  .fallback = "0.5",
	  .min = 0,
	  .max = 1000,
	  .unit = "%",
	  .help = "in exact mode, between different bundles; what another build or hash seed "
		  "moves without anybody having changed the path" },
	{ .name = "instructions",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct minimum_effect, instructions),
	  .fallback = "1",
	  .min = 0,
	  .max = 1e12,
	  .unit = "instructions",
	  .help = "and as many, in exact mode" },
	FIELD_END
};

struct minimum_effect minimum_effect_read(json_t *json)
{
	_json_ json_t *object = json_is_object(json) ? json_incref(json) : json_object();
	_diag_ struct diag *diag = diag_new("", NULL, 0);
	_arena_ struct arena *arena = arena_new();
	struct minimum_effect effect = {};

	field_parse(minimum_effect_fields, object, NULL, &effect, arena, diag);
	return effect;
}

double minimum_effect_of(const struct minimum_effect *effect, bool exact, const char *unit,
			 double mean, double scale)
{
	double absolute = 0;

	if (!strcmp(unit, "instructions"))
		absolute = effect->instructions;
	else if (!strcmp(unit, "ns"))
		absolute = effect->ns;
	return fmax((exact ? effect->exact_percent : effect->percent) / 100 * fabs(mean),
		    absolute / scale);
}
