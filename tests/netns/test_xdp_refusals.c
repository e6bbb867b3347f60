// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel-side generator where it must not run, or no longer: what would be dropped without a
 * word is refused beforehand, and a kill leaves nothing.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/netns/xdp_fixture.h"

#include <signal.h>

struct refusal {
	const char *topology, *params, *to, *node, *says;
};

static const struct refusal refusals[] = {
	{ PAIR(""), "{}", "198.18.0.2", NULL,
	  "left:eth0 would drop every frame: its other end right:eth0 has neither GRO" },
	{ PAIR(GRO), "{ \"threads\": 2 }", "198.18.0.2", NULL, "\"rx_queues\": 2" },
	{ PAIR(GRO), "{ \"threads\": 64 }", "198.18.0.2", NULL, "need as many CPUs" },
	{ PAIR(GRO), "{ \"size\": 1515 }", "198.18.0.2", NULL, "left:eth0, whose MTU is 1500" },
	{ PAIR(GRO), "{}", "198.19.0.2", NULL, "route to 198.19.0.2: Network is unreachable" },
	{ PAIR(GRO), "{}", "fd01::2", NULL, "route to fd01::2: Network is unreachable" },
	{ PAIR(GRO), "{}", "198.18.0.1", NULL, "the node's own address" },
	{ PAIR(GRO), "{}", "198.18.0.77", NULL, "does not know the MAC of 198.18.0.77" },
	{ PAIR(GRO), "{ \"flows\": 1000000, \"sources\": \"198.18.9.0/29\" }", "198.18.0.2", NULL,
	  "198.18.9.0/29 has fewer to spare" },
	{ "{ \"name\": \"over\", \"nodes\": { \"left\": { \"devices\": { \"mv\": { \"kind\": "
	  "\"macvlan\", \"link\": \"eth0\", \"addresses\": [\"198.18.0.1/24\"] } } }, "
	  "\"right\": {} }, \"links\": [{ \"endpoints\": [\"left:eth0\", \"right:eth0\"], "
	  "\"addresses\": [[], [\"198.18.0.2/24\"]] }] }",
	  "{}", "198.18.0.2", NULL,
	  "left:mv is a macvlan, whose driver takes no redirected frames" },
};

static void what_would_be_dropped_is_refused(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		struct lab *lab = build(refusal->topology);
		struct load *load;
		struct err err;
		int code = start(
			lab,
			&(struct trial){ .params = refusal->params, .to = refusal->to, .count = 1 },
			&load, &err);

		require(code < 0 && strstr(err.text, refusal->says), "case %zu: %d: %s", i, code,
			code ? err.text : "");
		require(err.class != ERR_RUN, "case %zu: %s", i, err.text);
		lab_free(lab);
	}
}

static void check_faults(void)
{
	static const struct {
		const char *params, *to;
		int family;
		const char *says;
	} faults[] = {
		{ "{ \"size\": 57 }", "right", 0, "at least 58" },
		{ "{ \"size\": 69, \"protocol\": \"tcp_syn\" }", "right", 0, "at least 70" },
		{ "{ \"size\": 77 }", "right", 1, "at least 78" },
		{ "{ \"size\": 89, \"protocol\": \"tcp_syn\" }", "right", 1, "at least 90" },
		{ "{ \"sources\": \"fd00::/64\" }", "right", 0, "family" },
		{ "{}", "left", 0, "one node" },
		{ "{ \"size\": 58 }", "right", 0, NULL },
		{ "{ \"size\": 90, \"protocol\": \"tcp_syn\" }", "right", 1, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		const struct load_common common = { .from = "left",
						    .to = faults[i].to,
						    .family = faults[i].family };
		_free_ void *params = parse_params(faults[i].params);
		const char *fault = load_xdp.check(&common, params);

		require(faults[i].says ? fault && strstr(fault, faults[i].says) : !fault,
			"case %zu: %s", i, fault ? fault : "nothing");
	}
}

/* Says its driver's number, and waits to be killed. */
static void send_for_ever(int answer)
{
	struct lab *lab = build(PAIR(GRO));
	struct load *load;
	struct err err;
	char path[64], text[64];

	require(start(lab, &(struct trial){ .params = "{}", .to = "198.18.0.2", .count = 1u << 31 },
		      &load, &err) == 0,
		"%s", err.text);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	require(read_start(path, text, sizeof(text)) > 0, "no driver");
	/* Well under way, with all that it opens open. */
	poll(NULL, 0, 500);
	require(write(answer, text, sizeof(text)) == sizeof(text), "%m");
	pause();
}

static void test_a_kill_leaves_nothing(void **state)
{
	_holdings_ struct holdings *before = holdings_new();
	int answer[2], status;
	char driver[64];
	pid_t pid;

	(void)state;
	/* The driver is ours to wait for when its parent has gone. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(answer), 0);
	pid = fork();
	if (pid == 0) {
		enter_sandbox();
		send_for_ever(answer[1]);
		_exit(1);
	}
	close(answer[1]);
	assert_int_equal(read(answer[0], driver, sizeof(driver)), sizeof(driver));
	close(answer[0]);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(waitpid(atoi(driver), &status, 0), atoi(driver));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_nothing_left(before);
}

#define TESTS(X) X(what_would_be_dropped_is_refused) X(check_faults)

#define TEST_BODY(body)                                                                            \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(body);                                                                    \
	}
TESTS(TEST_BODY)

int main(void)
{
#define TEST_ROW(body) cmocka_unit_test(test_##body),
	const struct CMUnitTest tests[] = { TESTS(TEST_ROW)
						    cmocka_unit_test(test_a_kill_leaves_nothing) };

	if (geteuid() != 0) {
		printf("SKIP: only root may load BPF programs\n");
		return CHILD_SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
