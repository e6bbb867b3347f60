// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line as a contract: what each verb prints where, and its exit status, on the happy
 * path and for bad usage.
 */
#include "tests/netns/result_fixture.h"

#include "harness/cmd.h"
#include "harness/kind_table.h"

#define VERB_MAX 6

struct usage {
	const char *arguments[VERB_MAX];
	const char *says; /* on stderr */
};

static const struct usage bad_usages[] = {
	{ { NULL }, "usage:" },
	{ { "nosuch" }, "nosuch" },
	{ { "run" }, "which experiment?" },
	{ { "run", "nosuch" }, "\"nosuch\"" },
	{ { "run", "./nosuch.json" }, "./nosuch.json" },
	{ { "run", "--nosuch", "routed" }, "unknown option \"--nosuch\"" },
	{ { "run", "--bathces", "3", "routed" }, "did you mean \"--batches\"?" },
	{ { "routed", "--out" }, "--out is without its DIR" },
	{ { "routed", "--json=3" }, "--json takes no value" },
	{ { "run", "-x", "routed" }, "unknown option \"-x\"" },
	{ { "run", "--repeat", "0", "routed" }, "--repeat: \"0\" is no number from 1 to" },
	{ { "run", "--pcap=x", "routed" }, "--pcap: \"x\" is no number" },
	{ { "run", "--against", "labrun=/nosuch", "routed" }, "labrun=/nosuch: No such file" },
	{ { "run", "--against", "mode=nosuch", "kube-proxy" }, "but [\"iptables-legacy\", " },
	{ { "run", "--set", "load.interval=5", "routed" }, "did you mean \"interval_us\"?" },
	{ { "help", "chekc" }, "or the verb \"check\"?" },
	{ { "run", "routed", "--out", "there" }, "'there' exists" },
	{ { "run", "routed", "--out", "bad.json" }, "'bad.json' exists" },
	{ { "run", "routed", "--out", "x.partial" }, "x.partial" },
	{ { "run", "routed", "--out", "" }, "empty" },
	{ { "run", "routed", "nat", "--out", "x" }, "--out is for one experiment" },
	{ { "run", "routed", "--batches", "0" }, "batches: 0 is outside" },
	{ { "run", "routed", "--iterations", "x" }, "iterations" },
	{ { "run", "routed", "--set", "load" }, "PATH=VALUE" },
	{ { "run", "routed", "--set", "lod.size=1" }, "did you mean \"load\"?" },
	{ { "run", "routed", "--set", "topology=nosuch" }, "nosuch" },
	{ { "run", "routed", "./bad.json" }, "./bad.json:1:15: error:" },
	{ { "check" }, "usage:" },
	{ { "check", "bad.json" }, "bad.json:1:15: error:" },
	{ { "check", "nosuch.json" }, "nosuch.json" },
	{ { "plan" }, "usage:" },
	{ { "plan", "nosuch" }, "\"nosuch\"" },
	{ { "trace" }, "usage:" },
	{ { "trace", "nosuch" }, "\"nosuch\"" },
	{ { "trace", "routed", "nat" }, "one experiment" },
	{ { "trace", "--perfetto" }, "--help" },
	{ { "plot" }, "usage:" },
	{ { "plot", "there" }, "'there'" },
	{ { "plot", "nosuch" }, "nosuch" },
	{ { "report" }, "usage:" },
	{ { "report", "there" }, "'there'" },
	{ { "report", "there", "there" }, "--out FILE" },
	{ { "shell" }, "usage:" },
	{ { "shell", "nosuch" }, "\"nosuch\"" },
	{ { "describe" }, "usage:" },
	{ { "describe", "pong" }, "did you mean \"ping\"?" },
	{ { "list", "x" }, "usage:" },
	{ { "doctor", "x" }, "usage:" },
};

static void test_bad_usage(void **state)
{
	(void)state;
	write_text("bad.json", "{\"name\": \"a\", }\n");
	assert_int_equal(mkdir("there", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad_usages); i++) {
		_finished_ struct finished finished = run_as(NULL, bad_usages[i].arguments);

		assert_status(finished, 2);
		assert_says(finished.error, bad_usages[i].says);
		assert_string_equal(finished.out, "");
	}
	/* Nothing was begun. */
	assert_int_equal(count_entries("."), 2);
}

