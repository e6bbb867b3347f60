// SPDX-License-Identifier: GPL-2.0-only
/*
 * What labrun says, checked by tools that share no code with it: ping(8) and the interfaces' own
 * counters, and bpftrace on the same tracepoints.
 */
#include "tests/netns/result_fixture.h"

#include "harness/proc.h"

#include <sys/prctl.h>

#define PINGS 50
#define ROUNDS 3
#define DEVICES 4
#define BUCKET_NS 20
#define BUCKET_NS_TEXT "20"

/* data/topologies/line.json: each device has a name of its own, and both directions of both veth
 * pairs end at another one. The packets' length is one that nobody else's have. */
static const struct {
	const char *device, *segment, *direction;
} ends[DEVICES] = {
	{ "r0", "veth1", "request" },
	{ "b0", "veth2", "request" },
	{ "r1", "veth2", "reply" },
	{ "a0", "veth1", "reply" },
};

static void data_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/tests/netns/data/%s", getenv("LABRUN_DATA"), name);
}

static double packets_of(const json_t *links, const char *device, const char *direction)
{
	const json_t *link;
	size_t i;

	json_array_foreach (links, i, link) {
		json_t *stats = json_object_get(link, "stats64");

		if (!strcmp(json_string_value(json_object_get(link, "ifname")), device))
			return number_of(json_object_get(stats, direction), "packets");
	}
	fail_msg("no device %s", device);
	return 0;
}

/* Nothing but the load's packets passes the lab: each counter shows as many as were sent. */
static void test_devices_carry_the_load_alone(void **state)
{
	static const char script[] =
		"ip netns exec a ping -q -i 0.002 -c 50 198.18.2.2 >ping.txt && "
		"ip netns exec router ip -s -j link";
	_finished_ struct finished finished = {};
	_json_ json_t *links = NULL;
	char path[PATH_MAX];

	(void)state;
	need_tracing();
	data_path("topologies/line.json", path, sizeof(path));
	finished = labrun("shell", path, "sh", "-c", script);
	assert_status(finished, 0);
	links = json_loads(finished.out, 0, NULL);
	for (size_t i = 0; i < 4; i++)
		assert_near(packets_of(links, i % 2 ? "r1" : "r0", i / 2 ? "tx" : "rx"), PINGS, 0);
}

/* The account that each measurement keeps against the devices' counters, over many packets. */
static void test_traced_equals_counted(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	char path[PATH_MAX];

	(void)state;
	need_tracing();
	data_path("line.json", path, sizeof(path));
	finished = labrun("run", path, "--quiet", "--out", "r", "--iterations", "5000", "--set",
			  "load.interval_us=0");
	assert_measured(finished);
	summary = read_json("r", "summary.json");
	assert_near(loss_of(summary, 0, "received"), 20000, 0);
	assert_near(loss_of(summary, 0, "unaccounted"), 0, 0);
	assert_near(loss_of(summary, 0, "background"), 0, 0);
	/* Each packet crosses two links there and two back, with at least two events a link. */
	assert_true(counter_of("r", "hops.events") >= 20000 * 4 * 2);
	assert_int_equal((uint64_t)counter_of("r", "hops.events") % (20000 * 4), 0);
}

/* 317 bytes of ICMP payload are 345 of IP, 359 with the Ethernet header. */
static const char script_text[] =
	"tracepoint:net:net_dev_start_xmit /args->len == 359/ { @t[args->skbaddr] = nsecs; }\n"
	"tracepoint:net:netif_rx /args->len == 345/ {\n"
	"	$now = nsecs;\n"
	"	@d[str(args->name)] = lhist($now - @t[args->skbaddr], 0, 20000, " BUCKET_NS_TEXT
	");\n"
	"}\n"
	"interval:ms:10 { printf(\"tick\\n\"); }\n";

struct bpftrace {
	pid_t pid;
	int out;
};

