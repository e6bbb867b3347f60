// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/cmd_repeat.h"
#include "harness/json_read.h"
#include "harness/plan.h"
#include "harness/plan_against.h"
#include "harness/results_resume.h"
#include "harness/results_runs.h"
#include "harness/session.h"
#include "harness/vm_run.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>

#define SETS_MAX 64

struct arguments {
	const char *sets[SETS_MAX + 1];
	size_t set_count;
	const char *out, *resume;
	char *owned[3]; /* sets made from --batches and --iterations; kernels or a path */
	unsigned long snaplen; /* of --pcap; 0: none */
	unsigned long repeat; /* runs; 0 and 1: one */
	bool quiet, json, no_charts, help, in_vm;
	struct vm_options vm;
	char **argv;
	const char *shard;
	const char *against; /* of a field, or a factor of the sweep */
	const char *build; /* of --against labrun: its whole path is in `owned` */
	bool bisect;
	const json_t *start; /* of the run that is resumed */
};

static const struct option options[] = {
	{ "out", required_argument, NULL, 'o' },     { "set", required_argument, NULL, 's' },
	{ "batches", required_argument, NULL, 'b' }, { "iterations", required_argument, NULL, 'i' },
	{ "no-charts", no_argument, NULL, 'c' },     { "json", no_argument, NULL, 'j' },
	{ "quiet", no_argument, NULL, 'q' },	     { "vm", optional_argument, NULL, 'v' },
	{ "exact", no_argument, NULL, 'e' },	     { "modules", required_argument, NULL, 'm' },
	{ "pcap", optional_argument, NULL, 'p' },    { "resume", required_argument, NULL, 'r' },
	{ "shard", required_argument, NULL, 'S' },   { "against", required_argument, NULL, 'a' },
	{ "repeat", required_argument, NULL, 'R' },  { "bisect", no_argument, NULL, 'B' },
	{ "help", no_argument, NULL, 'h' },	     {}
};

static const char help[] =
	"usage: labrun run [OPTION]... EXPERIMENT...\n\n"
	"  --out DIR          write the results to DIR, which must not exist\n"
	"  --set PATH=VALUE   change a field, such as load.interval_us=500 or\n"
	"                     topology.nodes.host.firewall.rules=100; may be repeated\n"
	"  --batches N        the same as --set batches=N\n"
	"  --iterations N     the same as --set iterations=N\n"
	"  --against PATH=VALUE  each cell twice, with PATH as it is and with VALUE, interleaved\n"
	"                     (A B B A), and what moved; PATH may be a field, a factor of the\n"
	"                     sweep, kernel (of --vm), or labrun, with another build's path\n"
	"  --repeat N         N runs one after the other, in DIR/run-1 and so on: how much more\n"
	"                     they differ than their batches show\n"
	"  --vm[=KERNEL,...]  in a guest with a fetched kernel (6.1), several (6.1,7.2), or\n"
	"                     one of your own, by the path of its bzImage or vmlinux\n"
	"  --modules DIR      that kernel's /lib/modules/RELEASE\n"
	"  --exact            in guests that count instructions: the same digits every time\n"
	"  --pcap[=BYTES]     so many first bytes (256) of each packet at each hop too, into\n"
	"                     packets.pcapng: for Wireshark; a hop costs more\n"
	"  --shard I/N        the Ith of N parts, for a machine of its own; see labrun merge\n"
	"  --resume DIR       goes on with a run that was ended: it takes the rest of its command\n"
	"                     line from DIR.partial, and runs what is missing\n"
	"  --bisect           for git bisect run: 125 for what could not be judged (3, 4, 77)\n"
	"  --no-charts        leave plots/ out; labrun plot draws them later\n"
	"  --json             print summary.json to stdout in place of the tables\n"
	"  --quiet            no progress\n";

static bool add_set(struct arguments *arguments, const char *set)
{
	if (!set || arguments->set_count == SETS_MAX)
		return false;
	arguments->sets[arguments->set_count++] = set;
	return true;
}

static bool add_owned(struct arguments *arguments, size_t slot, const char *path, const char *value)
{
	free(arguments->owned[slot]);
	if (asprintf(&arguments->owned[slot], "%s=%s", path, value) < 0)
		arguments->owned[slot] = NULL;
	return add_set(arguments, arguments->owned[slot]);
}

static bool parse_count(const char *text, unsigned long *ret, unsigned long most)
{
	char *end;

	*ret = strtoul(text, &end, 10);
	return end > text && !*end && *ret > 0 && *ret <= most &&
	       strspn(text, "0123456789") == strlen(text);
}

