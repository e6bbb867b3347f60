// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_run.h"

#include "harness/cleanup.h"
#include "harness/environment_build.h"
#include "harness/file.h"
#include "harness/plan_against.h"
#include "harness/vm.h"
#include "harness/vm_boots.h"
#include "harness/vm_files.h"
#include "harness/vm_merge.h"
#include "harness/vm_needs.h"
#include "topologies/proxy.h"

#include <errno.h>
#include <string.h>

#define KERNELS_MAX 16
#define GUEST_MEMORY_MIB 512
/* A guest under emulation is tens of times slower than the machine it runs on, and two of them
 * share it with whatever else there is. */
#define SLOWNESS 40
#define BOOT_ALLOWANCE_S 120
#define SERVICE_LOAD_S 0.05

struct vm_job {
	struct plan *plan;
	const struct vm_options *options;
	const char *work;
	struct arena *arena;
	/* The sides: kernels, or one kernel with two builds of labrun. */
	struct vm_kernel kernels[KERNELS_MAX];
	const char *programs[KERNELS_MAX], *names[KERNELS_MAX];
	char *initramfs[KERNELS_MAX], hashes[KERNELS_MAX][VM_HASH_BYTES];
	size_t kernel_count, seeds, guest_cells; /* cells of one kernel */
	bool boot_is_batch;
	struct vm_boot *boots; /* kernel by kernel, seed by seed */
	struct vm_boots_result *results;
	size_t boot_count;
	const char *accelerator; /* tried once for all boots */
	bool uplink; /* of virtio devices */
};

/* Cells are told apart by their kernels' names. */
static int refuse_twin(const struct vm_job *job, struct err *err)
{
	const char *name = job->kernels[job->kernel_count].version;

	for (size_t i = 0; i < job->kernel_count; i++)
		if (!strcmp(job->kernels[i].version, name))
			return err_usage(err, "--vm: two kernels are called '%s'", name);
	return 0;
}

static int find_kernels(struct vm_job *job, struct err *err)
{
	char *names =
		arena_strdup(job->arena, job->options->kernels ? job->options->kernels : "6.1");
	int code = 0;

	for (char *name; !code && (name = strsep(&names, ","));) {
		if (job->kernel_count == KERNELS_MAX)
			return err_usage(err, "--vm: at most %d kernels", KERNELS_MAX);
		code = vm_kernel_find(&job->kernels[job->kernel_count], name, job->options->modules,
				      err);
		if (code)
			return code;
		code = refuse_twin(job, err);
		job->names[job->kernel_count] = job->kernels[job->kernel_count].version;
		job->kernel_count++;
	}
	return code;
}

static int name_build(struct vm_job *job, size_t side, struct err *err)
{
	_json_ json_t *build = NULL;
	_free_ char *name = NULL;
	int code = environment_build(&build, job->programs[side], err);

	if (code)
		return code;
	name = environment_build_name(build);
	job->names[side] = arena_strdup(job->arena, name);
	return 0;
}

/* The one kernel twice, and what is run in it twice. */
static int add_build(struct vm_job *job, struct err *err)
{
	const char *name = job->options->kernels ? job->options->kernels : "6.1";
	int code;

	if (!job->options->program)
		return 0;
	if (job->kernel_count > 1)
		return err_usage(err, "--against labrun is for one kernel");
	code = vm_kernel_find(&job->kernels[1], name, job->options->modules, err);
	if (code)
		return code;
	job->kernel_count = 2;
	job->programs[1] = job->options->program;
	for (size_t i = 0; i < 2 && !code; i++)
		code = name_build(job, i, err);
	if (!code && !strcmp(job->names[0], job->names[1]))
		code = err_usage(err, "--against labrun: '%.200s' is the very build that runs",
				 job->options->program);
	return code;
}

static int find_sides(struct vm_job *job, struct err *err)
{
	int code = find_kernels(job, err);

	if (!code)
		code = add_build(job, err);
	if (!code && job->options->against && job->kernel_count != 2)
		code = err_usage(err, "--against kernel: two kernels are held against each other");
	if (!code && job->options->against && job->plan->shard.count)
		code = err_usage(err,
				 "--shard: the two sides of --against %s take turns on one "
				 "machine",
				 job->options->program ? "labrun" : "kernel");
	return code;
}

static int make_initramfs(struct vm_job *job, struct err *err)
{
	struct vm_needs needs = vm_needs_find(job->plan, vm_boot_modules, job->arena);
	int code = 0;

	job->uplink = needs.uplink;
	for (size_t i = 0; i < job->kernel_count && !code; i++) {
		const struct vm_initramfs what = { .kernel = &job->kernels[i],
						   .program = job->programs[i],
						   .modules = needs.modules,
						   .tools = needs.tools };

		code = vm_initramfs_make(&what, &job->initramfs[i], job->hashes[i], err);
	}
	return code;
}

