// SPDX-License-Identifier: GPL-2.0-only
/*
 * One instruction more is found: the shipped program and one whose probe executes a single
 * instruction more at each event are run in exact mode, and `compare` says which segments moved and
 * by how much. The two are different bundles, so what depends on hash seeds may move as well; a
 * veth pair does not, and between its two ends lies one event.
 */
#include "harness/proc.h"
#include "harness/vm.h"
#include "tests/netns/result_fixture.h"
#include "tests/vm/need_fixture.h"

#include <bpf/libbpf.h>

#define EXPERIMENT "bridge"

/* Beside the program that is tested: build/labrun, build/tests/one_more/labrun. */
static char *beside_program(const char *name)
{
	const char *program = getenv("LABRUN");
	char *path;

	assert_true(asprintf(&path, "%.*s/%s", (int)(strrchr(program, '/') - program), program,
			     name) > 0);
	return path;
}

static struct bpf_object *open_object(const char *name)
{
	_free_ char *path = beside_program(name);
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object)
		fail_msg("cannot open '%s': %m", path);
	return object;
}

/* That is all the difference: one in each program that logs an event, none in an empty one. */
static void test_objects(void **state)
{
	struct bpf_object *shipped = open_object("bpf/hops.bpf.o");
	struct bpf_object *changed = open_object("tests/one_more/bpf/hops.bpf.o");
	struct bpf_program *program;
	unsigned logging = 0;

	(void)state;
	bpf_object__for_each_program (program, shipped) {
		const char *name = bpf_program__name(program);
		const struct bpf_program *other = bpf_object__find_program_by_name(changed, name);
		bool logs = !strncmp(name, "hops_", 5);

		assert_non_null(other);
		logging += logs;
		if (bpf_program__insn_cnt(other) != bpf_program__insn_cnt(program) + logs)
			fail_msg("%s: %zu instructions, then %zu", name,
				 bpf_program__insn_cnt(program), bpf_program__insn_cnt(other));
	}
	assert_true(logging > 0);
	bpf_object__close(shipped);
	bpf_object__close(changed);
}

static void run_exact(const char *out)
{
	_finished_ struct finished finished =
		labrun("run", "--vm=6.1", "--exact", "--set", "seeds=2", "--set", "iterations=20",
		       "--quiet", "--no-charts", "--out", out, EXPERIMENT);

	assert_measured(finished);
}

static json_t *compare(const char *least, const char *base, const char *new, int status)
{
	_finished_ struct finished finished = labrun("compare", "--json", least, base, new);
	json_t *comparison;

	assert_status(finished, status);
	comparison = json_loads(finished.out, 0, NULL);
	assert_non_null(comparison);
	return comparison;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* What differs between the bundles is this program, hence the initramfs, and nothing else. */
static void assert_bundle(const json_t *comparison)
{
	const json_t *bundle = json_object_get(comparison, "bundle"), *difference;
	bool found = false;
	size_t i;

	json_array_foreach (json_object_get(bundle, "differences"), i, difference) {
		const char *member = text_of(difference, "member");

		found |= !strcmp(member, "labrun.sha256");
		if (strcmp(member, "labrun.sha256") && strcmp(member, "initramfs_sha256"))
			fail_msg("%s differs", member);
	}
	assert_true(found);
}

/* Of every veth pair, both ways; how many there were. */
static unsigned assert_pairs(const json_t *comparison, double difference, const char *verdict)
{
	unsigned count = 0;
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(comparison, "rows"), i, row) {
		const char *series = text_of(row, "series"), *found = text_of(row, "verdict");

		if (strncmp(series, "veth", 4))
			continue;
		count++;
		if (number_of(row, "difference") != difference || strcmp(found, verdict))
			fail_msg("%s %s: %s by %g, not %s by %g", series, text_of(row, "direction"),
				 found, number_of(row, "difference"), verdict, difference);
	}
	return count;
}

/* Of no series can it be said that it got cheaper. */
static void assert_none(const json_t *comparison, const char *verdict)
{
	const json_t *counts = json_object_get(comparison, "counts");

	assert_near(number_of(counts, verdict), 0, 0);
}

static void test_one_more(void **state)
{
	_json_ json_t *usual = NULL, *any = NULL, *back = NULL;
	_free_ char *shipped = strdup(getenv("LABRUN")), *changed = NULL;
	_finished_ struct finished told = {};

	(void)state;
	need_kernel("6.1");
	changed = beside_program("tests/one_more/labrun");
	run_exact("shipped");
	setenv("LABRUN", changed, 1);
	run_exact("changed");
	setenv("LABRUN", shipped, 1);
	usual = compare("--least=0.5", "shipped", "changed", 0);
	assert_bundle(usual);
	assert_int_equal(assert_pairs(usual, 1, "same"), 4);
	any = compare("--least=0", "shipped", "changed", 1);
	assert_int_equal(assert_pairs(any, 1, "regression"), 4);
	assert_none(any, "improvement");
	back = compare("--least=0", "changed", "shipped", 0);
	assert_int_equal(assert_pairs(back, -1, "improvement"), 4);
	told = labrun("compare", "shipped", "changed");
	assert_says(told.out, "labrun.sha256: ");
	assert_says(told.out, "moved, but by less than the minimum effect");
	assert_says(told.out, "--least=0 judges them too");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_objects),
					    program_test(test_one_more) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
