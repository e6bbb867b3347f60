// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd_repeat.h"

#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/compare.h"
#include "harness/file.h"
#include "harness/interrupt.h"
#include "harness/results.h"
#include "harness/results_runs.h"
#include "harness/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_folder(const char *dir, struct err *err)
{
	const char *slash = strrchr(dir, '/');
	_free_ char *parent = slash && slash != dir ? strndup(dir, (size_t)(slash - dir)) : NULL;
	int code = parent ? file_make_dirs(parent, NULL, err) : 0;

	if (code)
		return code;
	if (!mkdir(dir, 0777))
		return 0;
	if (errno == EEXIST)
		return err_usage(err, "the folder '%s' exists already", dir);
	return err_errno(err, -errno, "cannot make the folder '%s'", dir);
}

/* Behind all options, of which the last counts, and before what is none. */
static char **child_argv(const struct repeat *repeat, char *out)
{
	char **argv = calloc((size_t)repeat->argc + 5, sizeof(*argv));
	int at = 0, from = 1;

	if (!argv)
		abort();
	argv[at++] = "labrun";
	argv[at++] = "run";
	while (from < repeat->first_operand && strcmp(repeat->argv[from], "--"))
		argv[at++] = repeat->argv[from++];
	argv[at++] = "--repeat=1";
	argv[at++] = out;
	while (from < repeat->argc)
		argv[at++] = repeat->argv[from++];
	return argv;
}

static int run_once(const struct repeat *repeat, const char *dir, int *ret_status, struct err *err)
{
	_free_ char *out = NULL;
	_free_ char **argv = NULL;
	struct spawn spawn = {};

	if (asprintf(&out, "--out=%s", dir) < 0)
		abort();
	argv = child_argv(repeat, out);
	spawn.argv = (const char *const *)argv;
	return spawn_run(&spawn, ret_status, err);
}

static enum outcome outcome_of(int status)
{
	switch (status) {
	case 0:
		return OUTCOME_OK;
	case 1:
		return OUTCOME_CLAIM_FAILS;
	case 2:
		return OUTCOME_USAGE;
	case 3:
		return OUTCOME_INVALID;
	case 77:
		return OUTCOME_NEED;
	case 130:
		return OUTCOME_INTERRUPTED;
	default:
		return OUTCOME_FAILED;
	}
}

static void tell_ended(const char *dir, unsigned whole, unsigned count)
{
	if (whole)
		fprintf(stderr,
			"labrun: %s has %u of %u runs; more are added with --out %s/run-N\n", dir,
			whole, count, dir);
}

/* Those that are whole stay, whatever becomes of the next. */
static enum outcome run_all(const struct repeat *repeat, const char *dir)
{
	enum outcome outcome = OUTCOME_OK, one;
	struct err err = {};
	int status;

	for (unsigned i = 1; i <= repeat->count; i++) {
		_free_ char *path = results_run_path(dir, i);

		if (run_once(repeat, path, &status, &err))
			one = cmd_fail(&err);
		else
			one = outcome_of(status);
		outcome = one > outcome ? one : outcome;
		if (one > OUTCOME_INVALID) {
			tell_ended(dir, i - 1, repeat->count);
			break;
		}
		if (!repeat->quiet)
			fprintf(stderr, "labrun: run %u of %u: %s\n", i, repeat->count, path);
	}
	return outcome;
}

static enum outcome tell(const struct repeat *repeat, const char *dir)
{
	_json_ json_t *spread = NULL;
	struct err err = {};

	if (compare_spread_of_runs(&spread, dir, &err))
		return cmd_fail(&err);
	if (repeat->json) {
		json_dumpf(spread, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		printf("\n");
	} else {
		compare_spread_text(spread, stdout);
		printf("\nresults in %s\n", dir);
	}
	return OUTCOME_OK;
}

enum outcome repeat_run(const struct plan *plan, const struct repeat *repeat)
{
	enum outcome outcome, told = OUTCOME_OK;
	struct err err = {};
	_free_ char *dir =
		repeat->out ? results_given_dir(repeat->out, &err) : results_default_dir(plan);
	sigset_t signals;

	if (!dir || make_folder(dir, &err))
		return cmd_fail(&err);
	interrupt_fill(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	outcome = run_all(repeat, dir);
	if (outcome <= OUTCOME_INVALID)
		told = tell(repeat, dir);
	/* Nothing was made: nothing is left. */
	rmdir(dir);
	return told > outcome ? told : outcome;
}
