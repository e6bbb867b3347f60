// SPDX-License-Identifier: GPL-2.0-only
/*
 * `labrun run --pcap`: what tshark makes of packets.pcapng, packet by packet, beside samples.csv.
 */
#include "tests/netns/result_fixture.h"

#define MAX_FIELDS 9

struct sight {
	char *interface, *comment, *protocols;
	int64_t time_ns;
	unsigned cell, batch, iteration, length, captured;
	char direction[12];
};

struct capture_file {
	char *text; /* that the sights point into */
	struct sight *sights;
	size_t count;
};

static void capture_file_done(struct capture_file *file)
{
	free(file->text);
	free(file->sights);
}
#define _capture_file_ __attribute__((cleanup(capture_file_done)))

#define need_tshark()                                                                              \
	do {                                                                                       \
		need_tracing();                                                                    \
		if (access("/usr/bin/tshark", X_OK))                                               \
			skip_because("tshark is not installed (apt install tshark)");              \
	} while (0)

static void become_tshark(void)
{
	setenv("HOME", "/nonexistent", 1);
	execl("/usr/bin/tshark", "tshark", "-r", "result/packets.pcapng", "-T", "fields", "-E",
	      "separator=/t", "-e", "frame.interface_name", "-e", "frame.time_epoch", "-e",
	      "frame.len", "-e", "frame.cap_len", "-e", "frame.protocols", "-e", "frame.comment",
	      "-e", "_ws.malformed", NULL);
	_exit(127);
}

/* "1763644803.943011752": whole nanoseconds, of which a double has not enough. */
static int64_t parse_time(const char *text)
{
	long long seconds;
	char digits[10];

	if (sscanf(text, "%lld.%9[0-9]", &seconds, digits) != 2 || strlen(digits) != 9)
		fail_msg("no time in nanoseconds: %s", text);
	return seconds * 1000000000 + atoll(digits);
}

static void parse_sight(struct sight *sight, char *line)
{
	char *fields[MAX_FIELDS] = {};
	size_t count = 0;

	for (char *rest = line; rest && count < MAX_FIELDS; count++)
		fields[count] = strsep(&rest, "\t");
	assert_int_equal(count, 7);
	assert_string_equal(fields[6], ""); /* malformed */
	sight->interface = fields[0];
	sight->time_ns = parse_time(fields[1]);
	sight->length = (unsigned)atoi(fields[2]);
	sight->captured = (unsigned)atoi(fields[3]);
	sight->protocols = fields[4];
	sight->comment = fields[5];
	if (sscanf(fields[5], "cell %u, batch %u, iteration %u, %11[a-z]", &sight->cell,
		   &sight->batch, &sight->iteration, sight->direction) != 4)
		fail_msg("comment \"%s\"", fields[5]);
}

static struct capture_file read_capture(void)
{
	struct finished finished = run_as(become_tshark, (const char *const[]){ NULL });
	struct capture_file file = { .text = finished.out };
	char *rest = file.text, *line;

	free(finished.error);
	assert_int_equal(finished.status, 0);
	file.sights = calloc(count_lines(file.text) + 1, sizeof(*file.sights));
	while ((line = strsep(&rest, "\n")) && *line)
		parse_sight(&file.sights[file.count++], line);
	return file;
}

/* Whether `name` is in the list after `word` of a comment: ", ends a and b, begins c". */
static bool says(const char *comment, const char *word, const char *name)
{
	const char *at = strstr(comment, word);
	size_t length;

	for (at = at ? at + strlen(word) : NULL; at;
	     at = at[length] == ' ' ? at + length + 5 : NULL) {
		length = strcspn(at, " ,");
		if (length == strlen(name) && !strncmp(at, name, length))
			return true;
	}
	return false;
}

static const struct sight *find_sight(const struct capture_file *file, const struct sight *like,
				      const char *word, const char *segment)
{
	const struct sight *found = NULL;

	for (size_t i = 0; i < file->count; i++) {
		const struct sight *sight = &file->sights[i];

		if (sight->cell != like->cell || sight->batch != like->batch ||
		    sight->iteration != like->iteration ||
		    strcmp(sight->direction, like->direction) ||
		    !says(sight->comment, word, segment))
			continue;
		assert_null(found);
		found = sight;
	}
	return found;
}

