// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probe usage in a guest: in exact mode CPU time is counted in instructions and two runs of one
 * bundle agree to the byte, while what QEMU itself takes, which never does, stands apart; and what
 * a thread of the kernel's sends is said not to be measured.
 */
#include "harness/proc.h"
#include "harness/vm.h"
#include "tests/vm/folder_fixture.h"

#define KERNEL "6.1"

static void run_exact(const char *out)
{
	_finished_ struct finished finished = {};

	write_text("u.json", "{\"name\":\"u\",\"topology\":\"nat\",\"load\":{\"kind\":\"udp\","
			     "\"from\":\"vm\",\"to\":\"internet\",\"interval_us\":200},\"probes\":["
			     "{\"kind\":\"usage\"}],\"iterations\":50,\"seeds\":2}");
	finished = labrun("run", "--vm=" KERNEL, "--exact", "--quiet", "--no-charts", "--out", out,
			  "u.json");
	assert_status(finished, 0);
}

static void assert_unit(const json_t *cell, const char *name, const char *unit)
{
	const json_t *series = find_series(cell, name, "both");

	if (!series)
		fail_msg("no series %s", name);
	assert_string_equal(json_string_value(json_object_get(series, "unit")), unit);
	assert_true(number_of(series, "min") > 0);
}

/* One for each boot. */
static void assert_qemu(const char *folder)
{
	_json_ json_t *environment = read_json(folder, "environment.json");
	const json_t *list = json_object_get(environment, "qemu"), *boot;
	size_t i;

	assert_int_equal(json_array_size(list), 2);
	json_array_foreach (list, i, boot) {
		assert_near(number_of(boot, "boot"), (double)i + 1, 0);
		assert_true(number_of(boot, "cpu_ns") > 0);
		/* The guest's kernel alone is more. */
		assert_true(number_of(boot, "peak_bytes") > 32e6);
	}
}

static void test_exact_twice(void **state)
{
	_json_ json_t *summary = NULL;
	const json_t *cell;

	(void)state;
	need_kernel(KERNEL);
	run_exact("first");
	run_exact("second");
	assert_same_bytes("samples.csv");
	assert_same_bytes("counters.csv");
	assert_same_bytes("summary.json");
	assert_qemu("first");
	summary = read_json("first", "summary.json");
	assert_true(is_valid(summary));
	cell = cell_of(summary, 0);
	assert_unit(cell, "cpu_load", "instructions");
	assert_unit(cell, "cpu_server", "instructions");
	assert_unit(cell, "softirq_nat", "instructions");
	assert_unit(cell, "cpu_per_packet", "instructions");
	assert_unit(cell, "cpu_tools", "instructions");
	assert_unit(cell, "memory_labrun", "bytes");
}

static void test_threads_of_the_kernel(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_kernel(KERNEL);
	write_text("p.json", "{\"name\":\"p\",\"topology\":\"veth\",\"load\":{\"kind\":\"pktgen\","
			     "\"from\":\"sender\",\"to\":\"receiver\"},\"probes\":[{\"kind\":"
			     "\"usage\"}],\"batches\":2,\"iterations\":200}");
	finished = labrun("run", "--vm=" KERNEL, "--quiet", "--no-charts", "--out", "r", "p.json");
	assert_status(finished, 0);
	assert_says(finished.out, "not measured: cpu_load: threads of the kernel's sent");
	assert_says(finished.out, "softirq_receiver");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_exact_twice),
		program_test(test_threads_of_the_kernel),
	};

	return run_prepare() || cmocka_run_group_tests(tests, NULL, NULL);
}
