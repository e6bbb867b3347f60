/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Pairs of made-up result folders, and what is expected of their comparison. */

#include "tests/test.h"

#include "harness/compare.h"
#include "harness/file.h"
#include "tests/unit/folder.h"
#include "tests/unit/synthetic.h"

#include <errno.h>
#include <unistd.h>

/* A result of instructions: two or more cells of `services`, two segments both ways, lateness. */
struct made {
	const char *mode, *vm, *name; /* NULL: exact, one kernel, "synthetic" */
	size_t services;
	unsigned batches;
	double shift, per_service; /* of veth1 request: in every cell; times the services */
	double spread; /* between batches */
	/* One sample, of cell 1, veth2 reply, batch 2, iteration 3; all of a batch of lateness. */
	double move, lateness;
	bool without_veth2, invalid;
	const char *unit;
};

#define ITERATIONS 5

static const struct synthetic about = { .title = "Compared",
					.segments = { "veth1", "veth2" },
					.services = 2,
					.batches = 4,
					.iterations = ITERATIONS };

struct fixture {
	char root[FOLDER_BYTES], base[80], new[80];
};

static inline int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));

	snprintf(fixture->base, sizeof(fixture->base), "%s/base", fixture->root);
	snprintf(fixture->new, sizeof(fixture->new), "%s/new", fixture->root);
	*state = fixture;
	return 0;
}

static inline double services_of(uint32_t cell)
{
	return 100.0 * (cell + 1) * (cell + 1);
}

static inline void add(struct samples *samples, const struct made *made, const char *name,
		       enum direction direction, struct sample at, double value)
{
	const char *unit = made->unit ? made->unit : "instructions";

	samples_add(samples, at.cell, at.batch, at.iteration,
		    samples_series(samples, name, direction, unit), value);
}

static inline void add_packet(struct samples *samples, const struct made *made, struct sample at)
{
	/* Seeds differ by their own amounts, and the last packet of a batch is slow. */
	double seed = made->spread * ((at.batch * 7 + at.cell * 3) % 5 - 2.0);
	double tail = at.iteration == ITERATIONS - 1 ? 400 : at.iteration % 2;
	bool moved = at.cell == 1 && at.batch == 2 && at.iteration == 3;

	add(samples, made, "veth1", DIRECTION_REQUEST, at,
	    1000 + seed + tail + made->shift + (2 + made->per_service) * services_of(at.cell));
	add(samples, made, "veth1", DIRECTION_REPLY, at, 700 + seed + tail);
	if (!made->without_veth2) {
		add(samples, made, "veth2", DIRECTION_REQUEST, at, 650 + seed + tail);
		add(samples, made, "veth2", DIRECTION_REPLY, at,
		    620 + seed + tail + (moved ? made->move : 0));
	}
	add(samples, made, "lateness", DIRECTION_BOTH, at,
	    50 + (at.batch == 1 ? made->lateness : 0));
}

static inline json_t *make_summary(const struct made *made, const struct plan *plan,
				   const struct samples *samples)
{
	struct summary_cell cells[8] = { 0 };
	json_t *summary;

	for (size_t i = 0; i < plan->cell_count; i++)
		cells[i].factors = plan->cells[i].factors;
	summary = summary_build(
		&(struct summary_input){ .experiment = made->name ? made->name : "synthetic",
					 .mode = made->mode ? made->mode : "exact",
					 .cells = cells,
					 .cell_count = plan->cell_count,
					 .samples = samples });
	if (made->invalid)
		json_object_set_new(summary, "valid", json_false());
	return summary;
}

static inline json_t *make_environment(const struct made *made)
{
	const char *vm =
		made->vm ? made->vm
			 : "[{\"initramfs\": \"a1b2c3\", \"kernel\": {\"release\": \"6.1.0\"}}]";
	json_t *environment = json_object();

	if (*vm)
		json_object_set_new(environment, "vm", json_loads(vm, 0, NULL));
	return environment;
}

static inline void make(const char *dir, const struct made *made)
{
	struct synthetic of = about;
	struct samples *samples = samples_new();
	_json_ json_t *environment = make_environment(made), *summary = NULL;
	_results_ struct results *results = NULL;
	struct plan plan;
	struct err err;
	int code;

	of.services = made->services ? made->services : of.services;
	of.batches = made->batches ? made->batches : of.batches;
	synthetic_plan(&of, &plan);
	for (uint32_t batch = 0; batch < of.batches; batch++)
		for (uint32_t cell = 0; cell < plan.cell_count; cell++)
			for (uint32_t i = 0; i < ITERATIONS; i++)
				add_packet(samples, made, (struct sample){ cell, batch, i, 0, 0 });
	summary = make_summary(made, &plan, samples);
	code = results_open(&results, &plan, dir, &err);
	if (!code)
		code = results_write(results, &plan,
				     &(struct results_final){ .samples = samples,
							      .summary = summary,
							      .environment = environment },
				     &err);
	if (!code)
		code = results_commit(results, &err);
	if (code)
		fail_msg("%s", err.text);
	samples_free(samples);
	synthetic_plan_done(&plan);
}

static inline json_t *compare(const struct fixture *fixture)
{
	json_t *comparison = NULL;
	struct err err = {};

	if (compare_folders(&comparison, fixture->base, fixture->new, NAN, &err))
		fail_msg("%s", err.text);
	return comparison;
}

static inline json_t *compare_made(const struct fixture *fixture, const struct made *base,
				   const struct made *new)
{
	make(fixture->base, base);
	make(fixture->new, new);
	return compare(fixture);
}

static inline void expect_refusal(const struct fixture *fixture, const char *said)
{
	json_t *comparison = NULL;
	struct err err = {};

	assert_int_equal(compare_folders(&comparison, fixture->base, fixture->new, NAN, &err),
			 -EINVAL);
	assert_null(comparison);
	assert_int_equal(err.class, ERR_USAGE);
	if (!strstr(err.text, said))
		fail_msg("\"%s\" is not in: %s", said, err.text);
}

typedef void (*printer)(const json_t *comparison, FILE *out);

static inline char *printed(const json_t *comparison, printer print)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(comparison, out);
	fclose(out);
	return text;
}

static inline char *text_of(const json_t *comparison)
{
	return printed(comparison, compare_text);
}

static inline void expect_text(const json_t *comparison, const char *part)
{
	_free_ char *text = text_of(comparison);

	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline const char *string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static inline double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static inline int count_of(const json_t *comparison, const char *verdict)
{
	return (int)number(json_object_get(comparison, "counts"), verdict);
}

/* The n-th row of that verdict. */
static inline const json_t *row_of(const json_t *comparison, const char *verdict, size_t n)
{
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		if (!strcmp(string(row, "verdict"), verdict) && !n--)
			return row;
	fail_msg("no such row of %s", verdict);
	return NULL;
}

static inline void write_text(const char *dir, const char *name, const char *text)
{
	_free_ char *path = NULL;
	struct err err;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	assert_int_equal(file_write(path, text, strlen(text), &err), 0);
}

static inline json_t *read_json(const char *dir, const char *name)
{
	_free_ char *path = NULL;
	json_t *json;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	json = json_load_file(path, 0, NULL);
	assert_non_null(json);
	return json;
}

static inline void write_json(const char *dir, const char *name, const json_t *json)
{
	_free_ char *text = json_dumps(json, JSON_INDENT(2));

	write_text(dir, name, text);
}
