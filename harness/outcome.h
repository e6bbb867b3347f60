/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * How a verb ended, in order of precedence where several apply: the later wins. Beside each the
 * exit status that main.c makes of it, and what that says.
 */

#define OUTCOMES(X)                                                                                \
	X(OK, 0, "done, and every claim holds or is inconclusive")                                 \
	X(CLAIM_FAILS, 1, "a claim fails; `compare` finds a regression; `verify` a difference")    \
	X(INVALID, 3, "the measurement is not valid: loss, incomplete hop chains")                 \
	X(FAILED, 4, "it could not run")                                                           \
	X(NEED, 77, "this machine lacks a need, said in one line")                                 \
	X(USAGE, 2, "bad usage or a bad file")                                                     \
	X(INTERRUPTED, 130, "interrupted")

#define OUTCOME_ENUMERATOR(name, status, help) OUTCOME_##name,

enum outcome {
	OUTCOMES(OUTCOME_ENUMERATOR)
	/* Plus the exit status of what was run for the user, which becomes ours as it is. */
	OUTCOME_COMMAND = 256,
};
