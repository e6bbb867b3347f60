// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/chain_probe.h"

#include "bpf/chain.skel.h"
#include "bpf/program.h"
#include "harness/cleanup.h"
#include "topologies/lab.h"
#include "topologies/netns.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A log at most this large, over all CPUs. */
#define LOG_MAX_BYTES (256ull << 20)
/* The calibration's blocks must fit as well: dropping a call costs less than logging it. */
#define LOG_MIN_CALLS 4096
/* Of a packet through one chain: several of them may be at one hook. */
#define CALLS_PER_PLACE 4

struct chain_params {
	int method;
	struct list chains; /* int: index of chain_names */
	const char *node;
};

static const struct field chain_element = {
	.name = "chain", .type = FIELD_CHOICE, .choices = chain_names, .help = "a table at a hook"
};

static const struct field chain_fields[] = {
	{ .name = "method",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct chain_params, method),
	  .fallback = "\"auto\"",
	  .choices = chain_method_names,
	  .help = "fentry and kprobe time the functions that walk the rules, bracket what is "
		  "between two hooks around the table's own; auto takes the first that the kernel "
		  "allows" },
	{ .name = "chains",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct chain_params, chains),
	  .fallback = "[\"nat-prerouting\", \"nat-output\"]",
	  .min = 1,
	  .max = CHAIN_COUNT,
	  .element = &chain_element,
	  .size = sizeof(int),
	  .help = "what is timed; each is a series of that name, and costs every packet there a "
		  "little" },
	{ .name = "node",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct chain_params, node),
	  .optional = true,
	  .help = "where; by default the node that has rules, if it is the only one" },
	FIELD_END
};

static void note_functions(struct chain *chain)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[512], name[128];

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%*s %*s %127s", name) != 1)
			continue;
		chain->has_ipt |= !strcmp(name, "ipt_do_table");
		chain->has_nft |= !strcmp(name, "nft_do_chain");
	}
	if (symbols)
		fclose(symbols);
}

/*
 * The scheduler may run the whole path on any one CPU, so each has room for all, as far as the
 * limit goes; a log that then proves too small is counted as ring_drops.
 */
static void size_log(struct chain *chain, const struct probe_setup *setup,
		     const struct chain_params *params)
{
	uint64_t calls = setup->packets * 2 * CALLS_PER_PLACE * params->chains.count;
	uint64_t room = LOG_MAX_BYTES / sizeof(struct chain_call) / chain->cpu_count;

	if (calls < LOG_MIN_CALLS)
		calls = LOG_MIN_CALLS;
	chain->calls_per_cpu = calls < room ? calls : room;
	chain->skeleton->rodata->calls_per_cpu = (uint32_t)chain->calls_per_cpu;
	bpf_map__set_max_entries(chain->skeleton->maps.calls,
				 (uint32_t)(chain->calls_per_cpu * chain->cpu_count));
}

static void unload(struct chain *chain)
{
	if (!chain->skeleton)
		return;
	chain_detach(chain);
	program_unmap_log(chain->skeleton->maps.calls, chain->calls);
	chain->calls = NULL;
	chain_bpf__destroy(chain->skeleton);
	chain->skeleton = NULL;
}

static int map_log(struct chain *chain, struct err *err)
{
	chain->calls = program_map_log(chain->skeleton->maps.calls);
	return chain->calls ? 0 : err_errno(err, -errno, "map the log");
}

/* In a user namespace of its own an ordinary user's sandbox is root, of that namespace alone. */
static bool is_root_of_machine(void)
{
	unsigned inside = 1, outside = 1, count = 0;
	_fclose_ FILE *map = fopen("/proc/self/uid_map", "re");

	if (map && fscanf(map, "%u %u %u", &inside, &outside, &count) != 3)
		count = 0;
	return geteuid() == 0 && !inside && !outside && count == UINT32_MAX;
}