/*
 * Rules of a service proxy are loaded for many seconds, in an emulated guest for minutes. Only for
 * telling a hang, so by the slowest way there is, and by each batch, as a probe may load them
 * again.
 */
static double loading_s(const struct plan *plan)
{
	double seconds = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct experiment *experiment = plan->cells[i].experiment;
		const struct proxy_params *proxy = proxy_find(experiment->topology, NULL);

		if (proxy && proxy->mode != PROXY_NONE)
			seconds += SERVICE_LOAD_S * (double)proxy->services *
				   (double)experiment->batches;
	}
	return seconds;
}

static int add_boot(struct vm_job *job, size_t kernel, size_t seed, const char *files,
		    const char **argv, struct err *err)
{
	double load_s =
		job->plan->load_s * (job->options->exact ? 1 : SLOWNESS) + loading_s(job->plan);
	char *work = arena_printf(job->arena, "%s/%zu-%zu", job->work, kernel, seed);

	job->boots[job->boot_count++] = (struct vm_boot){
		.kernel = &job->kernels[kernel],
		.program = job->programs[kernel],
		.initramfs = job->initramfs[kernel],
		.work = work,
		.argv = argv,
		.files = files,
		.exact = job->options->exact,
		.uplink = job->uplink,
		.accelerator = job->accelerator,
		.seed = 1 + seed,
		.memory_mib = GUEST_MEMORY_MIB,
		.deadline_s = BOOT_ALLOWANCE_S + (unsigned)(load_s < 86400 ? load_s : 86400),
	};
	return file_make_dirs(work, NULL, err);
}

static int prepare(struct vm_job *job, struct err *err)
{
	char *files = arena_printf(job->arena, "%s/files", job->work);
	/* Exact boots are dealt out here, cells there. */
	const struct vm_command command = { .out = "/results",
					    .one_batch = job->boot_is_batch,
					    .sharded = !job->options->exact };
	const char **argv = vm_files_command(job->plan, &command, job->arena);
	int code = vm_files_put(job->plan, files, err);

	job->accelerator = job->options->exact ? "tcg" : vm_accelerator();
	job->boots = arena_alloc(job->arena, job->kernel_count * job->seeds * sizeof(*job->boots));
	job->results =
		arena_alloc(job->arena, job->kernel_count * job->seeds * sizeof(*job->results));
	for (size_t i = 0; i < job->kernel_count; i++)
		for (size_t j = 0; j < job->seeds && !code; j++)
			code = add_boot(job, i, j, files, argv, err);
	return code;
}

static void fail_cells(struct vm_job *job, size_t kernel, const char *text,
		       struct run_outcome *outcome)
{
	for (size_t i = 0; i < job->guest_cells; i++) {
		char **noted = &outcome->cell_errors[kernel * job->guest_cells + i];

		if (!*noted)
			*noted = strdup(text);
	}
}

/* Why a guest may lack a device, and what to do. */
static const char without_modules[] = " (no --modules: it has only what is built in)";

/* A boot that failed is its kernel's cells' failure; a need is everybody's. */
static int take_boot(struct vm_job *job, size_t index, struct run_outcome *outcome,
		     json_t **environment, struct err *err)
{
	struct vm_boots_result *result = &job->results[index];
	size_t kernel = index / job->seeds;
	const struct vm_merge merge = {
		.dir = arena_printf(job->arena, "%s/results", job->boots[index].work),
		.first_cell = kernel * job->guest_cells,
		.cell_count = job->guest_cells,
		.batch = job->boot_is_batch ? (long)(index % job->seeds) : -1,
		.unit = job->options->exact ? "instructions" : NULL,
		.kernel = job->kernel_count > 1 ? job->names[kernel] : NULL,
	};
	int code = result->code;

	if (code && result->err.class != ERR_RUN) {
		*err = result->err;
		return code;
	}
	/* 1 and 3 are verdicts, 4 may be of some cells only; without results it is a failure. */
	if (!code && access(merge.dir, F_OK))
		code = err_set(&result->err, -ENODATA,
			       "labrun in the guest ended with status %d: %s%s", result->status,
			       result->line, job->kernels[kernel].modules ? "" : without_modules);
	if (!code)
		code = vm_merge(&merge, outcome, *environment ? NULL : environment, &result->err);
	if (code) {
		err_wrap(&result->err, code, "kernel %s, boot %zu", job->kernels[kernel].version,
			 index % job->seeds + 1);
		fail_cells(job, kernel, result->err.text, outcome);
	}
	return 0;
}

static bool is_owned(const struct vm_job *job, size_t boot)
{
	return !job->options->exact || shard_owns(&job->plan->shard, boot);
}

/* What emulation takes is the machine's and the day's: no part of what a guest measured, so it
 * stands beside it. */