/* Each sample of a segment is the difference of two packets' times; how many were. */
static size_t compare_samples(const struct capture_file *file)
{
	_fclose_ FILE *samples = fopen("result/samples.csv", "re");
	char line[256], segment[64];
	size_t count = 0;
	double value;

	assert_non_null(samples);
	while (fgets(line, sizeof(line), samples)) {
		struct sight like = {};
		const struct sight *from, *to;

		if (sscanf(line, "%u,%u,%u,%63[^,],%11[a-z],%lf", &like.cell, &like.batch,
			   &like.iteration, segment, like.direction, &value) != 6 ||
		    !strcmp(like.direction, "both"))
			continue;
		from = find_sight(file, &like, ", begins ", segment);
		to = find_sight(file, &like, ", ends ", segment);
		if (!from || !to)
			fail_msg("no packets for %s", line);
		assert_int_equal(to->time_ns - from->time_ns, (int64_t)value);
		count++;
	}
	return count;
}

static size_t count_interface(const struct capture_file *file, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < file->count; i++)
		count += !strcmp(file->sights[i].interface, name);
	return count;
}

static void assert_in_order(const struct capture_file *file)
{
	for (size_t i = 1; i < file->count; i++)
		assert_true(file->sights[i].time_ns >= file->sights[i - 1].time_ns);
}

static void test_tunnel(void **state)
{
	_finished_ struct finished finished = {};
	_capture_file_ struct capture_file file = {};

	(void)state;
	need_tshark();
	finished = labrun("run", "--pcap", "--no-charts", "--out", "result", QUICK, "vxlan");
	assert_measured(finished);
	file = read_capture();
	/* Ten points there, ten back; in the tunnel the packet is in another. */
	assert_int_equal(file.count, 40 * 20);
	assert_int_equal(compare_samples(&file), 40 * 20);
	assert_in_order(&file);
	assert_int_equal(count_interface(&file, "vm1:eth0:xmit"), 40);
	assert_int_equal(count_interface(&file, "vm1:eth0:rx"), 40);
	for (size_t i = 0; i < file.count; i++) {
		const struct sight *sight = &file.sights[i];
		bool inside = !strncmp(sight->interface, "router:", 7) ||
			      strstr(sight->interface, ":uplink:");

		assert_int_equal(sight->length, sight->captured);
		assert_string_equal(sight->protocols,
				    inside ? "eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:icmp:data"
					   : "eth:ethertype:ip:icmp:data");
	}
}

/* Cells, the driver's return, and packets that are longer than what is kept of them. */
static void test_sweep_cut_short(void **state)
{
	_finished_ struct finished finished = {};
	_capture_file_ struct capture_file file = {};
	_json_ json_t *experiment = NULL;
	bool returned = false;

	(void)state;
	need_tshark();
	finished = labrun("run", "--pcap=60", "--no-charts", "--out", "result", QUICK, "modes");
	assert_measured(finished);
	file = read_capture();
	assert_true(compare_samples(&file) > 4 * 40 * 8);
	assert_in_order(&file);
	for (size_t i = 0; i < file.count; i++) {
		assert_int_equal(file.sights[i].captured, 60);
		assert_true(file.sights[i].length > 60);
		returned |= !strcmp(file.sights[i].interface, "host:uplink:xmitted");
	}
	assert_true(returned);
	experiment = read_json("result", "experiment.json");
	assert_int_equal(
		number_of(json_array_get(json_object_get(experiment, "probes"), 0), "snaplen"), 60);
}

/* Off: no file, and no bytes taken. */
static void test_none(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	finished = labrun("run", "--no-charts", "--out", "result", QUICK, "routed");
	assert_measured(finished);
	assert_false(exists("result/packets.pcapng"));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *arguments[8];
		const char *says;
	} cases[] = {
		{ { "run", "--pcap=0", "routed" }, "--help" },
		{ { "run", "--pcap=x", "routed" }, "--help" },
		{ { "run", "--pcap=257", "routed" }, "outside 0..256" },
		{ { "run", "--pcap", "--vm", "routed" }, "--pcap" },
		{ { "run", "--vm", "--set", "probes[0].snaplen=9", "routed" }, "in a guest" },
		{ { "run", "--pcap", "path-rate" }, "no probe hops" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_finished_ struct finished finished = run_as(NULL, cases[i].arguments);

		assert_status(finished, 2);
		assert_says(finished.error, cases[i].says);
		assert_int_equal(count_entries("."), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_tunnel),
		program_test(test_sweep_cut_short),
		program_test(test_none),
		program_test(test_refusals),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
