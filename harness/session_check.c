// SPDX-License-Identifier: GPL-2.0-only
#include "harness/session_check.h"

#include "harness/run_cpus.h"
#include "harness/vm_run.h"
#include "topologies/uplink.h"

/* Packets stay in the guest's memory: only its samples are brought out. */
static bool wants_packets(const struct plan *plan)
{
	const json_t *probe;
	size_t i;

	json_array_foreach (json_object_get(plan->experiment_json, "probes"), i, probe)
		if (json_integer_value(json_object_get(probe, "snaplen")) > 0)
			return true;
	return false;
}

/* Where each batch is a run of its own nobody sees all of them, and exact mode has its seeds. */
static int check_until(const struct plan *plan, const struct session_options *options,
		       struct err *err)
{
	const struct experiment *first = plan->cells[0].experiment;
	bool exact = options->vm && options->vm->exact;

	if (!first->until)
		return 0;
	if (!exact && (options->build || (options->vm && options->vm->against)))
		return err_usage(err, "until: with kernels or builds against each other each batch "
				      "is a run of its own: say how many, --batches N");
	if (exact && !options->quiet)
		fprintf(stderr,
			"labrun: exact mode has its batches from seeds (%llu), not from "
			"until\n",
			(unsigned long long)first->seeds);
	return 0;
}

int session_check(const struct plan *plan, const struct session_options *options, struct err *err)
{
	int code = 0;

	if (options->vm && wants_packets(plan))
		return err_usage(err, "packets are captured on the running kernel only: no snaplen "
				      "in a guest");
	if (options->vm)
		code = run_cpus_check_guest(plan, err);
	if (!code)
		code = check_until(plan, options, err);
	if (!code && !options->vm && plan_needs_uplink(plan))
		code = uplink_check(err);
	return code;
}
