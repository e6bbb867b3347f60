// SPDX-License-Identifier: GPL-2.0-only
#include "harness/manual.h"

#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/field.h"
#include "harness/mdoc.h"
#include "version.h"

#include <string.h>

struct item {
	const char *term, *text;
};

static const char description[] =
	"Where in the Linux datapath does a packet spend its time, and how does that change with "
	"the topology, the rules, the kernel? labrun builds a declared topology in network "
	"namespaces, drives traffic through it, times every hop with eBPF from inside the kernel, "
	"repeats that in batches, and says how sure it is.\n\n"
	"Results go to stdout, everything else to stderr. The host's own network is never touched, "
	"and nothing is left behind, even after `kill -9`.\n\n"
	"The verbs are:";

static const struct item environment[] = {
	{ "LABRUN_DATA",
	  "The folder that holds experiments, topologies, plots and results/reference. Without it "
	  "the source tree that the program was built in, or share/labrun beside the program's "
	  "bin." },
	{ "XDG_CACHE_HOME",
	  "Kernels for `--vm` are kept in labrun below it; without it in ~/.cache/labrun." },
	{ "TMPDIR", "Where temporary files go; /tmp without it." },
	{ "PATH",
	  "Where nft, iptables-restore, gnuplot, qemu-system-x86_64 and the like are found; a "
	  "guest is given those that its experiment needs." },
	{ "SHELL", "What `labrun shell` opens; /bin/sh without it." },
	{ "NO_COLOR", "If not empty, no color, as where TERM is dumb and on what is no terminal." },
	{ "LABRUN_TOPOLOGY", "Set by `labrun shell` to the topology's name." },
	{},
};

static const struct item files[] = {
	{ "results/EXPERIMENT/TIME",
	  "The folder of a run, below the current one: samples.csv, counters.csv, "
	  "calibration.csv, batches.csv, hist.csv, summary.json, environment.json, the "
	  "experiment and topology with their defaults filled in, plots, and SHA256SUMS of them "
	  "all. It appears whole or not at all." },
	{ "DIR.partial", "What a run that was ended leaves of it, for `run --resume DIR`." },
	{ "share/labrun",
	  "Below the prefix of the installation: experiments and topologies that are known by "
	  "name, their JSON Schemas, the charts' templates, reference results." },
	{ "~/.cache/labrun", "Kernels for `--vm`." },
	{},
};

static const struct item examples[] = {
	{ "What this machine allows:", "labrun doctor" },
	{ "A measurement, its charts on one page, and a check that nothing was edited:",
	  "labrun run --out tunnel vxlan\nlabrun report tunnel\nlabrun verify tunnel" },
	{ "A field changed, and more batches:",
	  "labrun run --set load.interval_us=500 --batches 20 routed" },
	{ "The same experiment on two kernels, and once in instructions:",
	  "labrun vm fetch 6.1 7.2\nlabrun run --vm=6.1,7.2 vxlan\nlabrun run --exact vxlan" },
	{ "One load by hand:",
	  "labrun load --from vm1 --to vm2 --rate 10kpps --duration 5s vxlan" },
	{ "One command inside a topology:",
	  "labrun shell vxlan ip netns exec vm1 ping -c 3 198.18.4.2" },
	{},
};

static void write_verbs(FILE *out)
{
	mdoc_list_begin(out);
	for (const struct command *command = commands; command->name; command++) {
		fprintf(out, ".It Cm %s", command->name);
		mdoc_usage(out, command->arguments);
		mdoc_sentence(out, command->help);
		if (command->manual->text) {
			fputs(".Pp\n", out);
			mdoc_paragraphs(out, command->manual->text);
		}
	}
	mdoc_list_end(out);
}

static void write_fields(void *context, const char *heading, const struct field *fields)
{
	FILE *out = context;

	fputs(".Pp\n", out);
	mdoc_sentence(out, heading);
	field_manual(fields, out);
}

static void write_option(const struct cmd_option *option, FILE *out)
{
	const char *value = option->value ? option->value : "";
	_free_ char *usage = NULL;

	if (asprintf(&usage, "--%s%s%s", option->name, *value && *value != '[' ? " " : "", value) <
	    0)
		abort();
	fputs(".It", out);
	mdoc_usage(out, usage);
	mdoc_sentence(out, option->help);
}

static void write_options_of(const struct command *command, FILE *out)
{
	const struct cmd_option *option = command->manual->options;
	char *argv[] = { (char *)command->name, NULL };

	if (!option)
		return;
	mdoc_subsection(out, command->name);
	mdoc_list_begin(out);
	for (; option->key; option++)
		write_option(option, out);
	mdoc_list_end(out);
	if (command->manual->each_fields)
		command->manual->each_fields(argv, write_fields, out);
}

static void write_items(const struct item *item, FILE *out)
{
	mdoc_list_begin(out);
	for (; item->term; item++) {
		mdoc_term(out, item->term, NULL);
		mdoc_text(out, item->text);
	}
	mdoc_list_end(out);
}

#define OUTCOME_ITEM(name, status, help) { #status, help },

static void write_exit_status(FILE *out)
{
	static const struct item statuses[] = { OUTCOMES(OUTCOME_ITEM){} };

	mdoc_text(out, "Where several apply, the one that stands further down this list.");
	write_items(statuses, out);
	fputs(".Pp\n", out);
	mdoc_text(out, "`labrun vm shell` ends with the status of the guest's shell.");
}

static void write_examples(FILE *out)
{
	for (const struct item *item = examples; item->term; item++) {
		if (item != examples)
			fputs(".Pp\n", out);
		mdoc_text(out, item->term);
		mdoc_literal(out, item->text);
	}
}

void manual_write_program(FILE *out)
{
	mdoc_begin(out, "labrun", 1, LABRUN_DATE, "a lab for the Linux datapath");
	mdoc_section(out, "SYNOPSIS");
	fputs(".Nm\n.Ar EXPERIMENT ...\n.Nm\n.Ar VERB\n.Op Ar ARGUMENT ...\n"
	      ".Nm\n.Op Ar VERB\n.Fl \\-help\n.Nm\n.Fl \\-version\n",
	      out);
	mdoc_section(out, "DESCRIPTION");
	mdoc_paragraphs(out, description);
	write_verbs(out);
	mdoc_section(out, "OPTIONS");
	mdoc_text(out, "Every verb has `--help`. Beside it the verbs have these.");
	for (const struct command *command = commands; command->name; command++)
		write_options_of(command, out);
	mdoc_section(out, "ENVIRONMENT");
	write_items(environment, out);
	mdoc_section(out, "FILES");
	write_items(files, out);
	mdoc_section(out, "EXIT STATUS");
	write_exit_status(out);
	mdoc_section(out, "EXAMPLES");
	write_examples(out);
	mdoc_section(out, "SEE ALSO");
	fputs(".Xr gnuplot 1 ,\n.Xr qemu-system-x86_64 1 ,\n.Xr labrun-experiment 5 ,\n"
	      ".Xr labrun-topology 5 ,\n.Xr ip-netns 8 ,\n.Xr nft 8\n",
	      out);
}