static bool parse_option(struct arguments *arguments, int option)
{
	switch (option) {
	case 'o':
		arguments->out = optarg;
		return true;
	case 's':
		return add_set(arguments, optarg);
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
		return parse_count(optarg ? optarg : "256", &arguments->snaplen, ULONG_MAX);
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
		return parse_count(optarg, &arguments->repeat, RESULTS_RUNS_MAX);
	case 'B':
		arguments->bisect = true;
		return true;
	case 'h':
		arguments->help = true;
		return true;
	default:
		return false;
	}
}

/* The path of a field of the probe hops; NULL: the experiment has no such probe. */
static char *hops_set(const struct plan *plan, unsigned long snaplen)
{
	const json_t *probe;
	char *set;
	size_t i;

	json_array_foreach (json_object_get(plan->experiment_json, "probes"), i, probe) {
		if (strcmp(json_read_text(probe, "kind"), "hops"))
			continue;
		if (asprintf(&set, "probes[%zu].snaplen=%lu", i, snaplen) < 0)
			abort();
		return set;
	}
	return NULL;
}

/* An experiment, and what its plan borrows. */
struct loaded {
	struct plan *plan;
	const char *sets[SETS_MAX + 2];
	char *snaplen_set;
};

/* Which of the probes it is for is known once the file has been read: then it is read again. */
static int add_snaplen(struct loaded *loaded, const char *name, const struct arguments *arguments,
		       struct err *err)
{
	const struct plan_options plan_options = { .sets = loaded->sets,
						   .against = arguments->against };

	loaded->snaplen_set = hops_set(loaded->plan, arguments->snaplen);
	if (!loaded->snaplen_set)
		return err_usage(err, "--pcap: the experiment '%s' has no probe hops", name);
	loaded->sets[arguments->set_count] = loaded->snaplen_set;
	plan_free(steal_ptr(loaded->plan));
	return plan_load(&loaded->plan, name, &plan_options, stderr, err);
}

/* In exact mode there are boots to be dealt out, which are not known yet. */
static int deal_out(struct plan *plan, const struct arguments *arguments, struct err *err)
{
	int code = shard_parse(&plan->shard, arguments->shard, err);

	if (code || arguments->vm.exact)
		return code;
	plan_drop_jobs(plan);
	return plan_check_shard(plan, err);
}

static int load(struct loaded *loaded, const char *name, const struct arguments *arguments,
		struct err *err)
{
	const struct plan_options plan_options = { .sets = loaded->sets,
						   .against = arguments->against };
	int code;

	memcpy(loaded->sets, arguments->sets, sizeof(arguments->sets));
	code = plan_load(&loaded->plan, name, &plan_options, stderr, err);
	if (!code && arguments->snaplen)
		code = add_snaplen(loaded, name, arguments, err);
	return code || !arguments->shard ? code : deal_out(loaded->plan, arguments, err);
}

static void loaded_done(struct loaded *loaded)
{
	plan_free(loaded->plan);
	free(loaded->snaplen_set);
}

/* The kernel of the guests, and one more. */
static bool add_kernel(struct arguments *arguments, const char *kernel)
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

static bool add_build(struct arguments *arguments, const char *program)
{
	arguments->owned[2] = realpath(program, NULL);
	if (!arguments->owned[2])
		return cmd_usage("run", "--against labrun: there is no such program"), false;
	if (arguments->snaplen)
		return cmd_usage("run", "--pcap is for one build of labrun"), false;
	if (arguments->shard)
		return cmd_usage("run", "--shard: two builds take turns on one machine"), false;
	arguments->build = arguments->owned[2];
	arguments->vm.program = arguments->build;
	return true;
}

/* What no field of an experiment can vary is taken out of --against. */
static bool settle_against(struct arguments *arguments)
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

/* All files are checked before the first is run: a typo in the last must not cost an hour. */
static enum outcome run_all(const struct arguments *arguments, char **names, size_t count)
{
	struct session_options session = { .out = arguments->out,
					   .quiet = arguments->quiet,
					   .json = arguments->json,
					   .no_charts = arguments->no_charts,
					   .vm = arguments->in_vm ? &arguments->vm : NULL,
					   .build = arguments->in_vm ? NULL : arguments->build,
					   .resume = arguments->start,
					   .argv = arguments->argv };
	struct loaded *loaded = calloc(count, sizeof(*loaded));
	enum outcome outcome = OUTCOME_OK, one;
	struct err err = {};

