/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Folders made of fuzzers' inputs. An input is the files of a folder, each ended by a NUL, in the
 * order of a list; a file for which nothing is left is not there. All is in memory, as reads and
 * writes are most of the time.
 */

#include "harness/cleanup.h"
#include "harness/file.h"
#include "tests/unit/synthetic.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

static const char *const result_files[] = { "summary.json",
					    "environment.json",
					    "experiment.json",
					    "topology.json",
					    "topology-1.json",
					    "samples.csv",
					    "counters.csv",
					    "calibration.csv",
					    "SHA256SUMS",
					    "report.html",
					    NULL };

/* What a seed is made from, and what its experiment says besides. */
struct fuzz_seed {
	const char *name;
	struct synthetic about;
	const char *sweep, *claims; /* JSON, with ' in place of " */
	unsigned shards; /* it is the first of so many */
};

#define SEGMENTS                                                                                   \
	.segments = { "veth1", "bridge", "veth2" }, .means_ns = { 3000, 12000, 2900.5 },           \
	.span = "whole", .batches = 2

static const struct fuzz_seed fuzz_seeds[] = {
	{ "small",
	  { .title = "Small", SEGMENTS, .iterations = 2, .calibrated = true },
	  NULL,
	  "[{'id':'o','text':'a','test':'order','greater':{'series':'bridge'},"
	  "'than':[{'series':'veth1'}]},"
	  "{'id':'r','text':'b','test':'ratio','of':{'series':'bridge'},'to':{'series':'veth1'},"
	  "'at_least':3,'at_most':5},"
	  "{'id':'w','text':'c','test':'within','series':{'series':'veth1','stat':'p99'},"
	  "'low':1,'high':1e6}]",
	  0 },
	{ "sweep",
	  { .title = "Sweep", SEGMENTS, .services = 3, .modes = 2, .iterations = 1 },
	  "{'topology.nodes.node1.proxy.services':[100,400,900],"
	  "'topology.nodes.node1.proxy.mode':['iptables-legacy','iptables-nft']}",
	  "[{'id':'f','text':'a','test':'flat','series':{'series':'veth1'},'over':'services',"
	  "'where':{'mode':'iptables-nft'},'tolerance':0.1},"
	  "{'id':'l','text':'b','test':'linear','series':{'series':'bridge'},'over':'services',"
	  "'where':{'mode':'iptables-legacy'}},"
	  "{'id':'c','text':'c','test':'crossover','lower':{'series':'veth1'},"
	  "'higher':{'series':'veth2'},'over':'services'}]",
	  0 },
	{ "exact", { .title = "Exact", SEGMENTS, .iterations = 2, .exact = true }, NULL, NULL, 0 },
	{ "bulk",
	  { .title = "Bulk", SEGMENTS, .services = 2, .iterations = 1, .bulk = true },
	  "{'topology.nodes.node1.proxy.services':[100,400]}",
	  NULL,
	  0 },
	{ "sides",
	  { .title = "Sides", SEGMENTS, .services = 2, .iterations = 2 },
	  "{'topology.nodes.node1.proxy.services':[100,400]}",
	  NULL,
	  0 },
	{ "shard",
	  { .title = "Shard", SEGMENTS, .services = 2, .iterations = 1 },
	  "{'topology.nodes.node1.proxy.services':[100,400]}",
	  NULL,
	  2 },
};

/* Below it everything is made; gone when the process ends in an orderly way. */
static char fuzz_base[] = "/dev/shm/labrun-fuzz.XXXXXX";

