// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a run says of the machine's noise, and what it keeps of it.
 */
#include "tests/netns/result_fixture.h"

#include "harness/file.h"

#include <sys/prctl.h>

#define SPINNERS_MAX 256

struct spinners {
	pid_t pids[SPINNERS_MAX];
	size_t count;
};

static void spin(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		__asm__ volatile("" ::: "memory");
}

/* Two for each CPU, so that all of them have something else to do. */
static void start_spinning(struct spinners *spinners)
{
	size_t wanted = 2 * (size_t)sysconf(_SC_NPROCESSORS_ONLN);

	*spinners = (struct spinners){ .count = wanted < SPINNERS_MAX ? wanted : SPINNERS_MAX };
	for (size_t i = 0; i < spinners->count; i++) {
		spinners->pids[i] = fork();
		assert_true(spinners->pids[i] >= 0);
		if (!spinners->pids[i])
			spin();
	}
}

static void stop_spinning(const struct spinners *spinners)
{
	for (size_t i = 0; i < spinners->count; i++) {
		kill(spinners->pids[i], SIGKILL);
		waitpid(spinners->pids[i], NULL, 0);
	}
}

static const json_t *find(const json_t *findings, const char *name)
{
	const json_t *finding;
	size_t i;

	json_array_foreach (findings, i, finding)
		if (!strcmp(json_string_value(json_object_get(finding, "name")), name))
			return finding;
	fail_msg("environment.json says nothing of %s", name);
	return NULL;
}

static const char *state_of(const json_t *quietness, const char *name)
{
	const json_t *finding = find(json_object_get(quietness, "findings"), name);

	return json_string_value(json_object_get(finding, "state"));
}

/* Without progress and tables this is still said: it is about whether to believe them. */
static void test_noise_is_said(void **state)
{
	_finished_ struct finished finished = {}, report = {};
	_json_ json_t *environment = NULL;
	_free_ char *page = NULL;
	struct err err;
	const json_t *quietness;
	struct spinners spinners;

	(void)state;
	need_tracing();
	start_spinning(&spinners);
	finished = labrun("run", "routed", QUICK, "--quiet", "--no-charts", "--out", "r");
	stop_spinning(&spinners);
	assert_measured(finished);
	assert_says(finished.error, "labrun: warning: load: ");
	assert_says(finished.error, "labrun: warning: others: programs other than labrun had ");
	environment = read_json("r", "environment.json");
	quietness = json_object_get(environment, "quietness");
	assert_string_equal(state_of(quietness, "load"), "NOISY");
	assert_string_equal(state_of(quietness, "others"), "NOISY");
	assert_true(json_real_value(json_object_get(quietness, "others_percent")) > 10);
	report = labrun("report", "r");
	assert_status(report, 0);
	assert_int_equal(file_read("r/report.html", &page, NULL, &err), 0);
	assert_says(page, "<tr><th>noise</th><td>others, programs other than labrun had ");
}

static double sum_of(const char *counter, size_t *ret_count)
{
	_fclose_ FILE *file = fopen("r/counters.csv", "re");
	char line[256], name[200];
	double sum = 0, value;

	assert_non_null(file);
	*ret_count = 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*u,%*u,%199[^,],%lf", name, &value) == 2 &&
		    !strcmp(name, counter)) {
			assert_true(value >= 0);
			sum += value;
			++*ret_count;
		}
	return sum;
}

/* Raw, for each batch; no loss, and nothing that changes from run to run in the summary. */
static void test_steal_of_each_batch(void **state)
{
	_finished_ struct finished finished = {}, verified = {};
	_free_ char *summary = NULL;
	struct err err;
	size_t steals, totals;
	double steal, total;

	(void)state;
	need_tracing();
	finished =
		labrun("run", "routed", "--batches", "3", "--quiet", "--no-charts", "--out", "r");
	assert_measured(finished);
	steal = sum_of("steal_us", &steals);
	total = sum_of("cpu_us", &totals);
	assert_int_equal(steals, 3);
	assert_int_equal(totals, 3);
	assert_true(total > 0 && steal <= total);
	assert_int_equal(file_read("r/summary.json", &summary, NULL, &err), 0);
	assert_null(strstr(summary, "steal"));
	verified = labrun("verify", "r");
	assert_status(verified, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_noise_is_said),
		program_test(test_steal_of_each_batch),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