static void assert_prints(const char *const *arguments, const char *expected)
{
	_finished_ struct finished finished = run_as(NULL, arguments);

	assert_status(finished, 0);
	assert_says(finished.out, expected);
	assert_string_equal(finished.error, "");
}

static void assert_helps(const struct command *command, const char *first, const char *second)
{
	const struct cmd_option *option = command->manual->options;
	_finished_ struct finished help =
		run_as(NULL, (const char *const[]){ first, second, NULL });
	char text[64];

	assert_status(help, 0);
	assert_string_equal(help.error, "");
	snprintf(text, sizeof(text), "usage: labrun %s", command->name);
	assert_int_equal(strncmp(help.out, text, strlen(text)), 0);
	for (; option && option->key; option++) {
		snprintf(text, sizeof(text), "  --%s", option->name);
		assert_says(help.out, text);
	}
}

static void test_help_of_each_verb(void **state)
{
	(void)state;
	for (const struct command *command = commands; command->name; command++) {
		assert_helps(command, command->name, "--help");
		assert_helps(command, "help", command->name);
	}
}

static void test_help(void **state)
{
	(void)state;
	assert_prints((const char *const[]){ "--help", NULL }, "usage: labrun");
	assert_prints((const char *const[]){ "help", NULL }, "usage: labrun");
	assert_prints((const char *const[]){ "run", "--help", NULL }, "--out DIR");
	assert_prints((const char *const[]){ "-h", NULL }, "usage: labrun");
	assert_prints((const char *const[]){ "vxlan", "--help", NULL }, "--out DIR");
	assert_prints((const char *const[]){ "--version", NULL }, "labrun ");
	assert_prints((const char *const[]){ "describe", "experiment", NULL }, "iterations");
	assert_prints((const char *const[]){ "describe", "topology", NULL }, "links");
}

static void test_describe_every_kind(void **state)
{
	(void)state;
	for (const struct kind_family *family = kind_families; family->name; family++)
		for (const struct kind *const *kind = family->kinds; *kind; kind++) {
			assert_prints((const char *const[]){ "describe", (*kind)->name, NULL },
				      (*kind)->help);
			assert_prints((const char *const[]){ "list", NULL }, (*kind)->name);
		}
}

static void test_schemas(void **state)
{
	static const char *const files[] = { "experiment", "topology" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_finished_ struct finished finished = labrun("describe", "--schema", files[i]);
		_json_ json_t *schema = json_loads(finished.out, 0, NULL);

		assert_status(finished, 0);
		assert_true(json_is_object(json_object_get(schema, "properties")));
	}
}

static void check_and_list(const char *path)
{
	const char *file = strrchr(path, '/') + 1;
	char name[64];

	snprintf(name, sizeof(name), "  %.*s ", (int)strcspn(file, "."), file);
	assert_prints((const char *const[]){ "check", path, NULL }, "valid");
	assert_prints((const char *const[]){ "list", NULL }, name);
}

static void plan_it(const char *path)
{
	assert_prints((const char *const[]){ "plan", path, NULL }, "cell");
}

static void test_check_list_and_plan(void **state)
{
	(void)state;
	each_file("experiments", check_and_list);
	each_file("topologies", check_and_list);
	each_file("experiments", plan_it);
	assert_int_equal(count_entries("."), 0);
}

static void test_doctor(void **state)
{
	static const char *const noises[] = {
		"\nquietness, watched for ",
		"\n  governor ",
		"\n  turbo ",
		"\n  SMT ",
		"\n  load ",
		"\n  virtual ",
		"\n  clock ",
		"\n  idle ",
		"\n  isolation ",
		"\n  steal ",
		"\n  others ",
		"\n  processes ",
	};
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	finished = labrun("doctor");
	assert_status(finished, 0);
	assert_says(finished.out, "hops");
	for (size_t i = 0; i < ARRAY_SIZE(noises); i++)
		assert_says(finished.out, noises[i]);
	assert_string_equal(finished.error, "");
}

static void test_run_prints_the_report(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	finished = labrun("routed", QUICK);
	/* The verb may be left out, but then options follow the experiment's name. */
	assert_measured(finished);
	assert_says(finished.out, "veth1");
	assert_says(finished.out, "results in results/routed/");
	assert_int_equal(count_entries("."), 1);
	assert_int_equal(count_entries("results/routed"), 1);
}

