// SPDX-License-Identifier: GPL-2.0-only
#include "harness/run_search.h"

#include "harness/search.h"

#include <errno.h>
#include <math.h>

#define PS_PER_S 1e12
/*
 * A generator this much slower than asked has not offered the rate: the limit is its own. It makes
 * good for a stall, but not for one at the very end of a short trial: hence the least.
 */
#define PACE_TOLERANCE 0.01
#define PACE_LEAST_S 0.005

struct trials {
	struct run_loader *loader;
	const struct experiment *experiment;
	const struct lab *lab;
	struct search search;
	bool limited_by_load; /* of the lowest rate that failed */
	struct run_trial best; /* that lost nothing */
};

/* It is stopped then, since what is late is no longer the rate that was asked for. */
static double longest_s(const struct run_trial *trial)
{
	double planned_s = (double)trial->count * (double)trial->interval_ps / PS_PER_S;

	return planned_s + fmax(planned_s * PACE_TOLERANCE, PACE_LEAST_S);
}

static bool kept_pace(const struct run_trial *trial)
{
	return trial->sent == trial->count && trial->seconds <= longest_s(trial);
}

static int try_rate(struct trials *trials, double rate_pps, struct err *err)
{
	struct run_trial trial = {
		.interval_ps = (uint64_t)(PS_PER_S / rate_pps),
		.count = (uint64_t)ceil(rate_pps * trials->experiment->search->trial_s),
	};
	bool passed;
	int code;

	trial.duration_ns = (uint64_t)(longest_s(&trial) * 1e9);
	code = run_load_trial(trials->loader, trials->experiment, trials->lab, &trial, err);
	if (code)
		return err_wrap(err, code, "at %.0f packets a second", rate_pps);
	passed = kept_pace(&trial) && trial.received == trial.count;
	if (passed)
		trials->best = trial;
	else
		trials->limited_by_load = !kept_pace(&trial);
	search_note(&trials->search, rate_pps, passed);
	return 0;
}

static void record(const struct trials *trials, const struct job *job, struct samples *samples)
{
	uint32_t series = samples_series(samples, "throughput", DIRECTION_BOTH, "pps");

	samples_add(samples, job->cell, job->batch, 0, series, search_result_pps(&trials->search));
	samples_count(samples, job->cell, job->batch, "sent", (double)trials->best.sent);
	samples_count(samples, job->cell, job->batch, "received", (double)trials->best.received);
	samples_count(samples, job->cell, job->batch, "trials", (double)trials->search.trials);
	samples_count(samples, job->cell, job->batch, "limited_by_load", trials->limited_by_load);
	samples_count(samples, job->cell, job->batch, "limited_by_search",
		      search_is_open(&trials->search));
}

int run_search_measure(struct run_loader *loader, const struct experiment *experiment,
		       const struct lab *lab, const struct job *job, struct samples *samples,
		       struct err *err)
{
	struct trials trials = {
		.loader = loader,
		.experiment = experiment,
		.lab = lab,
		.search.limits = { .from_pps = experiment->search_pps[0],
				   .to_pps = experiment->search_pps[1],
				   .resolution = experiment->search->resolution,
				   .retries = experiment->search->retries },
	};
	double rate_pps;
	int code = 0;

	while (!code && (rate_pps = search_next_pps(&trials.search)) > 0)
		code = try_rate(&trials, rate_pps, err);
	if (code)
		return code;
	if (!search_result_pps(&trials.search))
		return err_set(
			err, -ERANGE, "the search's lowest rate, %.0f packets a second, fails: %s",
			trials.search.limits.from_pps,
			trials.limited_by_load ? "the load does not reach it" : "it loses packets");
	record(&trials, job, samples);
	return 0;
}
