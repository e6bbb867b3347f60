/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What came of one load, from its report: packets, rates, the error of the sending, CPU time and,
 * where there are replies, round trips. Nothing here is an estimate over batches: it is one look.
 */

#include "harness/run.h"

#include <stdio.h>

struct load_spread {
	bool known;
	double p50_ns, p99_ns, max_ns;
};

struct load_summary {
	const struct experiment *experiment;
	bool interrupted;
	double elapsed_s; /* of the sending */
	/* Offered: what the schedule held until the end. Lost: sent and not received in time. */
	double offered, sent, received, lost, send_errors, late_replies, duplicates;
	double asked_pps; /* 0: flat out, or at the pace of the replies */
	double achieved_pps; /* from the first sent to the last; NAN below two packets */
	struct load_spread error; /* |actual - intended| send time */
	struct load_spread round_trip;
	double driver_cpu_ns, server_cpu_ns; /* a packet; NAN: nothing to divide by, or no server */
	json_t *drops; /* [{"node", "device", "where", "packets"}]: where the lost ones went */
};

/* `live` is of a pass that has ended. */
struct load_summary load_summary_make(const struct run_live *live);
void load_summary_done(struct load_summary *summary);

/* A new reference: the last line of --json. */
json_t *load_summary_json(const struct load_summary *summary);
void load_summary_print(const struct load_summary *summary, FILE *out);
