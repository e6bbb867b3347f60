// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probe chain by each method that a kernel allows, in instructions: whatever else the three
 * span, a rule costs the same by all of them. 6.1 has no hooks for brackets; $LABRUN_TEST_KERNELS
 * names newer ones that have.
 */
#include "tests/vm/folder_fixture.h"

#define FEW 100
#define MANY 1000
#define PACKETS 20

static void write_experiment(const char *method)
{
	_free_ char *text = NULL;

	assert_true(asprintf(&text,
			     "{\"name\": \"c\", \"topology\": \"bridge\", \"load\": {\"kind\": "
			     "\"ping\", \"from\": \"vm\", \"to\": \"internet\"}, \"probes\": "
			     "[{\"kind\": \"chain\", \"method\": \"%s\", \"node\": \"host\", "
			     "\"chains\": [\"filter-forward\"]}], \"iterations\": %d, \"seeds\": "
			     "1, \"sweep\": {\"topology.nodes.host.firewall.rules\": [%d, %d]}}",
			     method, PACKETS, FEW, MANY) > 0);
	write_text("c.json", text);
}

static struct finished run_exact(const char *kernel, const char *out)
{
	char vm[64];

	snprintf(vm, sizeof(vm), "--vm=%s", kernel);
	return labrun("run", vm, "--exact", "c.json", "--no-charts", "--quiet", "--out", out);
}

static double middle_of(const json_t *summary, size_t cell, const char *method)
{
	const json_t *series = find_series(cell_of(summary, cell), "filter-forward", "request");

	if (!series)
		fail_msg("no series filter-forward");
	assert_near(number_of(series, "n"), PACKETS, 0);
	assert_string_equal(json_string_value(json_object_get(series, "unit")), "instructions");
	assert_string_equal(json_string_value(json_object_get(series, "method")), method);
	return number_of(series, "p50");
}

/* Instructions a rule; with `asked` of auto, `method` is what that has to take. */
static double measure(const char *kernel, const char *asked, const char *method)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	double few, many, slope;
	char out[64];

	write_experiment(asked);
	snprintf(out, sizeof(out), "%s-%s", kernel, method);
	finished = run_exact(kernel, out);
	assert_status(finished, 0);
	summary = read_json(out, "summary.json");
	assert_true(is_valid(summary));
	few = middle_of(summary, 0, method);
	many = middle_of(summary, 1, method);
	slope = (many - few) / (MANY - FEW);
	printf("%s %s: %g a rule, %g without any\n", kernel, method, slope, few - FEW * slope);
	return slope;
}

/* A bracket may meet what an interrupt left behind in the middle of one of twenty packets. */
static void assert_agree(double slope, double other)
{
	assert_true(slope > 10);
	assert_near(slope, other, 0.001 * slope);
}

static void test_functions(void **state)
{
	double slope;

	(void)state;
	need_kernel("6.1");
	slope = measure("6.1", "auto", "fentry");
	assert_agree(slope, measure("6.1", "kprobe", "kprobe"));
}

static void test_bracket_refused(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_kernel("6.1");
	write_experiment("bracket");
	finished = run_exact("6.1", "r");
	assert_says(finished.out, "chain: bracket: this kernel has no BPF programs for netfilter's "
				  "hooks");
}

static void test_all_agree(void **state)
{
	const char *given = getenv("LABRUN_TEST_KERNELS");
	_free_ char *names = strdup(given ? given : "");
	bool found = false;
	char *save;

	(void)state;
	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		double slope;

		if (!strcmp(name, "6.1"))
			continue;
		found = true;
		need_kernel(name);
		slope = measure(name, "fentry", "fentry");
		assert_agree(slope, measure(name, "kprobe", "kprobe"));
		assert_agree(slope, measure(name, "bracket", "bracket"));
	}
	if (!found)
		skip_because("LABRUN_TEST_KERNELS names no kernel that has hooks for brackets");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_functions),
		program_test(test_bracket_refused),
		program_test(test_all_agree),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