static void bpftrace_exec(int out)
{
	/* A test that fails leaves it no other way. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("BPFTRACE_STRLEN", "16", 1);
	setenv("BPFTRACE_MAP_KEYS_MAX", "100000", 1);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(125);
	execlp("bpftrace", "bpftrace", "-B", "none", "-e", script_text, NULL);
	_exit(126);
}

static bool has_said(int fd, const char *text)
{
	char buffer[4096] = "";

	return pread(fd, buffer, sizeof(buffer) - 1, 0) > 0 && strstr(buffer, text);
}

/* Its last probe ticks: then the others are attached. False: it does not work here. */
static bool bpftrace_start(struct bpftrace *ret)
{
	ret->out = memfd_create("bpftrace", MFD_CLOEXEC);
	ret->pid = fork();
	assert_true(ret->pid >= 0);
	if (ret->pid == 0)
		bpftrace_exec(ret->out);
	for (int waited_ms = 0; waited_ms < 20000; waited_ms += 10) {
		if (has_said(ret->out, "\ntick\n"))
			return true;
		if (waitpid(ret->pid, NULL, WNOHANG) == ret->pid)
			return false;
		poll(NULL, 0, 10);
	}
	kill(ret->pid, SIGKILL);
	waitpid(ret->pid, NULL, 0);
	return false;
}

/* What it counted, in words; the caller frees. */
static char *bpftrace_stop(struct bpftrace *bpftrace)
{
	kill(bpftrace->pid, SIGINT);
	waitpid(bpftrace->pid, NULL, 0);
	return run_read(bpftrace->out);
}

struct histogram_line {
	double low;
	unsigned long count;
};

/* "[1000, 1020)  17 |@@ |"; bpftrace writes 5120 as 5K. */
static bool read_bucket(const char *line, struct histogram_line *ret)
{
	char unit = 0;

	if (sscanf(line, "[%lf%c", &ret->low, &unit) != 2 || !strchr(line, ')'))
		return false;
	if (unit == 'K')
		ret->low *= 1024;
	return sscanf(strchr(line, ')') + 1, "%lu", &ret->count) == 1;
}

/* The middle of the bucket that holds the median of a device; *ret_n: of how many packets. */
static double bpftrace_median(const char *text, const char *device, unsigned long *ret_n)
{
	struct histogram_line bucket;
	unsigned long below = 0;
	const char *start;
	char key[32];

	snprintf(key, sizeof(key), "@d[%s]:", device);
	start = strstr(text, key);
	*ret_n = 0;
	if (!start)
		fail_msg("bpftrace saw nothing at %s: %s", device, text);
	start = strchr(start, '\n') + 1;
	for (const char *line = start; read_bucket(line, &bucket); line = strchr(line, '\n') + 1)
		*ret_n += bucket.count;
	for (const char *line = start; read_bucket(line, &bucket); line = strchr(line, '\n') + 1) {
		below += bucket.count;
		if (2 * below >= *ret_n)
			return bucket.low + BUCKET_NS / 2.0;
	}
	fail_msg("bpftrace has no median for %s", device);
	return 0;
}

/* Medians of one way to look at it, in ns; the least of several rounds. */
struct view {
	double round_trip, segments[DEVICES], event_cost;
};

static double least(double a, double b)
{
	return a > 0 && a < b ? a : b;
}

static void look(struct view *view, const char *probes)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	json_t *cell, *cost;
	char path[PATH_MAX];

	data_path("line.json", path, sizeof(path));
	finished = labrun("run", path, "--quiet", "--out", "r", "--set", probes);
	assert_measured(finished);
	summary = read_json("r", "summary.json");
	assert_true(is_valid(summary));
	cell = cell_of(summary, 0);
	view->round_trip =
		least(view->round_trip, number_of(find_series(cell, "rtt", "both"), "p50"));
	cost = json_object_get(json_object_get(cell, "probe_cost"), "event_ns");
	for (size_t i = 0; cost && i < DEVICES; i++) {
		json_t *series = find_series(cell, ends[i].segment, ends[i].direction);

		view->segments[i] = least(view->segments[i], number_of(series, "p50"));
		view->event_cost = least(view->event_cost, number_of(cost, "mean"));
	}
	remove_tree("r");
}

