/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The verbs. Each parses its own arguments (argv[0] is the verb), prints its result to stdout and
 * everything else to stderr, and says how it ended; only main.c turns that into exit statuses.
 *
 * What a verb takes is declared once, in its struct cmd_manual: `--help`, the manual page, the
 * completion in shells and getopt follow from it.
 */

#include "harness/err.h"
#include "harness/outcome.h"

#include <stdbool.h>
#include <stdio.h>

struct field;

/* What a word of the command line names. */
enum cmd_word {
	CMD_ANYTHING,
	CMD_FILE,
	CMD_FOLDER,
	CMD_EXPERIMENT, /* a name or a file */
	CMD_TOPOLOGY, /* a name or a file */
	CMD_KIND, /* or "experiment", or "topology" */
	CMD_LOAD, /* a kind of load */
	CMD_KERNEL,
	CMD_SET, /* PATH=VALUE */
};

struct cmd_option {
	int key; /* what cmd_next_option() returns */
	const char *name; /* without its dashes */
	const char *value; /* "DIR"; "[=BYTES]" where it may be left out; NULL: none */
	const char *help;
	enum cmd_word word; /* what the value is */
};

/* A table of fields under the options' names: "--source-port". */
typedef void cmd_visit_fields(void *context, const char *heading, const struct field *fields);

struct cmd_manual {
	const struct cmd_option *options; /* beside --help; ended by key 0; NULL: none */
	/* Options that are fields of a file; `argv` may say which of them are asked for. */
	void (*each_fields)(char **argv, cmd_visit_fields *visit, void *context);
	const char *const *subverbs; /* the first operand is one of these; NULL: there are none */
	enum cmd_word operand;
	bool runs_command; /* what follows the first operand is not ours */
	const char *text; /* paragraphs, with empty lines between; NULL: the verb's help says all */
};

struct command {
	const char *name, *arguments, *help;
	const struct cmd_manual *manual;
	enum outcome (*run)(int argc, char **argv);
};

#define COMMANDS(X)                                                                                \
	X(run, "[OPTION]... EXPERIMENT...", "runs and writes a result folder (the default verb)")  \
	X(check, "FILE...", "validates experiment and topology files: every fault in one pass")    \
	X(plan, "[OPTION]... EXPERIMENT", "prints the cells, their order and the estimated time")  \
	X(trace, "[OPTION]... EXPERIMENT", "follows one packet and prints each hop it makes")      \
	X(list, "", "what experiments, topologies and kinds there are")                            \
	X(describe, "[--schema | --man] KIND",                                                     \
	  "fields, units, bounds and defaults of a kind, of experiment, of topology")              \
	X(load, "--from NODE --to NODE [OPTION]... TOPOLOGY",                                      \
	  "one load by hand through a topology, with live rates")                                  \
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
	X(doctor, "", "what this machine allows, and for what it does not: why")                   \
	X(complete, "-- WORD...", "what could come next: for completion in shells")

#define COMMAND_PROTOTYPE(name, arguments, help)                                                   \
	enum outcome cmd_##name(int argc, char **argv);                                            \
	extern const struct cmd_manual cmd_manual_##name;
COMMANDS(COMMAND_PROTOTYPE)

/* In the order of COMMANDS, ended by a NULL name. */
extern const struct command commands[];
/* NULL: no such verb. */
const struct command *cmd_find(const char *name);

/*
 * As getopt_long() by the table of options: the option's key with its value in optarg, -1 after
 * the last, '?' after saying on stderr what is wrong.
 */
int cmd_next_option(const struct cmd_manual *manual, int argc, char **argv);
/* Whether --help or -h is among the verb's own arguments; argv[0] is the verb. */
bool cmd_asks_help(const struct command *command, char **argv);
void cmd_print_help(const struct command *command, char **argv, FILE *out);

/* The PATH=VALUE of --set, NULL-terminated. */
#define CMD_SETS_MAX 64
struct cmd_sets {
	const char *items[CMD_SETS_MAX + 1];
	size_t count;
};
/* False if there are too many. */
bool cmd_add_set(struct cmd_sets *sets, const char *set);

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
