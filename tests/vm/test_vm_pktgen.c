// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load pktgen, where its module is: in a guest. What it says it sent and delivered is held
 * against the devices' own counters, and nothing sends on when its driver is gone.
 */
#include "tests/netns/lab_fixture.h"
#include "tests/netns/result_fixture.h"

#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm.h"
#include "harness/vm_init.h"
#include "loadgen/load.h"
#include "loadgen/pace.h"

#include <time.h>

#define KERNEL "6.1"
#define DEADLINE_S 120

extern const struct load_ops load_pktgen;

static const char pair[] =
	"{\"name\": \"pair\", \"nodes\": {\"a\": {}, \"b\": {}}, \"links\": [{\"endpoints\": "
	"[\"a:a0\", \"b:b0\"], \"addresses\": [[\"198.18.0.1/24\", \"fd00::1/64\"], "
	"[\"198.18.0.2/24\", \"fd00::2/64\"]]}]}";

struct sending {
	const char *to, *fields; /* members of the load, as JSON */
	uint64_t count, interval_ps, duration_ns;
};

static const struct sending sendings[] = {
	{ "198.18.0.2", "{}", .count = 1 },
	{ "198.18.0.2", "{}", .count = 5000 },
	{ "198.18.0.2", "{\"udp_src_max\": 40010, \"udpcsum\": true}", .count = 3000 },
	{ "198.18.0.2", "{\"pkt_size\": 1514, \"xmit_mode\": \"queue_xmit\"}", .count = 2000,
	  .interval_ps = 200000000 },
	{ "fd00::2", "{\"pkt_size\": 78}", .count = 3000 },
	{ "198.18.0.2", "{}", .count = 1u << 31, .duration_ns = 300000000 },
};

struct counted {
	uint64_t sent, received; /* at the two devices */
};

static struct counted count_devices(const struct lab *lab)
{
	struct lab_counters a, b;
	struct err err;

	require(!lab_read_counters(lab, 0, "a0", &a, &err), "%s", err.text);
	require(!lab_read_counters(lab, 1, "b0", &b, &err), "%s", err.text);
	return (struct counted){ a.tx_packets, b.rx_packets };
}

static struct load *start_sending(const struct lab *lab, const struct sending *sending)
{
	static const struct load_common common = { .from = "a", .to = "b", .timeout_ms = 1000 };
	struct arena *arena = arena_new();
	_diag_ struct diag *diag = diag_new("fields", NULL, 0);
	struct load_pass pass = { .common = &common,
				  .params = arena_alloc(arena, load_pktgen.kind.params_size),
				  .sink = LOAD_SINK_SOCKET,
				  .magic = 1,
				  .count = sending->count,
				  .interval_ps = sending->interval_ps,
				  .duration_ns = sending->duration_ns };
	struct load *load = NULL;
	struct err err = {};

	require(address_parse(sending->to, false, &pass.destination), "%s", sending->to);
	field_parse(load_pktgen.kind.fields, json_loads(sending->fields, 0, NULL), NULL,
		    (void *)pass.params, arena, diag);
	require(diag_count(diag) == 0, "%s", diag_get(diag, 0)->message);
	require(!load_start(&load, &load_pktgen, &pass, lab, &err), "%s", err.text);
	return load;
}

static void send_exactly(const struct lab *lab, const struct sending *sending)
{
	struct counted before = count_devices(lab), after;
	struct load *load = start_sending(lab, sending);
	struct load_report *report;
	struct err err = {};

	require(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 60000) == 1, "it hangs");
	require(!load_finish(load, &report, &err), "%s", err.text);
	after = count_devices(lab);
	printf("%s %s: %lu sent, %lu errors, %lu received in %lu us; devices: %lu, %lu\n",
	       sending->to, sending->fields, report->sent, report->send_errors, report->received,
	       (report->ended_ns - report->started_ns) / 1000, after.sent - before.sent,
	       after.received - before.received);
	require(report->sent >= 1 && report->received == report->sent, "lost");
	require(sending->duration_ns || report->sent == sending->count, "not %lu", sending->count);
	require(after.sent - before.sent == report->sent, "the sending device disagrees");
	require(after.received - before.received == report->sent, "the receiving one disagrees");
	require(report->started_ns && report->ended_ns > report->started_ns, "no times");
	require(report->ended_ns - report->started_ns >= sending->duration_ns, "too short");
	load_free(load);
}

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* The namespaces live on here, so that it is not their end that ends the threads. */
static void kill_sender(const struct lab *lab, uint64_t interval_ps)
{
	const struct sending endless = { "198.18.0.2", "{}", .count = 1u << 31,
					 .interval_ps = interval_ps,
					 .duration_ns = UINT32_MAX * 100ull };
	struct counted before = count_devices(lab), at_kill, after;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		start_sending(lab, &endless);
		for (;;)
			pause();
	}
	for (int i = 0; i < 500 && count_devices(lab).sent < before.sent + 10; i++)
		nap_ms(10);
	kill(pid, SIGKILL);
	require(waitpid(pid, &status, 0) == pid, "%m");
	/* The driver is told by its parent's death, and its thread looks each 100 ms. */
	nap_ms(500);
	at_kill = count_devices(lab);
	nap_ms(500);
	after = count_devices(lab);
	printf("killed after %lu, then %lu more\n", at_kill.sent - before.sent,
	       after.sent - at_kill.sent);
	require(at_kill.sent >= before.sent + 10, "it never began");
	require(after.sent == at_kill.sent, "it goes on");
}