static void look_with_bpftrace(struct view *view, struct view *labruns, const char *probes)
{
	_free_ char *text = NULL;
	struct bpftrace bpftrace;
	unsigned long n, first = 0;

	if (!bpftrace_start(&bpftrace)) {
		text = run_read(bpftrace.out);
		skip_because("bpftrace does not work here: %.*s", (int)strcspn(text, "\n"), text);
	}
	look(labruns, probes);
	text = bpftrace_stop(&bpftrace);
	for (size_t i = 0; i < DEVICES; i++) {
		view->segments[i] =
			least(view->segments[i], bpftrace_median(text, ends[i].device, &n));
		/* 4 batches of 100 and a warm-up of 10, and what it took until the path was
		 * ready: each passed each device. */
		first = first ? first : n;
		assert_int_equal(n, first);
		assert_in_range(n, 440, 600);
	}
}

/* It reads the tracepoints' formats, mounted for us alone where the machine has them nowhere. */
static void need_bpftrace(void)
{
	if (!proc_exists("bpftrace"))
		skip_because("bpftrace is not installed");
	if (access("/sys/kernel/tracing/events", F_OK))
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (access("/sys/kernel/debug/tracing/events", F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

/*
 * A tool's own figure for a segment is the segment, plus the rest of its program at the first
 * tracepoint after the time was taken, plus its program at the second before. So the truth lies
 * between the figure and the figure less one firing of each. labrun's firing is calibrated, both
 * being alike. bpftrace's two differ (one stores, the other looks up and counts), and only their
 * sum is known, from what it adds to the round trip of four crossings: its figure may be too
 * large by anything up to that sum. A bucket and a fifth, for how far the least of three rounds
 * lie apart on a machine that does other things too, come on top.
 */
static void test_medians_agree_with_bpftrace(void **state)
{
	struct view hops = {}, none = {}, bpftrace = {}, under_bpftrace = {};
	double both_firings;

	(void)state;
	need_tracing();
	need_bpftrace();
	for (unsigned i = 0; i < ROUNDS; i++) {
		look(&hops, "probes=[{\"kind\":\"hops\"}]");
		look(&none, "probes=[]");
		look_with_bpftrace(&bpftrace, &under_bpftrace, "probes=[]");
	}
	both_firings = (under_bpftrace.round_trip - none.round_trip) / DEVICES;
	printf("labrun: %.0f ns an event; bpftrace: %.0f ns a crossing\n", hops.event_cost,
	       both_firings);
	for (size_t i = 0; i < DEVICES; i++) {
		double truth = hops.segments[i] - hops.event_cost;
		double slack = BUCKET_NS + 0.2 * bpftrace.segments[i];

		printf("%s %s: labrun %.0f ns, corrected %.0f ns; bpftrace %.0f ns\n",
		       ends[i].segment, ends[i].direction, hops.segments[i], truth,
		       bpftrace.segments[i]);
		if (truth > bpftrace.segments[i] + slack ||
		    truth < bpftrace.segments[i] - both_firings - slack)
			fail_msg("beyond what the two tools' own costs explain");
	}
}

/* Both at once see the same packets: each then times the other's firings too, and no more. */
static void test_same_packets_as_bpftrace(void **state)
{
	struct view hops = {}, none = {}, bpftrace = {};
	double both_firings;

	(void)state;
	need_tracing();
	need_bpftrace();
	for (unsigned i = 0; i < ROUNDS; i++) {
		look(&none, "probes=[]");
		look_with_bpftrace(&bpftrace, &hops, "probes=[{\"kind\":\"hops\"}]");
	}
	both_firings = (hops.round_trip - none.round_trip) / DEVICES;
	for (size_t i = 0; i < DEVICES; i++) {
		printf("%s %s: labrun %.0f ns, bpftrace %.0f ns\n", ends[i].segment,
		       ends[i].direction, hops.segments[i], bpftrace.segments[i]);
		assert_near(hops.segments[i], bpftrace.segments[i],
			    both_firings + BUCKET_NS + 0.2 * bpftrace.segments[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_devices_carry_the_load_alone),
		program_test(test_traced_equals_counted),
		program_test(test_medians_agree_with_bpftrace),
		program_test(test_same_packets_as_bpftrace),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
