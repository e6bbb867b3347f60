// SPDX-License-Identifier: GPL-2.0-only
/* The probe sync as its users see it: each step in each batch, and the rules as they were. */
#include "tests/netns/result_fixture.h"

static const char experiment[] =
	"{\"name\":\"s\",\"topology\":\"kube-proxy\",\"load\":{\"kind\":\"ping\",\"from\":"
	"\"client\",\"to\":\"backend1\"},\"probes\":[{\"kind\":\"sync\"}],\"build\":\"cell\","
	"\"batches\":2,\"iterations\":3,\"sweep\":{\"topology.nodes.node1.proxy.services\":[9],"
	"\"topology.nodes.node1.proxy.mode\":[\"iptables-legacy\",\"iptables-nft\",\"nftables\"]}}";

static void check_cell(const json_t *cell)
{
	static const char *const steps[] = { "load", "add", "list", "delete" };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		char stall[32];
		const json_t *took = find_series(cell, steps[i], "both");

		snprintf(stall, sizeof(stall), "stall_%s", steps[i]);
		assert_non_null(took);
		assert_non_null(find_series(cell, stall, "both"));
		assert_int_equal(number_of(took, "n"), 2);
		assert_true(number_of(took, "min") > 0);
	}
	/* On a host no cgroup is made. */
	assert_null(find_series(cell, "kernel_memory", "both"));
}

static void test_steps(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	if (geteuid() != 0)
		skip_because("probes need root");
	write_text("s.json", experiment);
	finished = labrun("run", "s.json", "--quiet", "--no-charts", "--out", "r");
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	for (size_t i = 0; i < 3; i++)
		check_cell(cell_of(summary, i));
	assert_true(counter_of("r", "sync.packets") > 0);
	assert_true(counter_of("r", "sync.lost") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_steps) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
