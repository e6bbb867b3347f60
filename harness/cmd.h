/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The verbs. Each parses its own arguments (argv[0] is the verb), prints its result to stdout and
 * everything else to stderr, and says how it ended; only main.c turns that into exit statuses.
 */

#include "harness/err.h"
#include "harness/outcome.h"

struct command {
	const char *name, *arguments, *help;
	enum outcome (*run)(int argc, char **argv);
};

#define COMMANDS(X)                                                                                \
	X(run, "[OPTION]... EXPERIMENT...", "runs and writes a result folder (the default verb)")  \
	X(check, "FILE...", "validates experiment and topology files: every fault in one pass")    \
	X(plan, "EXPERIMENT", "prints the cells, their order and the estimated time")              \
	X(trace, "[OPTION]... EXPERIMENT", "follows one packet and prints each hop it makes")      \
	X(list, "", "what experiments, topologies and kinds there are")                            \
	X(describe, "[--schema] KIND",                                                             \
	  "fields, units, bounds and defaults of a kind, of experiment, of topology")              \
	X(load, "[OPTION]... TOPOLOGY", "one load by hand through a topology, with live rates")    \
	X(plot, "[--out DIR] RESULT...", "draws the charts of result folders again")               \
	X(report, "[--out FILE] RESULT...", "one self-contained page of result folders")           \
	X(merge, "OUT DIR...", "puts the shards of a run together (run --shard I/N)")              \
	X(verify, "[--json] RESULT...", "makes tables and charts again from the raw samples")      \
	X(hist, "[--step TIME] RESULT [SERIES...]",                                                \
	  "prints histograms of every sample: by powers of two, and in equal steps")               \
	X(compare, "[OPTION]... BASE [NEW]",                                                       \
	  "says what moved between two results, or the two sides of one run")                      \
	X(reproduce, "[OPTION]... [NAME...]",                                                      \
	  "runs every experiment with a paper behind it; paper beside measured")                   \
	X(shell, "TOPOLOGY [COMMAND...]", "builds it and opens a shell inside; gone on exit")      \
	X(vm, "list | fetch VERSION... | shell [KERNEL]", "kernels for --vm; a shell in one")      \
	X(doctor, "", "what this machine allows, and for what it does not: why")

#define COMMAND_PROTOTYPE(name, arguments, help) enum outcome cmd_##name(int argc, char **argv);
COMMANDS(COMMAND_PROTOTYPE)

/* Says the error on stderr and what outcome it makes. */
enum outcome cmd_fail(const struct err *err);
/* The outcome of a child in the sandbox, by the status it ended with; says if it was killed. */
enum outcome cmd_ended(int status);
/* Flushes stdout; what it did not take makes the outcome at least OUTCOME_FAILED. */
enum outcome cmd_flush(enum outcome outcome);
/* For `git bisect run`: what could not be judged here is to be skipped (125), and what is wrong
 * with the command line ends the bisection (128) rather than call a revision bad. */
enum outcome cmd_bisect(enum outcome outcome);
/* "labrun VERB: message" plus how to use the verb. */
enum outcome cmd_usage(const char *verb, const char *message);
