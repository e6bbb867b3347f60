// SPDX-License-Identifier: GPL-2.0-only
#include "summary_json.h"

#include <math.h>
#include <string.h>

/* The row of LOSS_COUNTERS, or LOSS_COUNT: the name of some other counter. */
static enum loss find_loss(const char *name)
{
	for (int i = 0; i < LOSS_COUNT; i++)
		if (!strcmp(loss_names[i], name))
			return (enum loss)i;
	return LOSS_COUNT;
}

static bool is_traffic(enum loss loss)
{
	return loss == LOSS_sent || loss == LOSS_received || loss == LOSS_background;
}

json_t *summary_count(double count)
{
	if (count == floor(count) && fabs(count) < 9e15)
		return json_integer((json_int_t)count);
	return summary_number(count);
}

json_t *summary_loss(const struct grouped *grouped, size_t cell)
{
	double sums[LOSS_COUNT + 1] = { 0 };
	json_t *loss = json_object();

	for (size_t i = 0; i < grouped_counter_count(grouped, cell); i++) {
		const struct counter *counter = grouped_get_counter(grouped, cell, i);

		sums[find_loss(counter->name)] += counter->value;
	}
	for (int i = 0; i < LOSS_COUNT; i++)
		json_object_set_new(loss, loss_names[i], summary_count(sums[i]));
	return loss;
}

bool summary_loss_tolerable(const struct grouped *grouped, size_t cell, double tolerance)
{
	for (size_t i = 0; i < grouped_counter_count(grouped, cell); i++) {
		const struct counter *counter = grouped_get_counter(grouped, cell, i);
		enum loss loss = find_loss(counter->name);

		/* Written so that a NaN is a loss. */
		if (loss != LOSS_COUNT && !is_traffic(loss) && !(counter->value <= tolerance))
			return false;
	}
	return true;
}
