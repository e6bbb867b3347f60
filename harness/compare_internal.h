/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The parts of a comparison; inside compare*.c only. */

#include "harness/compare.h"
#include "harness/minimum_effect.h"
#include "harness/results.h"
#include "harness/stats.h"

struct compare_pair {
	const json_t *base, *new; /* cells of equal factors; NULL: that side has none */
	size_t base_index, new_index;
};

/* How the two sides were taken, natively and in --vm: what may be concluded from their spread. */
enum compare_taken {
	TAKEN_APART, /* at different times: nothing */
	TAKEN_INTERLEAVED, /* in one run, A B B A */
	TAKEN_REPEATED, /* a side at least has the spread of its runs */
};

struct compare {
	/* Of several runs the first, with the runs' means in place of its batches'. */
	struct result_folder base, new;
	size_t base_runs, new_runs; /* 1: not repeated */
	enum compare_taken taken;
	const char *against; /* the factor whose two values are the sides; NULL: two folders */
	json_t *base_side, *new_side; /* those values */
	struct compare_pair *pairs; /* in base's order, then what only new has */
	size_t pair_count;
	json_t *report, *rows; /* what compare_folders() gives; its "rows", borrowed */
	bool exact;
	struct minimum_effect effect;
};

/* Reads what is to be compared, see compare_folders(). */
int compare_open(struct compare *compare, const char *base, const char *new, struct err *err);
void compare_close(struct compare *compare);
/* `dir`, or the runs in it, of which it says how many. */
int compare_read_runs(struct result_folder *ret, size_t *ret_runs, const char *dir,
		      struct err *err);
/* Each series' batches become their one mean, a run among runs; "batch_errors" has the standard
 * error of each run's mean by its batches. */
void compare_take_as_run(json_t *summary);

/* The factors as a text equal for equal factors: 1500 and 1500.0 are. `except` (or NULL) is left
 * out. The caller frees. */
char *compare_factors_key(const json_t *factors, const char *except);
void compare_match_cells(struct compare *compare);
/* NULL if the cell has no series of that name and direction. */
const json_t *compare_find_series(const json_t *cell, const json_t *like);
/* What a probe's several methods measure is not the same. */
bool compare_methods_differ(const json_t *base, const json_t *new);
/* That units agree, and that each series has the figures that are compared. */
int compare_check(const struct compare *compare, struct err *err);
/* A row for each cell that one side lacks or that failed. True for a pair to compare. */
void compare_report_cells(struct compare *compare);
bool compare_pair_whole(const struct compare_pair *pair);

/* Appends a row about a series (NULL: about a whole cell) without a verdict yet; borrowed. */
json_t *compare_add_row(struct compare *compare, const json_t *factors, const json_t *series);
void compare_set_verdict(json_t *row, const char *verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* 1 where more is worse, -1 where more is better. */
int compare_worse_sign(const char *unit);
/* Those of a list that are numbers; `values` has room for all. How many. */
size_t compare_take_numbers(const json_t *list, double *values);
/* null for what is not finite. */
json_t *compare_number(double value);
const char *compare_string(const json_t *object, const char *key); /* "" for none */

/* Appends {"member", "base", "new"} for each leaf in which the two differ; either may be NULL. */
void compare_differences(json_t *list, const char *path, const json_t *base, const json_t *new);
/* Writes "bundle"; the folders are exact. */
int compare_bundle(struct compare *compare, bool *ret_equal, struct err *err);
int compare_files_equal(const struct compare *compare, const char *name, bool *ret_equal,
			struct err *err);

/* Each a method: adds its rows and their verdicts. */
int compare_bytes(struct compare *compare, struct err *err);
void compare_spread(struct compare *compare);
void compare_slopes(struct compare *compare);

/* One side's values of a batch each (those that are numbers); figures and p value into the row.
 * `least` is the smallest difference worth a verdict, in the row's unit. */
struct compare_sides {
	double *base, *new;
	size_t base_count, new_count;
};
void compare_set_figures(json_t *row, const struct compare_sides *sides, double least);
/* What each batch gave: p50 in exact mode, else the mean; an array of numbers and nulls. */
const json_t *compare_batches(const struct compare *compare, const json_t *series);
/* The row's "budget"; the row has its "ci95". */
void compare_set_budget(const struct compare *compare, json_t *row, const struct compare_pair *pair,
			const json_t *base, const json_t *new);
