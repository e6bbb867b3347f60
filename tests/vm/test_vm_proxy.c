// SPDX-License-Identifier: GPL-2.0-only
/*
 * kube-proxy's rules in guests: a guest has the tools and modules of every mode and shape, and
 * there the kernel's memory for rules is known.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/vm/folder_fixture.h"

static const char experiment[] =
	"{\"name\":\"s\",\"topology\":\"kube-proxy\",\"load\":{\"kind\":\"ping\",\"from\":"
	"\"client\",\"to\":\"backend1\"},\"probes\":[{\"kind\":\"sync\",\"interval_us\":5000}],"
	"\"build\":\"cell\",\"batches\":1,\"iterations\":3,\"sweep\":{"
	"\"topology.nodes.node1.proxy.mode\":[\"iptables-legacy\",\"iptables-nft\",\"nftables\"],"
	"\"topology.nodes.node1.proxy\":[{\"label\":\"plain\",\"set\":{}},"
	"{\"label\":\"all\",\"set\":{\"affinity_s\":9,\"node_ports\":true,\"shape\":\"1.36\"}},"
	"{\"label\":\"none\",\"set\":{\"endpoints\":0,\"node_ports\":true}}]}}";

#define CELLS 9

static void measure(const char *kernel)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	char vm[64];

	need_kernel(kernel);
	snprintf(vm, sizeof(vm), "--vm=%s", kernel);
	write_text("s.json", experiment);
	finished = labrun("run", vm, "s.json", "--quiet", "--no-charts", "--out", kernel);
	assert_status(finished, 0);
	summary = read_json(kernel, "summary.json");
	for (size_t i = 0; i < CELLS; i++) {
		const json_t *memory = find_series(cell_of(summary, i), "kernel_memory", "both");

		assert_non_null(memory);
		assert_true(number_of(memory, "min") > 0);
	}
}

static void test_oldest(void **state)
{
	(void)state;
	measure("6.1");
}

static void test_newest(void **state)
{
	(void)state;
	measure("7.2");
}

/* More rules than a guest has memory for: the tool is ended, its cell has failed, others go on. */
static void test_out_of_memory(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	if (!getenv("LABRUN_TEST_SOAK"))
		skip_because("a tool that fills a guest's memory takes 30 s: LABRUN_TEST_SOAK=1");
	need_kernel("6.1");
	write_text(
		"m.json",
		"{\"name\":\"m\",\"topology\":\"kube-proxy\",\"load\":{\"kind\":\"services\","
		"\"from\":\"client\",\"to\":\"backend1\"},\"build\":\"cell\",\"batches\":1,"
		"\"iterations\":10,\"sweep\":{\"topology.nodes.node1.proxy.services\":[40000,10],"
		"\"topology.nodes.node1.proxy.mode\":[\"iptables-legacy\"]}}");
	finished = labrun("run", "--vm=6.1", "m.json", "--quiet", "--no-charts", "--out", "m");
	assert_status(finished, 4);
	summary = read_json("m", "summary.json");
	assert_non_null(
		strstr(json_string_value(json_object_get(cell_of(summary, 0), "error")),
		       "iptables-legacy-restore: killed, as the kernel does when memory runs out"));
	assert_true(json_is_null(json_object_get(cell_of(summary, 1), "error")));
	assert_int_equal(number_of(find_series(cell_of(summary, 1), "rtt", "both"), "n"), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_oldest), program_test(test_newest),
					    program_test(test_out_of_memory) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