static void stop_sender(const struct lab *lab)
{
	const struct sending slow = { "198.18.0.2", "{}", .count = 1000000,
				      .interval_ps = 1000000000 };
	struct load *load = start_sending(lab, &slow);
	struct load_report *report;
	struct err err = {};

	while (atomic_load(&load_peek(load)->sent) < 10)
		nap_ms(1);
	load_stop(load);
	require(!load_finish(load, &report, &err), "%s", err.text);
	printf("stopped after %lu, received %lu\n", report->sent, report->received);
	require(report->sent >= 10 && report->sent < slow.count, "not stopped");
	require(report->received == report->sent, "lost");
	load_free(load);
}

static int in_guest(void)
{
	struct lab *lab;

	require(!unshare(CLONE_NEWNET | CLONE_NEWNS), "%m");
	require(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "%m");
	lab = build(pair);
	for (size_t i = 0; i < ARRAY_SIZE(sendings); i++)
		send_exactly(lab, &sendings[i]);
	stop_sender(lab);
	kill_sender(lab, 1000000000);
	kill_sender(lab, 0);
	/* The next one is as the first was. */
	send_exactly(lab, &sendings[1]);
	lab_free(lab);
	return 0;
}

static void need_kernel(struct vm_kernel *kernel)
{
	struct err err = {};

	if (!proc_exists("qemu-system-x86_64"))
		skip_because("qemu-system-x86_64 is not installed");
	if (vm_kernel_find(kernel, KERNEL, NULL, &err))
		skip_because("%s", err.text);
}

static void test_devices_agree(void **state)
{
	static const char *const argv[] = { "guest", NULL }, *const tools[] = { NULL };
	const char *modules[16] = { "veth", "pktgen" };
	struct vm_kernel kernel = {};
	const struct vm_initramfs what = { .kernel = &kernel, .modules = modules, .tools = tools };
	struct vm_boot boot = { .kernel = &kernel,
				.work = "work",
				.argv = argv,
				.memory_mib = 512,
				.deadline_s = DEADLINE_S };
	_free_ char *initramfs = NULL, *out = NULL;
	char hash[VM_HASH_BYTES];
	struct err err = {};
	int status = -1;

	(void)state;
	need_kernel(&kernel);
	for (size_t i = 0; vm_boot_modules[i] && i < 13; i++)
		modules[i + 2] = vm_boot_modules[i];
	assert_int_equal(file_make_dirs("work/files", NULL, &err), 0);
	boot.files = "work/files";
	if (vm_initramfs_make(&what, &initramfs, hash, &err))
		fail_msg("%s", err.text);
	boot.initramfs = initramfs;
	if (vm_boot(&boot, &status, &err))
		fail_msg("%s", err.text);
	assert_int_equal(file_read("work/stdout", &out, &(size_t){ 0 }, &err), 0);
	printf("%s", out);
	assert_int_equal(status, 0);
	vm_kernel_done(&kernel);
}

/* As an experiment, with nothing said about modules. */
static void run_into(const char *sink, const char *out)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	char set[64];

	snprintf(set, sizeof(set), "load.sink=%s", sink);
	finished =
		labrun("run", "--vm=" KERNEL, "p.json", "--no-charts", "--out", out, "--set", set);
	assert_status(finished, 0);
	summary = read_json(out, "summary.json");
	assert_true(is_valid(summary));
	assert_near(loss_of(summary, 0, "sent"), 4000, 0);
	assert_near(loss_of(summary, 0, "received"), 4000, 0);
	assert_near(loss_of(summary, 0, "unaccounted"), 0, 0);
}

static void test_run(void **state)
{
	struct vm_kernel kernel = {};

	(void)state;
	need_kernel(&kernel);
	vm_kernel_done(&kernel);
	assert_int_equal(mkdir("topologies", 0755), 0);
	write_text("topologies/pair.json", pair);
	write_text("p.json", "{\"name\": \"p\", \"topology\": \"pair\", \"load\": {\"kind\": "
			     "\"pktgen\", \"from\": \"a\", \"to\": \"b\", \"rate\": \"5kpps\"}, "
			     "\"batches\": 2, \"iterations\": 2000}");
	run_into("socket", "r1");
	run_into("xdp_drop", "r2");
}

/* Here, without the module: one line that names what to do. */
static void test_need(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	if (!access("/proc/net/pktgen", F_OK))
		skip_because("this kernel has pktgen");
	write_text("pair.json", pair);
	finished = labrun("load", "--kind", "pktgen", "--from", "a", "--to", "b", "./pair.json");
	assert_status(finished, 77);
	assert_one_line(finished.error, "--vm");
	assert_says(finished.error, "no pktgen");
}

static void test_bad_fields(void **state)
{
	static const struct {
		const char *option, *value, *says;
	} bad[] = {
		{ "--pkt-size", "57", "--pkt-size: 57 is outside 58..65000" },
		{ "--udp-src-max", "40000", "udp_src_max is not above udp_src_min" },
		{ "--sink", "stamped", "sink" },
		{ "--family", "ipv6", "a pkt_size below 78" },
		{ "--xmit-mode", "start", "--xmit-mode" },
	};

	(void)state;
	write_text("pair.json", pair);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_finished_ struct finished finished =
			labrun("load", "--kind", "pktgen", "--from", "a", "--to", "b",
			       bad[i].option, bad[i].value, "./pair.json");

		assert_status(finished, 2);
		assert_says(finished.error, bad[i].says);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		program_test(test_devices_agree),
		program_test(test_run),
		program_test(test_need),
		program_test(test_bad_fields),
	};
	int status;

	(void)argc;
	if (getpid() == 1 && !strcmp(argv[0], "/init"))
		vm_init_main();
	if (!strcmp(argv[0], VM_GUEST_PROGRAM))
		return in_guest();
	status = run_prepare();
	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