static inline char *path_of(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static inline void remove_base(void)
{
	file_remove_tree(fuzz_base);
}

static inline json_t *parse_quoted(const char *text)
{
	_free_ char *json = strdup(text);
	json_t *parsed;

	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	parsed = json_loads(json, 0, NULL);
	if (!parsed)
		abort();
	return parsed;
}

static inline json_t *load_member(const char *folder, const char *name)
{
	_free_ char *path = path_of(folder, name);
	json_t *json = json_load_file(path, 0, NULL);

	if (!json)
		abort();
	return json;
}

static inline void store_member(const char *folder, const char *name, json_t *json)
{
	_free_ char *path = path_of(folder, name);

	if (json_dump_file(json, path, JSON_INDENT(1)))
		abort();
	json_decref(json);
}

static inline void dress_seed(const struct fuzz_seed *seed, const char *folder)
{
	json_t *experiment = load_member(folder, "experiment.json");
	json_t *summary = load_member(folder, "summary.json");
	json_t *environment = load_member(folder, "environment.json");

	if (seed->sweep)
		json_object_set_new(experiment, "sweep", parse_quoted(seed->sweep));
	if (seed->claims)
		json_object_set_new(experiment, "claims", parse_quoted(seed->claims));
	if (!strcmp(seed->name, "sides"))
		json_object_set_new(experiment, "against",
				    json_string("topology.nodes.node1.proxy.services"));
	if (seed->shards)
		json_object_set_new(
			summary, "shard",
			json_pack("{s:i, s:i}", "index", 1, "count", (int)seed->shards));
	if (seed->about.exact) {
		json_object_set_new(experiment, "seeds", json_integer(2));
		json_object_set_new(environment, "vm",
				    parse_quoted("[{'exact':true,'kernel':{'version':'6.1'}}]"));
	}
	store_member(folder, "experiment.json", experiment);
	store_member(folder, "summary.json", summary);
	store_member(folder, "environment.json", environment);
}

/* The folders stay: they are what mutated ones are compared with. */
static inline void make_seed_folders(void)
{
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(fuzz_seeds); i++) {
		_free_ char *folder = path_of(fuzz_base, fuzz_seeds[i].name);

		if (synthetic_write(&fuzz_seeds[i].about, folder, NULL, &err))
			abort();
		dress_seed(&fuzz_seeds[i], folder);
	}
}

/* Those that are not there are empty files in the input. */
static inline void write_input(const char *folder, const char *const *files, const char *to)
{
	_fclose_ FILE *out = fopen(to, "we");
	struct err err;

	if (!out)
		abort();
	for (; *files; files++) {
		_free_ char *path = path_of(folder, *files), *text = NULL;
		size_t length = 0;

		if (!access(path, F_OK) && file_read(path, &text, &length, &err))
			abort();
		fwrite(text ? text : "", 1, length, out);
		fputc('\0', out);
	}
}

/* Inputs to begin with, into the folder $LABRUN_FUZZ_SEEDS. */
static inline void write_seed_inputs(const char *const *files)
{
	const char *into = getenv("LABRUN_FUZZ_SEEDS");

	for (size_t i = 0; into && i < ARRAY_SIZE(fuzz_seeds); i++) {
		_free_ char *folder = path_of(fuzz_base, fuzz_seeds[i].name);
		_free_ char *to = path_of(into, fuzz_seeds[i].name);

		write_input(folder, files, to);
	}
}

static inline void make_base(void)
{
	if (!mkdtemp(fuzz_base) || atexit(remove_base))
		abort();
}

/* An empty file is no file: that they are missing is to be tried too. */
static inline void write_folder(const char *folder, const char *const *files, const uint8_t *data,
				size_t size)
{
	struct err err;

	for (; *files; files++) {
		_free_ char *path = path_of(folder, *files);
		size_t length = strnlen((const char *)data, size);

		unlink(path);
		if (length && file_write(path, (const char *)data, length, &err))
			abort();
		data += length + (length < size);
		size -= length + (length < size);
	}
}

/* A refusal must come with words. */
static inline void expect_words(int code, struct err *err)
{
	if (code && !err->text[0])
		abort();
	err->text[0] = '\0';
}

static inline FILE *nowhere(void)
{
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "w");
	if (!out)
		abort();
	return out;
}
