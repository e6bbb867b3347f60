// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program in one page: run_execute() opens the probes and visits the jobs; run_job() is what
 * one job is. Everything else here serves these two.
 */
#include "harness/run.h"

#include "harness/cleanup.h"
#include "harness/interrupt.h"
#include "harness/run_cpus.h"
#include "harness/run_load.h"
#include "harness/run_record.h"
#include "harness/run_search.h"
#include "harness/run_steal.h"
#include "harness/run_until.h"
#include "topologies/lab.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define PROBES_MAX 8

struct run {
	const struct plan *plan;
	const struct run_options *options;
	struct run_outcome *outcome;
	struct probe *probes[PROBES_MAX + 1]; /* NULL-terminated */
	struct lab **kept_labs; /* by cell, where building is dear */
	struct run_loader *loader;
	struct run_until *until; /* which cells have batches enough */
	uint64_t magic; /* of this run's stamps */
	double started_s;
	size_t jobs_run; /* less than have been visited, where a run is resumed */
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t count_devices(const struct topology *topology)
{
	const struct topo_node *nodes = topology->nodes.items;
	size_t count = 2 * topology->links.count;

	for (size_t i = 0; i < topology->nodes.count; i++)
		count += nodes[i].devices.count;
	return count;
}

/* A packet crosses any device at most once each way, with at most four events: sent, or received.
 */
static uint64_t events_per_packet(const struct plan *plan)
{
	size_t most = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		size_t devices = count_devices(plan->cells[i].experiment->topology);

		most = devices > most ? devices : most;
	}
	return 8 * most;
}

static uint64_t most_packets(const struct plan *plan)
{
	uint64_t most = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		if (plan->cells[i].experiment->packets > most)
			most = plan->cells[i].experiment->packets;
	return most;
}

static int open_probes(struct run *run, struct err *err)
{
	const struct list *chosen = &run->plan->cells[0].experiment->probes;
	_free_ const struct topology **topologies =
		calloc(run->plan->cell_count, sizeof(struct topology *));
	const struct probe_setup setup = {
		.topologies = topologies,
		.topology_count = run->plan->cell_count,
		.magic = run->magic,
		.packets = most_packets(run->plan),
		.events_per_packet = events_per_packet(run->plan),
		.addresses = run->options->addresses,
	};
	int code = 0;

	if (!topologies)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < run->plan->cell_count; i++)
		topologies[i] = run->plan->cells[i].experiment->topology;
	for (size_t i = 0; i < chosen->count && i < PROBES_MAX && !code; i++) {
		const struct chosen *probe = &((const struct chosen *)chosen->items)[i];
		const struct probe_ops *ops = (const struct probe_ops *)probe->kind;

		code = ops->open(&run->probes[i], &setup, probe->params, err);
		if (!code)
			run->probes[i]->ops = ops;
	}
	return code;
}

/* Of a run that is resumed: each of its parts counts, unless there were so many of them that there
 * is no room for another. How many blocks there are, and the number of the next round. */
static size_t keep_blocks(struct run_outcome *outcome, unsigned *ret_round)
{
	*ret_round = 0;
	if (outcome->block_count > RUN_MAX_BLOCKS / 2)
		outcome->block_count = 0;
	for (size_t i = 0; i < outcome->block_count; i++)
		if (outcome->blocks[i].round >= *ret_round)
			*ret_round = outcome->blocks[i].round + 1;
	return outcome->block_count;
}

static int calibrate_probes(struct run *run, struct err *err)
{
	struct run_outcome *outcome = run->outcome;
	cpu_set_t cpus;
	size_t before;
	unsigned round;
	int count;

	if (run->options->uncalibrated)
		return 0;
	count = run_cpus_move(run->plan, &cpus, err);
	before = keep_blocks(outcome, &round);
	for (struct probe **probe = run->probes; *probe && count >= 0; probe++) {
		if (!(*probe)->ops->calibrate)
			continue;
		count = (*probe)->ops->calibrate(*probe, outcome->blocks + outcome->block_count,
						 RUN_MAX_BLOCKS - outcome->block_count, err);
		outcome->block_count += count > 0 ? (size_t)count : 0;
	}
	run_cpus_return(&cpus);
	for (size_t i = before; i < outcome->block_count; i++)
		outcome->blocks[i].round += round;
	return count < 0 ? count : 0;
}

