// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd_run_options.h"

#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/plan_against.h"
#include "harness/results_runs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cmd_option options[] = {
	{ 'o', "out", "DIR", "write the results to DIR, which must not exist", CMD_FOLDER },
	{ 's', "set", "PATH=VALUE",
	  "change a field, such as load.interval_us=500 or topology.nodes.host.firewall.rules=100; "
	  "may be repeated",
	  CMD_SET },
	{ 'b', "batches", "N", "the same as --set batches=N", CMD_ANYTHING },
	{ 'i', "iterations", "N", "the same as --set iterations=N", CMD_ANYTHING },
	{ 'a', "against", "PATH=VALUE",
	  "each cell twice, with PATH as it is and with VALUE, in turn (A B B A), and what moved; "
	  "PATH is a field, a factor of the sweep, kernel (of --vm), or labrun, with another "
	  "build's path",
	  CMD_SET },
	{ 'R', "repeat", "N",
	  "N runs one after the other, in DIR/run-1 and so on: how much more they differ than "
	  "their "
	  "batches show",
	  CMD_ANYTHING },
	{ 'v', "vm", "[=KERNEL,...]",
	  "in a guest with a fetched kernel (6.1), several (6.1,7.2), or one of your own, by the "
	  "path of its bzImage or vmlinux",
	  CMD_KERNEL },
	{ 'm', "modules", "DIR", "that kernel's /lib/modules/RELEASE", CMD_FOLDER },
	{ 'e', "exact", NULL, "in guests that count instructions: the same digits every time",
	  CMD_ANYTHING },
	{ 'p', "pcap", "[=BYTES]",
	  "so many first bytes (256) of each packet at each hop too, into packets.pcapng: for "
	  "Wireshark; a hop costs more",
	  CMD_ANYTHING },
	{ 'S', "shard", "I/N", "the Ith of N parts, for a machine of its own; see labrun merge",
	  CMD_ANYTHING },
	{ 'r', "resume", "DIR",
	  "goes on with a run that was ended: it takes the rest of its command line from "
	  "DIR.partial, and runs what is missing",
	  CMD_FOLDER },
	{ 'B', "bisect", NULL,
	  "for git bisect run: 125 for what could not be judged (3, 4, 77), 128 for bad usage",
	  CMD_ANYTHING },
	{ 'c', "no-charts", NULL, "leave plots/ out; labrun plot draws them later", CMD_ANYTHING },
	{ 'j', "json", NULL, "print summary.json to stdout in place of the tables", CMD_ANYTHING },
	{ 'q', "quiet", NULL, "no progress; warnings of a noisy machine stay", CMD_ANYTHING },
	{},
};

const struct cmd_manual cmd_manual_run = { .options = options, .operand = CMD_EXPERIMENT };

static bool add_owned(struct run_arguments *arguments, size_t slot, const char *path,
		      const char *value)
{
	free(arguments->owned[slot]);
	if (asprintf(&arguments->owned[slot], "%s=%s", path, value) < 0)
		arguments->owned[slot] = NULL;
	return cmd_add_set(&arguments->sets, arguments->owned[slot]);
}

static bool parse_count(const char *option, const char *text, unsigned long *ret,
			unsigned long most)
{
	char *end;

	*ret = strtoul(text, &end, 10);
	if (end > text && !*end && *ret > 0 && *ret <= most &&
	    strspn(text, "0123456789") == strlen(text))
		return true;
	fprintf(stderr, "labrun: --%s: \"%s\" is no number from 1 to %lu\n", option, text, most);
	return false;
}

static bool parse_option(struct run_arguments *arguments, int option)
{
	switch (option) {
	case 'o':
		arguments->out = optarg;
		return true;
	case 's':
		return cmd_add_set(&arguments->sets, optarg);
	case 'b':
		return add_owned(arguments, 0, "batches", optarg);
	case 'i':
		return add_owned(arguments, 1, "iterations", optarg);
	case 'j':
		arguments->json = true;
		return true;
	case 'q':
		arguments->quiet = arguments->vm.quiet = true;
		return true;
	case 'c':
		arguments->no_charts = true;
		return true;
	case 'v':
		arguments->in_vm = true;
		arguments->vm.kernels = optarg;
		return true;
	case 'e':
		arguments->in_vm = arguments->vm.exact = true;
		return true;
	case 'm':
		arguments->vm.modules = optarg;
		return true;
	case 'p':
		return parse_count("pcap", optarg ? optarg : "256", &arguments->snaplen, UINT_MAX);
	case 'r':
		arguments->resume = optarg;
		return true;
	case 'S':
		arguments->shard = optarg;
		return true;
	case 'a':
		arguments->against = optarg;
		return true;
	case 'R':
		return parse_count("repeat", optarg, &arguments->repeat, RESULTS_RUNS_MAX);
	case 'B':
		arguments->bisect = true;
		return true;
	default:
		return false;
	}
}

/* The kernel of the guests, and one more. */
static bool add_kernel(struct run_arguments *arguments, const char *kernel)
{
	const char *first = arguments->vm.kernels ? arguments->vm.kernels : "6.1";

	if (!arguments->in_vm)
		return cmd_usage("run", "--against kernel is for --vm"), false;
	if (strchr(first, ',') || strchr(kernel, ','))
		return cmd_usage("run", "--against kernel: one kernel against one other"), false;
	if (asprintf(&arguments->owned[2], "%s,%s", first, kernel) < 0)
		abort();
	arguments->vm.kernels = arguments->owned[2];
	return true;
}

static bool add_build(struct run_arguments *arguments, const char *program)
{
	arguments->owned[2] = realpath(program, NULL);
	if (!arguments->owned[2]) {
		fprintf(stderr, "labrun: --against labrun=%s: %s\n", program, strerror(errno));
		return false;
	}
	if (arguments->snaplen)
		return cmd_usage("run", "--pcap is for one build of labrun"), false;
	if (arguments->shard)
		return cmd_usage("run", "--shard: two builds take turns on one machine"), false;
	arguments->build = arguments->owned[2];
	arguments->vm.program = arguments->build;
	return true;
}

/* What no field of an experiment can vary is taken out of --against. */
bool run_arguments_settle(struct run_arguments *arguments)
{
	const char *kernel =
		arguments->against ? plan_against_outer(arguments->against, "kernel") : NULL;
	const char *build =
		arguments->against ? plan_against_outer(arguments->against, "labrun") : NULL;

	if (!kernel && !build)
		return true;
	arguments->against = NULL;
	arguments->vm.against = true;
	return kernel ? add_kernel(arguments, kernel) : add_build(arguments, build);
}

bool run_arguments_parse(struct run_arguments *arguments, int argc, char **argv)
{
	int option;

	arguments->argv = argv;
	while ((option = cmd_next_option(&cmd_manual_run, argc, argv)) != -1)
		if (!parse_option(arguments, option))
			return false;
	return true;
}

void run_arguments_done(struct run_arguments *arguments)
{
	free(arguments->owned[0]);
	free(arguments->owned[1]);
	free(arguments->owned[2]);
}
