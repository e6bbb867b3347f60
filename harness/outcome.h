/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* How a verb ended; only main.c makes exit statuses of it. */

/* In order of precedence where several apply: the later wins. */
enum outcome {
	OUTCOME_OK,
	OUTCOME_CLAIM_FAILS, /* or a regression */
	OUTCOME_INVALID, /* the measurement: loss, incomplete chains */
	OUTCOME_FAILED, /* could not run */
	OUTCOME_NEED, /* this machine lacks a need */
	OUTCOME_USAGE, /* bad usage or bad file */
	OUTCOME_INTERRUPTED,
	/* Plus the exit status of what was run for the user, which becomes ours as it is. */
	OUTCOME_COMMAND = 256,
};
