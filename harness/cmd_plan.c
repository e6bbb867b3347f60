// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/plan.h"
#include "harness/plan_against.h"
#include "harness/until.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>

#define ORDER_LINES_MAX 40

static void print_until(const struct experiment_until *until)
{
	size_t look = until_next_look(until, 0);

	printf("a cell ends when its 95 %% intervals are within %g %% of their means at two looks "
	       "in a row\nlooks: after %zu",
	       until->half_width_percent, look);
	while (look < until->max_batches) {
		look = until_next_look(until, look);
		printf(", %zu", look);
	}
	printf(" batches\n");
}

static void print_cells(const struct plan *plan)
{
	printf("cells:\n");
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct experiment *experiment = plan->cells[i].experiment;

		printf("  %zu  %s%stopology %s, load %s, %llu packets a batch\n", i + 1,
		       plan->cells[i].label, *plan->cells[i].label ? ": " : "",
		       experiment->topology->name, experiment->load.kind->name,
		       (unsigned long long)experiment->packets);
	}
}

static void print_order(const struct plan *plan)
{
	size_t batches = plan->job_count / plan->cell_count;

	printf("order (batch: cells):\n");
	for (size_t batch = 0; batch < batches && batch < ORDER_LINES_MAX; batch++) {
		printf("  %zu:", batch + 1);
		for (size_t i = 0; i < plan->cell_count; i++)
			printf(" %u", plan->jobs[batch * plan->cell_count + i].cell + 1);
		printf("\n");
	}
	if (batches > ORDER_LINES_MAX)
		printf("  ... and %zu more\n", batches - ORDER_LINES_MAX);
}

/* Beside its load a batch of the shipped topologies took 10 to 50 ms to build, warm up and drain,
 * and calibration and charts half a second. */
static double estimate_s(const struct plan *plan)
{
	return ceil(plan->load_s + 0.03 * (double)plan->job_count + 0.5);
}

static const struct cmd_option options[] = {
	{ 's', "set", "PATH=VALUE", "change a field, as in run; may be repeated", CMD_SET },
	{ 'a', "against", "PATH=VALUE", "each cell twice, in turn, as in run", CMD_SET },
	{},
};

const struct cmd_manual cmd_manual_plan = { .options = options, .operand = CMD_EXPERIMENT };

static void print_plan(const struct plan *plan)
{
	size_t batches = plan->job_count / plan->cell_count;
	const struct experiment_until *until = plan->cells[0].experiment->until;

	printf("%s: %zu cell%s x %s%zu batch%s\n", plan->name, plan->cell_count,
	       plan->cell_count == 1 ? "" : "s", until ? "at most " : "", batches,
	       batches == 1 ? "" : "es");
	if (until)
		print_until(until);
	print_cells(plan);
	print_order(plan);
	if (plan_needs_uplink(plan))
		printf("runs in a guest only, for its virtio uplink: --vm or --exact\n");
	printf("takes %sabout %.0f s, %.1f s of it the loads\n", until ? "at most " : "",
	       estimate_s(plan), plan->load_s);
}

static bool is_outer(const char *against)
{
	return against &&
	       (plan_against_outer(against, "kernel") || plan_against_outer(against, "labrun"));
}

enum outcome cmd_plan(int argc, char **argv)
{
	struct cmd_sets sets = {};
	struct plan_options plan_options = { .sets = sets.items };
	struct err err = {};
	struct plan *plan;
	int option;

	while ((option = cmd_next_option(&cmd_manual_plan, argc, argv)) != -1) {
		if (option == 'a')
			plan_options.against = optarg;
		else if (option != 's' || !cmd_add_set(&sets, optarg))
			return cmd_usage("plan", "see labrun plan --help");
	}
	if (argc - optind != 1)
		return cmd_usage("plan", "one experiment");
	if (is_outer(plan_options.against))
		return cmd_usage("plan", "kernels and builds take turns around a plan: it shows "
					 "one of them");
	if (plan_load(&plan, argv[optind], &plan_options, stderr, &err))
		return cmd_fail(&err);
	print_plan(plan);
	plan_free(plan);
	return OUTCOME_OK;
}