static void test_json_and_quiet(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *printed = NULL, *written = NULL;

	(void)state;
	need_tracing();
	finished = labrun("run", "routed", QUICK, "--json", "--quiet", "--out", "r");
	assert_measured(finished);
	assert_string_equal(unwarned(finished.error), "");
	printed = json_loads(finished.out, 0, NULL);
	written = read_json("r", "summary.json");
	assert_non_null(printed);
	assert_true(json_equal(printed, written));
}

static void write_claim(const char *path, const char *at_least)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"name\": \"claim\", \"topology\": \"routed\", \"probes\": [{\"kind\": "
		 "\"hops\"}], \"load\": {\"kind\": \"ping\", \"from\": \"vm\", \"to\": "
		 "\"internet\"}, \"claims\": [{\"id\": \"a\", \"text\": \"a\", \"test\": "
		 "\"ratio\", \"of\": \"hypervisor\", \"to\": \"veth2\", \"at_least\": %s}]}",
		 at_least);
	write_text(path, text);
}

/* A router costs more than a thousandth of a veth pair, and less than a million of them. */
static void test_claims_decide(void **state)
{
	_finished_ struct finished holds = {}, fails = {}, both = {};

	(void)state;
	need_tracing();
	write_claim("holds.json", "0.001");
	write_claim("fails.json", "1000000");
	holds = labrun("run", "./holds.json", "--out", "holds", "--quiet", QUICK);
	assert_status(holds, 0);
	fails = labrun("run", "./fails.json", "--out", "fails", "--quiet", QUICK);
	assert_status(fails, 1);
	assert_says(fails.out, "fails");
	both = labrun("run", "./fails.json", "./holds.json", "--quiet", QUICK);
	assert_status(both, 1);
	assert_int_equal(count_entries("results/claim"), 2);
}

/* Each with its own stamps, in its own namespaces: neither sees the other. */
static void test_runs_at_the_same_time(void **state)
{
	static const char *const names[] = { "routed", "vxlan", "routed", "nat" };
	struct running running[ARRAY_SIZE(names)];
	char out[8];

	(void)state;
	need_tracing();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(out, sizeof(out), "r%zu", i);
		run_start(&running[i], NULL,
			  (const char *const[]){ "run", names[i], "--quiet", "--batches", "4",
						 "--out", out, NULL });
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_finished_ struct finished finished = run_wait(&running[i]);
		_json_ json_t *summary = NULL;

		assert_measured(finished);
		snprintf(out, sizeof(out), "r%zu", i);
		summary = read_json(out, "summary.json");
		assert_true(is_valid(summary));
		assert_near(loss_of(summary, 0, "foreign"), 0, 0);
		assert_near(loss_of(summary, 0, "received"), 400, 0);
	}
}

static void test_shell(void **state)
{
	_finished_ struct finished yes = {}, no = {}, nodes = {};

	(void)state;
	need_tracing();
	yes = labrun("shell", "vxlan", "true");
	assert_status(yes, 0);
	no = labrun("shell", "vxlan", "false");
	assert_true(no.status != 0);
	nodes = labrun("shell", "vxlan", "ip", "netns", "list");
	assert_status(nodes, 0);
	assert_says(nodes.out, "vtep1");
	assert_false(exists("/run/netns"));
}

/* What a run would do with the same changes, before it is run. */
static void test_plan_changed(void **state)
{
	_finished_ struct finished plan = {}, kernel = {};

	(void)state;
	plan = labrun("plan", "--set", "batches=2", "--against", "load.size=600", "bridge");
	assert_status(plan, 0);
	assert_non_null(strstr(plan.out, "bridge: 2 cells x 2 batches\n"));
	assert_non_null(strstr(plan.out, "  1: 1 2\n  2: 2 1\n"));
	kernel = labrun("plan", "--against", "kernel=6.12", "bridge");
	assert_status(kernel, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_bad_usage),
		program_test(test_help),
		program_test(test_help_of_each_verb),
		program_test(test_describe_every_kind),
		program_test(test_schemas),
		program_test(test_check_list_and_plan),
		program_test(test_doctor),
		program_test(test_run_prints_the_report),
		program_test(test_json_and_quiet),
		program_test(test_claims_decide),
		program_test(test_runs_at_the_same_time),
		program_test(test_shell),
		program_test(test_plan_changed),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
