// SPDX-License-Identifier: GPL-2.0-only
#include "harness/summary.h"
#include "harness/summary_json.h"

#include "harness/cleanup.h"

#include <string.h>

#define DROP_PREFIX "drop."
#define UNMEASURED_PREFIX "unmeasured."

static void add_count(json_t *to, const char *name, double value)
{
	json_object_set_new(to, name,
			    summary_count(json_number_value(json_object_get(to, name)) + value));
}

/* NULL for an empty one: the member is left out then. */
static json_t *unless_empty(json_t *object)
{
	if (json_object_size(object))
		return object;
	json_decref(object);
	return NULL;
}

json_t *summary_drops(const struct grouped *grouped, size_t cell)
{
	json_t *drops = json_object();

	for (size_t i = 0; i < grouped_counter_count(grouped, cell); i++) {
		const struct counter *counter = grouped_get_counter(grouped, cell, i);

		if (!strncmp(counter->name, DROP_PREFIX, strlen(DROP_PREFIX)))
			add_count(drops, counter->name + strlen(DROP_PREFIX), counter->value);
	}
	return unless_empty(drops);
}

json_t *summary_unmeasured(const struct grouped *grouped, size_t cell)
{
	json_t *unmeasured = json_object();

	for (size_t i = 0; i < grouped_counter_count(grouped, cell); i++) {
		const char *name = grouped_get_counter(grouped, cell, i)->name;
		const char *why = strstr(name, ": ");
		_free_ char *series = NULL;

		if (!why || strncmp(name, UNMEASURED_PREFIX, strlen(UNMEASURED_PREFIX)))
			continue;
		name += strlen(UNMEASURED_PREFIX);
		if (asprintf(&series, "%.*s", (int)(why - name), name) < 0)
			abort();
		json_object_set_new(unmeasured, series, summary_text(why + 2));
	}
	return unless_empty(unmeasured);
}

json_t *summary_search(const struct grouped *grouped, size_t cell)
{
	static const char *const names[] = { "trials", "limited_by_load", "limited_by_search" };
	json_t *search = json_object();

	for (size_t i = 0; i < grouped_counter_count(grouped, cell); i++) {
		const struct counter *counter = grouped_get_counter(grouped, cell, i);

		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			if (!strcmp(counter->name, names[k]))
				add_count(search, names[k], counter->value);
	}
	return unless_empty(search);
}

bool summary_all_delivered(const json_t *cell)
{
	const json_t *batches[2] = { NULL, NULL }, *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series) {
		const char *name = json_string_value(json_object_get(series, "name"));

		if (name && (!strcmp(name, "sent") || !strcmp(name, "delivered")))
			batches[*name == 'd'] = json_object_get(series, "batches");
	}
	return batches[0] && json_equal(batches[0], batches[1]);
}