static json_t *qemu_usage(const struct vm_job *job, size_t boot)
{
	const struct vm_boots_result *result = &job->results[boot];

	return json_pack("{s:s, s:I, s:I, s:I}", "kernel", job->kernels[boot / job->seeds].version,
			 "boot", (json_int_t)(boot % job->seeds + 1), "cpu_ns",
			 (json_int_t)result->cpu_ns, "peak_bytes", (json_int_t)result->peak_bytes);
}

static int take_all(struct vm_job *job, struct run_outcome *outcome, json_t **ret_environment,
		    struct err *err)
{
	json_t *fingerprints = json_array(), *qemu = json_array(), *environment = NULL;
	int code = 0;

	for (size_t i = 0; i < job->boot_count && !code; i++) {
		if (!is_owned(job, i))
			continue;
		code = take_boot(job, i, outcome, &environment, err);
		json_array_append_new(qemu, qemu_usage(job, i));
	}
	for (size_t i = 0; i < job->kernel_count; i++)
		json_array_append_new(fingerprints,
				      vm_fingerprint(&job->boots[i * job->seeds], job->hashes[i]));
	if (!environment)
		environment = json_object();
	json_object_set_new(environment, "vm", fingerprints);
	json_object_set_new(environment, "qemu", qemu);
	*ret_environment = environment;
	return code;
}

static int start_outcome(const struct vm_job *job, struct run_outcome *ret)
{
	*ret = (struct run_outcome){ .samples = samples_new() };
	ret->cell_errors = calloc(job->plan->cell_count, sizeof(char *));
	return ret->cell_errors ? 0 : -ENOMEM;
}

/* One kernel is where the run was done, several are what it compares. */
static void multiply_cells(struct vm_job *job)
{
	const char *factor = job->options->program ? "labrun" : "kernel";

	job->guest_cells = job->plan->cell_count;
	if (job->kernel_count > 1)
		plan_add_outer(job->plan, factor, job->names, job->kernel_count);
	if (job->options->against)
		plan_against_name(job->plan->experiment_json, factor);
}

/* Sides that are held against each other take turns; the order of others does not matter. */
static size_t boot_at(const struct vm_job *job, size_t place)
{
	size_t batch = place / job->kernel_count, side = place % job->kernel_count;

	if (!job->options->against)
		return place;
	return (batch + side) % job->kernel_count * job->seeds + batch;
}

/* All boots are prepared, since a bundle is told by its kernel's first; the shard's are done. */
static int run_boots(struct vm_job *job, struct err *err)
{
	struct vm_boot *own = arena_alloc(job->arena, job->boot_count * sizeof(*own));
	struct vm_boots_result *results =
		arena_alloc(job->arena, job->boot_count * sizeof(*results));
	bool timed = job->options->against && !job->options->exact;
	size_t count = 0, at = 0;
	int code;

	for (size_t i = 0; i < job->boot_count; i++)
		if (is_owned(job, boot_at(job, i)))
			own[count++] = job->boots[boot_at(job, i)];
	code = vm_boots_run(&(struct vm_boots_list){ own, count, timed ? 1 : 0 }, job->plan->name,
			    job->options->quiet, results, err);
	for (size_t i = 0; i < job->boot_count && !code; i++)
		if (is_owned(job, boot_at(job, i)))
			job->results[boot_at(job, i)] = results[at++];
	return code;
}

static int run_job(struct vm_job *job, struct run_outcome *ret, json_t **ret_environment,
		   struct err *err)
{
	int code = make_initramfs(job, err);

	if (!code)
		code = prepare(job, err);
	if (!code)
		code = run_boots(job, err);
	return code ? code : take_all(job, ret, ret_environment, err);
}

/* Of one kernel. */
static size_t count_boots(const struct vm_job *job)
{
	const struct experiment *experiment = job->plan->cells[0].experiment;

	if (job->options->exact)
		return experiment->seeds;
	return job->options->against ? experiment->batches : 1;
}

int vm_run(struct plan *plan, const struct vm_options *options, const char *work,
	   struct run_outcome *ret, json_t **ret_environment, struct err *err)
{
	_arena_ struct arena *arena = arena_new();
	struct vm_job job = { .plan = plan, .options = options, .work = work, .arena = arena };
	int code = find_sides(&job, err);

	job.boot_is_batch = options->exact || options->against;
	job.seeds = count_boots(&job);
	if (!code) {
		multiply_cells(&job);
		plan->boots = options->exact ? job.seeds : 0;
		code = plan_check_shard(plan, err);
	}
	if (!code)
		code = start_outcome(&job, ret);
	if (!code)
		code = run_job(&job, ret, ret_environment, err);
	for (size_t i = 0; i < job.kernel_count; i++) {
		vm_kernel_done(&job.kernels[i]);
		free(job.initramfs[i]);
	}
	file_remove_tree(work);
	return code;
}
