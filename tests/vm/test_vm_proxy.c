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

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_oldest), program_test(test_newest) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