static int refuse_load(const struct chain *chain, int code, char *log, struct err *err)
{
	if (code == -EPERM && is_root_of_machine())
		return err_need(err, "this kernel refuses such programs to root too: %s",
				strerror(-code));
	if (code == -EPERM)
		return err_need(err, "this kernel lets only root load tracing programs "
				     "(CAP_BPF, CAP_PERFMON): run as root");
	if (chain->method == CHAIN_BRACKET)
		return err_need(err,
				"this kernel has no BPF programs for netfilter's hooks (Linux "
				"6.4, CONFIG_NETFILTER_BPF_LINK): %s",
				strerror(-code));
	return err_need(err, "load the programs: %s: %s", strerror(-code), program_refusal(log));
}

static int load(struct chain *chain, const struct probe_setup *setup,
		const struct chain_params *params, struct err *err)
{
	_free_ char *log = calloc(1, PROGRAM_LOG_BYTES);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log,
		    .kernel_log_size = PROGRAM_LOG_BYTES);
	int code;

	if (!log)
		return err_set(err, -ENOMEM, "out of memory");
	if (chain->method != CHAIN_BRACKET && !chain->has_ipt && !chain->has_nft)
		return err_need(err, "this kernel has neither ipt_do_table nor nft_do_chain "
				     "(modprobe ip_tables, nf_tables)");
	chain->skeleton = chain_bpf__open_opts(&opts);
	if (!chain->skeleton)
		return err_errno(err, -errno, "open the programs");
	chain->skeleton->rodata->stamp_magic = setup->magic;
	size_log(chain, setup, params);
	chain_select_programs(chain);
	code = chain_bpf__load(chain->skeleton);
	return code ? refuse_load(chain, code, log, err) : map_log(chain, err);
}

/* What may be loaded need not be allowed to be attached: a bracket is tried where nobody is. */
static int try_method(struct chain *chain, enum chain_method method,
		      const struct probe_setup *setup, const struct chain_params *params,
		      struct err *err)
{
	int code;

	chain->method = method;
	code = load(chain, setup, params, err);
	if (!code)
		code = chain_attach(chain, CHAIN_FULL, chain->wanted, err);
	if (!code && method == CHAIN_BRACKET)
		chain_detach(chain);
	if (!code)
		return 0;
	unload(chain);
	return err_wrap(err, code, "%s", chain_method_names[method]);
}

/* The last one's refusal comes last; those before it are told in the same line. */
static int choose_method(struct chain *chain, const struct probe_setup *setup,
			 const struct chain_params *params, struct err *err)
{
	struct err refusals[CHAIN_METHOD_COUNT] = {};
	int code = 0;

	if (params->method != CHAIN_AUTO)
		return try_method(chain, (enum chain_method)params->method, setup, params, err);
	for (int method = CHAIN_FENTRY; method < CHAIN_METHOD_COUNT; method++) {
		code = try_method(chain, (enum chain_method)method, setup, params,
				  &refusals[method]);
		if (!code)
			return 0;
	}
	return err_need(err, "%s; %s; %s", refusals[CHAIN_FENTRY].text, refusals[CHAIN_KPROBE].text,
			refusals[CHAIN_BRACKET].text);
}

static void chain_close(struct probe *probe)
{
	unload((struct chain *)probe);
	free(probe);
}

static int chain_open(struct probe **ret, const struct probe_setup *setup, const void *params,
		      struct err *err)
{
	const struct chain_params *asked = params;
	struct chain *chain = calloc(1, sizeof(*chain));
	int code;

	if (!chain)
		return err_set(err, -ENOMEM, "chain: out of memory");
	chain->cpu_count = (size_t)libbpf_num_possible_cpus();
	if (chain->cpu_count > CHAIN_MAX_CPUS)
		chain->cpu_count = CHAIN_MAX_CPUS;
	chain->node = asked->node;
	for (size_t i = 0; i < asked->chains.count; i++)
		chain->wanted |= chain_place_bit((size_t)((int *)asked->chains.items)[i]);
	libbpf_set_print(NULL);
	note_functions(chain);
	code = choose_method(chain, setup, asked, err);
	if (code) {
		chain_close(&chain->probe);
		return err_wrap(err, code, "chain");
	}
	*ret = &chain->probe;
	return 0;
}

static bool has_rules(const struct topo_node *node)
{
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		if (node->features[i] && ((const struct feature_ops *)feature_kinds[i])->rules)
			return true;
	return false;
}