	if (!loaded)
		return OUTCOME_FAILED;
	for (size_t i = 0; i < count; i++)
		if (load(&loaded[i], names[i], arguments, &err)) {
			one = cmd_fail(&err);
			outcome = one > outcome ? one : outcome;
		}
	for (size_t i = 0; i < count && outcome != OUTCOME_USAGE; i++) {
		session.experiment = names[i];
		one = session_run(loaded[i].plan, &session);
		outcome = one > outcome ? one : outcome;
		if (one == OUTCOME_INTERRUPTED)
			break;
	}
	for (size_t i = 0; i < count; i++)
		loaded_done(&loaded[i]);
	free(loaded);
	return outcome;
}

static bool parse(struct arguments *arguments, int argc, char **argv)
{
	int option;

	arguments->argv = argv;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!parse_option(arguments, option))
			return false;
	return true;
}

static void arguments_done(struct arguments *arguments)
{
	free(arguments->owned[0]);
	free(arguments->owned[1]);
	free(arguments->owned[2]);
}

/* The command line again by which it was started, but for where it goes and what is shown. */
static enum outcome repeat(const struct arguments *given, const json_t *start)
{
	const json_t *words = json_object_get(start, "argv");
	size_t count = json_array_size(words);
	struct arguments arguments = {};
	char *name = (char *)json_string_value(json_object_get(start, "experiment"));
	_free_ char **argv = calloc(count + 1, sizeof(*argv));
	enum outcome outcome;
	bool whole = name;

	if (!argv)
		abort();
	for (size_t i = 0; i < count; i++) {
		argv[i] = (char *)json_string_value(json_array_get(words, i));
		whole = whole && argv[i];
	}
	optind = 0;
	if (!whole || !count || !parse(&arguments, (int)count, argv))
		return cmd_usage("run", "it is not told how that run was started");
	/* The packets of the part that was ended were not all written. */
	if (arguments.snaplen)
		return cmd_usage("run", "a run with --pcap cannot be resumed");
	arguments.out = given->resume;
	arguments.start = start;
	arguments.quiet = given->quiet || arguments.quiet;
	arguments.json = given->json || arguments.json;
	arguments.no_charts = given->no_charts || arguments.no_charts;
	outcome = run_all(&arguments, &name, 1);
	arguments_done(&arguments);
	return outcome;
}

static enum outcome resume(const struct arguments *given)
{
	_json_ json_t *start = NULL;
	struct err err = {};

	if (given->set_count || given->out || given->in_vm)
		return cmd_usage("run", "--resume has the rest from the run that it resumes");
	if (resume_read(&start, given->resume, &err))
		return cmd_fail(&err);
	return repeat(given, start);
}

/* The file is checked before the first of the runs. */
static enum outcome run_repeatedly(const struct arguments *arguments, int argc, char **argv)
{
	const struct repeat repeat = { .count = (unsigned)arguments->repeat,
				       .out = arguments->out,
				       .argv = argv,
				       .argc = argc,
				       .quiet = arguments->quiet,
				       .json = arguments->json };
	struct loaded loaded = {};
	struct err err = {};
	enum outcome outcome;

	if (arguments->vm.exact)
		return cmd_usage("run", "--repeat: exact runs repeat to the digit");
	if (arguments->shard)
		return cmd_usage("run", "--repeat is for a whole run, not for a shard");
	if (argc - optind != 1)
		return cmd_usage("run", "--repeat is for one experiment");
	if (load(&loaded, argv[optind], arguments, &err))
		outcome = cmd_fail(&err);
	else
		outcome = repeat_run(loaded.plan, &repeat);
	loaded_done(&loaded);
	return outcome;
}

enum outcome cmd_run(int argc, char **argv)
{
	struct arguments arguments = {};
	enum outcome outcome = OUTCOME_OK;

	if (!parse(&arguments, argc, argv))
		return cmd_usage("run", "see labrun run --help");
	if (arguments.help)
		fputs(help, stdout);
	else if (arguments.vm.modules && !arguments.in_vm)
		outcome = cmd_usage("run", "--modules is for --vm");
	else if (arguments.snaplen && arguments.in_vm)
		outcome = cmd_usage("run", "--pcap is for the running kernel, not for --vm");
	else if (arguments.resume && optind < argc)
		outcome = cmd_usage("run", "--resume has the experiment from the run it resumes");
	else if (arguments.resume)
		outcome = resume(&arguments);
	else if (optind == argc)
		outcome = cmd_usage("run", "which experiment?");
	else if (arguments.out && argc - optind > 1)
		outcome = cmd_usage("run", "--out is for one experiment");
	else if (!settle_against(&arguments))
		outcome = OUTCOME_USAGE;
	else if (arguments.repeat > 1)
		outcome = run_repeatedly(&arguments, argc, argv);
	else
		outcome = run_all(&arguments, argv + optind, (size_t)(argc - optind));
	arguments_done(&arguments);
	return arguments.bisect ? cmd_bisect(outcome) : outcome;
}
