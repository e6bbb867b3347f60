// SPDX-License-Identifier: GPL-2.0-only
#include "harness/experiment_until.h"

#include "harness/samples.h"

#include <string.h>

static bool is_direction(const char *text)
{
	for (int i = 0; i < DIRECTION_COUNT; i++)
		if (!strcmp(text, direction_names[i]))
			return true;
	return false;
}

/* What is after a series' name must be a direction; whether anything measures it, the plan says. */
static void check_series(const struct experiment_until *until, struct diag *diag)
{
	const struct jpath root = { .key = "until" }, list = { .up = &root, .key = "series" };
	const char *const *texts = until->series.items;

	for (size_t i = 0; i < until->series.count; i++) {
		const struct jpath at = { .up = &list, .index = i };
		const char *space = texts[i] ? strchr(texts[i], ' ') : NULL;

		if (space && !is_direction(space + 1))
			diag_add(diag, &at, DIAG_VALUE,
				 "after the name \"%.*s\" comes \"request\", \"reply\", "
				 "\"both\" or nothing",
				 (int)(space - texts[i] < 64 ? space - texts[i] : 64), texts[i]);
	}
}

void experiment_check_until(struct experiment *experiment, const json_t *json, struct diag *diag)
{
	const struct experiment_until *until = experiment->until;

	if (!until)
		return;
	if (json_object_get(json, "batches"))
		diag_add_path(diag, "batches", DIAG_VALUE,
			      "there is an until too: its min_batches and max_batches say how "
			      "many");
	if (until->min_batches > until->max_batches)
		diag_add_path(diag, "until", DIAG_VALUE,
			      "min_batches, %llu, is above max_batches, %llu",
			      (unsigned long long)until->min_batches,
			      (unsigned long long)until->max_batches);
	check_series(until, diag);
	experiment->batches = until->max_batches;
}

const struct experiment_until *experiment_read_until(const json_t *json, struct arena *arena)
{
	json_t *object = json_object_get(json, "until");
	const struct jpath path = { .key = "until" };
	struct experiment_until *until = arena_alloc(arena, sizeof(*until));
	_diag_ struct diag *diag = diag_new("", NULL, 0);

	if (!json_is_object(object))
		return NULL;
	field_parse(experiment_until_fields, object, &path, until, arena, diag);
	return diag_count(diag) ? NULL : until;
}