static void say_no_node(const char *name, const struct topology *topology, char *message,
			size_t size)
{
	const char *near = name ? topology_nearest_node(topology, name) : NULL;

	if (!name)
		snprintf(message, size,
			 "no node of the topology \"%s\" has rules: say which \"node\"",
			 topology->name);
	else
		snprintf(message, size, "the topology \"%s\" has no node \"%s\"%s%s%s",
			 topology->name, name, near ? " (did you mean \"" : "", near ? near : "",
			 near ? "\"?)" : "");
}

/* The node asked for, else the only one that has rules; SIZE_MAX after a complaint. */
static size_t find_node(const char *name, const struct topology *topology, char *message,
			size_t size)
{
	const struct topo_node *nodes = topology->nodes.items;
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < topology->nodes.count; i++) {
		if (name ? strcmp(name, nodes[i].name) : !has_rules(&nodes[i]))
			continue;
		if (found != SIZE_MAX) {
			snprintf(message, size,
				 "nodes \"%s\" and \"%s\" both have rules: say which \"node\"",
				 nodes[found].name, nodes[i].name);
			return SIZE_MAX;
		}
		found = i;
	}
	if (found == SIZE_MAX)
		say_no_node(name, topology, message, size);
	return found;
}

static void chain_check(const void *params, const struct topology *topology, char *message,
			size_t size)
{
	find_node(((const struct chain_params *)params)->node, topology, message, size);
}

static bool chain_alone(const void *params)
{
	(void)params;
	return true;
}

static int attach_in(struct chain *chain, int netns, struct err *err)
{
	_netns_home_ int home = netns_current();
	int code = netns_enter(netns, err);

	return code ? code : chain_attach(chain, CHAIN_FULL, chain->wanted, err);
}

static int chain_start(struct probe *probe, const struct probe_job *job, struct err *err)
{
	struct chain *chain = (struct chain *)probe;
	char message[256];
	size_t node = find_node(chain->node, lab_topology(job->lab), message, sizeof(message));
	int code;

	if (node == SIZE_MAX)
		return err_set(err, -EINVAL, "chain: %s", message);
	chain->skeleton->bss->watched_inode = lab_node_inode(job->lab, node);
	code = attach_in(chain, lab_node_fd(job->lab, node), err);
	chain->missed_before = chain_missed(chain);
	chain_log_reset(chain);
	return code ? err_wrap(err, code, "chain") : 0;
}

static void count_losses(const struct chain *chain, const struct probe_job *job,
			 struct samples *samples)
{
	struct chain_totals totals = chain_log_totals(chain);
	uint64_t ended = totals.logged + totals.ring_drops;
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "unstamped", totals.unstamped + totals.unreadable },
		{ "ring_drops", totals.ring_drops },
		{ "map_errors", totals.nested_too_deep },
		{ "missed", chain_missed(chain) - chain->missed_before },
		{ "incomplete", totals.opened > ended ? totals.opened - ended : 0 },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		samples_count(samples, job->cell, job->batch, counts[i].name,
			      (double)counts[i].value);
}

static int chain_drain(struct probe *probe, const struct probe_job *job, struct samples *samples,
		       struct err *err)
{
	struct chain *chain = (struct chain *)probe;

	count_losses(chain, job, samples);
	/* A bracket holds the namespace that it is in. */
	if (chain->method == CHAIN_BRACKET)
		chain_detach(chain);
	return chain_match(chain, job, samples, err);
}

/* Where nothing loads modules by itself: the functions are in these; and for the calibration. */
static const char *const modules[] = { "nf_tables", "ip_tables", NULL };
static const char *const tools[] = { "nft", NULL };

const struct probe_ops probe_chain = {
	.kind = {
		.name = "chain",
		.help = "times netfilter's rules: how long each table holds a packet at each hook",
		.modules = modules,
		.tools = tools,
		.fields = chain_fields,
		.params_size = sizeof(struct chain_params),
	},
	.series = chain_names,
	.alone = chain_alone,
	.check = chain_check,
	.open = chain_open,
	.calibrate = chain_calibrate,
	.start = chain_start,
	.drain = chain_drain,
	.close = chain_close,
};