/* A fresh lab, or the cell's own where it is kept up from batch to batch. */
static int get_lab(struct run *run, const struct job *job, struct lab **ret, struct err *err)
{
	const struct experiment *experiment = run->plan->cells[job->cell].experiment;
	struct lab **kept = &run->kept_labs[job->cell];
	int code;

	if (*kept) {
		*ret = *kept;
		return 0;
	}
	code = lab_build(ret, experiment->topology, err);
	if (!code && experiment->cpus && experiment->cpus->softirq != CPU_ANY)
		code = lab_steer(*ret, experiment->cpus->softirq, err);
	if (!code && experiment->build == BUILD_CELL)
		*kept = *ret;
	return code;
}

static void put_lab(struct run *run, const struct job *job, struct lab *lab)
{
	if (lab != run->kept_labs[job->cell])
		lab_free(lab);
}

static int start_probes(struct run *run, const struct probe_job *job, struct err *err)
{
	int code = 0;

	for (struct probe **probe = run->probes; *probe && !code; probe++)
		code = (*probe)->ops->start(*probe, job, err);
	return code;
}

static int drain_probes(struct run *run, const struct probe_job *job, struct err *err)
{
	int code = 0;

	if (run->options->inspect)
		code = run->options->inspect(run->options->context, run->probes, job, err);
	for (struct probe **probe = run->probes; *probe && !code; probe++)
		code = (*probe)->ops->drain(*probe, job, run->outcome->samples, err);
	return code;
}

/* What is measured, in order. */
static int measure(struct run *run, const struct job *job, struct lab *lab, bool fresh,
		   struct err *err)
{
	const struct experiment *experiment = run->plan->cells[job->cell].experiment;
	const struct probe_job probe_job = {
		.lab = lab,
		.fresh = fresh,
		.cell = job->cell,
		.batch = job->batch,
		.packets = experiment->packets,
		.reply = run_record_has_stamped_reply(experiment),
		.load = run_load_taken(run->loader),
	};
	struct machine_ticks ticks = { .known = false };
	int code = run_load_attach(run->loader, experiment, lab, err);

	if (!code)
		code = run_load_warm_up(run->loader, experiment, lab, err);
	if (!code)
		code = start_probes(run, &probe_job, err);
	if (run->options->steal)
		ticks = machine_read_ticks("");
	if (!code)
		code = (experiment->search ? run_search_measure : run_load_measure)(
			run->loader, experiment, lab, job, run->outcome->samples, err);
	if (!code)
		run_steal_record(&ticks, job, run->outcome->samples);
	if (!code)
		code = drain_probes(run, &probe_job, err);
	run_load_detach(run->loader);
	return code;
}

static int run_job(struct run *run, const struct job *job, struct err *err)
{
	bool fresh = !run->kept_labs[job->cell];
	struct lab *lab = NULL;
	int code = get_lab(run, job, &lab, err);

	if (!code)
		code = measure(run, job, lab, fresh, err);
	put_lab(run, job, lab);
	return code;
}

/* A cell's failure is the cell's, and what this machine lacks may be so too; Ctrl-C is everybody's.
 */
static int note_failure(struct run *run, const struct job *job, int code, struct err *err)
{
	const struct cell *cell = &run->plan->cells[job->cell];
	char **noted = &run->outcome->cell_errors[job->cell];

	err_wrap(err, code, "cell %u/%zu%s%s%s, batch %u", job->cell + 1, run->plan->cell_count,
		 *cell->label ? " (" : "", cell->label, *cell->label ? ")" : "", job->batch + 1);
	if (err->class == ERR_NEED)
		run->outcome->lacks_need = true;
	else if (err->class != ERR_RUN)
		return code;
	if (!*noted)
		*noted = strdup(err->text);
	return 0;
}

