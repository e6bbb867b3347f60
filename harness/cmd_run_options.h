/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The command line of `run`. What it points to is argv's or its own. */

#include "harness/cmd.h"
#include "harness/vm_run.h"

#include <jansson.h>
#include <stdbool.h>

struct run_arguments {
	struct cmd_sets sets;
	const char *out, *resume;
	char *owned[3]; /* sets made from --batches and --iterations; kernels or a path */
	unsigned long snaplen; /* of --pcap; 0: none */
	unsigned long repeat; /* runs; 0 and 1: one */
	bool quiet, json, no_charts, in_vm;
	struct vm_options vm;
	char **argv;
	const char *shard;
	const char *against; /* of a field, or a factor of the sweep */
	const char *build; /* of --against labrun: its whole path is in `owned` */
	bool bisect;
	const json_t *start; /* of the run that is resumed */
};

/* False for what is no option, or a value that is none: then nothing has been said yet. */
bool run_arguments_parse(struct run_arguments *arguments, int argc, char **argv);
/* Takes the kernel and the build, which no field of an experiment can vary, out of --against. False
 * if that cannot be; it has been said why. */
bool run_arguments_settle(struct run_arguments *arguments);
void run_arguments_done(struct run_arguments *arguments);