static int tell_progress(struct run *run, size_t done, struct err *err)
{
	const struct job *job = &run->plan->jobs[done - 1];
	struct run_progress progress = {
		.jobs_done = done - run_until_passed(run->until),
		.job_count = run_until_job_count(run->until),
		.job = job,
		.elapsed_s = now_s() - run->started_s,
		.measured = !run->outcome->cell_errors[job->cell],
	};

	progress.left_s = progress.elapsed_s / (double)++run->jobs_run *
			  (double)(progress.job_count - progress.jobs_done);
	if (!run->options->progress)
		return 0;
	return run->options->progress(run->options->context, &progress, err);
}

static const char *first_error(const struct run *run)
{
	char *const *error = run->outcome->cell_errors;

	while (!*error)
		error++;
	return *error;
}

/* Nothing could be run here: that is said in one line, and there are no results. */
static int check_needs(const struct run *run, struct err *err)
{
	char *const *errors = run->outcome->cell_errors;

	for (size_t i = 0; i < run->plan->cell_count; i++)
		if (!errors[i] && plan_owns_cell(run->plan, i))
			return 0;
	return run->outcome->lacks_need ? err_need(err, "%s", first_error(run)) : 0;
}

static int run_jobs(struct run *run, struct err *err)
{
	int code = 0;

	run->started_s = now_s();
	for (size_t i = 0; i < run->plan->job_count && !code; i++) {
		const struct job *job = &run->plan->jobs[i];

		if (run_until_has_enough(run->until, job, run->outcome->samples))
			continue;
		if (run->options->done && run->options->done[plan_job_index(run->plan, job)])
			continue;
		if (!run->outcome->cell_errors[job->cell])
			code = run_job(run, job, err);
		/* A tool that Ctrl-C has killed too looks like a failure of the cell. */
		if (interrupt_pending())
			code = err_interrupted(err);
		else if (code)
			code = note_failure(run, job, code, err);
		if (!code)
			code = tell_progress(run, i + 1, err);
	}
	return code ? code : check_needs(run, err);
}

static int run_init(struct run *run)
{
	size_t cells = run->plan->cell_count;

	if (!run->options->done) {
		*run->outcome = (struct run_outcome){ .samples = samples_new() };
		run->outcome->cell_errors = calloc(cells, sizeof(char *));
	}
	run->kept_labs = calloc(cells, sizeof(*run->kept_labs));
	run->until = run_until_new(run->plan);
	run->magic = run->options->magic;
	if (!run->outcome->cell_errors || !run->kept_labs)
		return -ENOMEM;
	if (!run->magic && getrandom(&run->magic, sizeof(run->magic), 0) < 0)
		return -errno;
	run->loader = run_loader_new(run->magic);
	run_loader_watch(run->loader, run->options->live, run->options->context);
	return 0;
}

static void run_done(struct run *run)
{
	for (struct probe **probe = run->probes; *probe; probe++)
		(*probe)->ops->close(*probe);
	for (size_t i = 0; run->kept_labs && i < run->plan->cell_count; i++)
		lab_free(run->kept_labs[i]);
	free(run->kept_labs);
	run_until_free(run->until);
	run_loader_free(run->loader);
}

int run_execute(const struct plan *plan, const struct run_options *options, struct run_outcome *ret,
		struct err *err)
{
	struct run run = { .plan = plan, .options = options, .outcome = ret };
	int code = run_init(&run);

	if (code)
		return err_errno(err, code, "start");
	code = run_cpus_check(plan, err);
	if (!code)
		code = open_probes(&run, err);
	if (!code)
		code = calibrate_probes(&run, err);
	if (!code)
		code = run_jobs(&run, err);
	run_done(&run);
	return code;
}

void run_outcome_done(struct run_outcome *outcome, const struct plan *plan)
{
	for (size_t i = 0; outcome->cell_errors && i < plan->cell_count; i++)
		free(outcome->cell_errors[i]);
	free(outcome->cell_errors);
	samples_free(outcome->samples);
}
