// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_cells.h"

#include "harness/cleanup.h"

#include <string.h>

#define DIFFERENCES_SHOWN 20
#define SUMMARY_SHOWN 5
#define MOVES_SHOWN 3
#define VALUE_SHOWN 48
/* How much of what is equal leads up to the difference. */
#define VALUE_LEAD 12

static bool is_method(const json_t *comparison, const char *method)
{
	return !strcmp(compare_string(comparison, "method"), method);
}

/* Hashes and command lines are long and differ somewhere: the part about that. */
static void put_part(struct cell_text *text, const char *value, size_t from)
{
	bool cut = strlen(value) > from + VALUE_SHOWN;

	cell_put(text, "%s%.*s%s", from ? "..." : "", VALUE_SHOWN, value + from, cut ? "..." : "");
}

static void put_values(struct cell_text *text, const json_t *difference)
{
	_free_ char *base = compare_value_text(json_object_get(difference, "base"));
	_free_ char *new = compare_value_text(json_object_get(difference, "new"));
	size_t from = 0;

	while (base[from] && base[from] == new[from])
		from++;
	if (strlen(base) <= VALUE_SHOWN && strlen(new) <= VALUE_SHOWN)
		from = 0;
	from = from > VALUE_LEAD ? from - VALUE_LEAD : 0;
	/* Not in the middle of a character. */
	while (from && ((unsigned char)base[from] & 0xc0) == 0x80)
		from--;
	put_part(text, base, from);
	cell_put(text, " -> ");
	put_part(text, new, from);
}

static void print_differences(const json_t *list, size_t most, FILE *out)
{
	const json_t *difference;
	size_t i;

	json_array_foreach (list, i, difference) {
		struct cell_text text = { 0 };

		if (i == most)
			break;
		cell_put(&text, "%s", compare_string(difference, "member"));
		if (json_object_size(difference) > 1) {
			cell_put(&text, ": ");
			put_values(&text, difference);
		} else {
			cell_put(&text, " differs");
		}
		fprintf(out, "    %s\n", cell_get(&text));
		cell_done(&text);
	}
	if (json_array_size(list) > most)
		fprintf(out, "    and %zu more\n", json_array_size(list) - most);
}

static void print_side(const json_t *comparison, const char *side, FILE *out)
{
	struct cell_text text = { 0 };

	cell_put(&text, "  %-5s ", side);
	compare_put_source(&text, comparison, side);
	fprintf(out, "%s\n", cell_get(&text));
	cell_done(&text);
}

static void print_bytes_method(const json_t *comparison, FILE *out)
{
	fprintf(out, "  the same bundle: results must agree to the byte\n");
	if (json_is_false(json_object_get(comparison, "byte_equal")))
		fprintf(out, "  and do not: what moved them is not in the bundle's fingerprint\n");
}

static const char *effect_unit(const char *unit, double count)
{
	if (!strcmp(unit, "percent"))
		return "%";
	return !strcmp(unit, "instructions") && count == 1 ? "instruction" : unit;
}

/* What the verdicts stand for, in two lines. */
static void print_rule(const json_t *comparison, FILE *out)
{
	json_t *effect = json_object_get(comparison, "minimum_effect"), *value;
	const char *unit, *between = "";

	fprintf(out, "  Differences have 95 %% intervals by Welch's t. Moved is what Holm's "
		     "correction leaves\n  standing and is at least ");
	json_object_foreach (effect, unit, value) {
		fprintf(out, "%s%.10g %s", between, json_number_value(value),
			effect_unit(unit, json_number_value(value)));
		between = " and ";
	}
	fprintf(out, "; the same is what lies within that, interval and all\n");
}

static void print_seeds_method(const json_t *comparison, FILE *out)
{
	const json_t *bundle = json_object_get(comparison, "bundle");

	if (json_is_object(bundle)) {
		fprintf(out, "  different bundles:\n");
		print_differences(json_object_get(bundle, "differences"), DIFFERENCES_SHOWN, out);
	}
	fprintf(out, "  p50 of each seed, as mean [min, max] over seeds, in instructions unless "
		     "said.\n");
}

static void print_batches_method(const json_t *comparison, FILE *out)
{
	const char *taken = compare_string(comparison, "taken");

	if (!strcmp(taken, "interleaved"))
		fprintf(out, "  one run, the sides taken in turn (A B B A): the batches' means, as "
			     "mean [min, max].\n");
	else if (!strcmp(taken, "repeated"))
		fprintf(out, "  each run's mean, as mean [min, max] over the runs: their spread "
			     "holds what differs\n  from one run to the next.\n");
	else
		fprintf(out,
			"  the batches' means, as mean [min, max]. At most inconclusive: folders "
			"taken at different\n"
			"  times differ by more than their batches show; `run --against` and `run "
			"--repeat` can tell.\n");
}

static void print_method(const json_t *comparison, FILE *out)
{
	const json_t *differences = json_object_get(comparison, "environment_differences");

	if (is_method(comparison, "bytes")) {
		print_bytes_method(comparison, out);
		return;
	}
	if (is_method(comparison, "seeds"))
		print_seeds_method(comparison, out);
	else
		print_batches_method(comparison, out);
	print_rule(comparison, out);
	if (!json_array_size(differences))
		return;
	fprintf(out, "  what differs between the two runs:\n");
	print_differences(differences, DIFFERENCES_SHOWN, out);
}

static void put_moves(struct cell_text *text, const json_t *row)
{
	const json_t *moves = json_object_get(row, "moves"), *move;
	size_t i;

	json_array_foreach (moves, i, move) {
		_free_ char *base = compare_value_text(json_object_get(move, "base"));
		_free_ char *new = compare_value_text(json_object_get(move, "new"));

		if (i == MOVES_SHOWN)
			break;
		cell_put(text, "%sbatch %.0f iteration %.0f: %s -> %s", i ? ", " : "",
			 json_read_number(move, "batch"), json_read_number(move, "iteration"), base,
			 new);
	}
	if (json_array_size(moves) > MOVES_SHOWN)
		cell_put(text, ", ...");
}

static void put_counts(struct cell_text *text, const json_t *row)
{
	static const struct {
		const char *key, *words;
	} counts[] = { { "more", "more" },
		       { "fewer", "fewer" },
		       { "only_base", "only in BASE" },
		       { "only_new", "only in NEW" } };
	size_t batches = json_array_size(json_object_get(row, "batches_moved"));
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		double count = json_read_number(row, counts[i].key);

		if (!(count > 0))
			continue;
		cell_put(text, "%s%.0f %s", between, count, counts[i].words);
		between = ", ";
	}
	cell_put(text, " of %.0f, in %zu %s", json_read_number(row, "samples"), batches,
		 batches == 1 ? "batch" : "batches");
}

static void put_moved(struct table_text *table, const json_t *row)
{
	put_counts(table_next(table), row);
	cell_put(table_next(table), "%+.10g %s", json_read_number(row, "net"),
		 compare_shown_unit(row));
	put_moves(table_next(table), row);
	table_next(table);
}

static void put_spread(struct table_text *table, const json_t *comparison, const json_t *row)
{
	compare_put_side(table_next(table), row, "base");
	compare_put_side(table_next(table), row, "new");
	compare_put_difference(table_next(table), row);
	compare_put_budget(table_next(table), comparison, row);
}

/* Why there are no figures, in their place. */
static void put_reason(struct table_text *table, const json_t *row)
{
	struct cell_text *text = table_next(table);

	text->spans = true;
	cell_put(text, "%s", compare_string(row, "detail"));
	for (int i = 0; i < 4; i++)
		table_next(table);
}

static enum terminal_color color_of(const char *verdict)
{
	if (!strcmp(verdict, "regression"))
		return TERMINAL_BAD;
	if (!strcmp(verdict, "improvement"))
		return TERMINAL_GOOD;
	return strcmp(verdict, "inconclusive") ? TERMINAL_PLAIN : TERMINAL_OPEN;
}

static void put_row(struct table_text *table, const json_t *comparison, const json_t *row)
{
	struct cell_text *verdict = table_next(table);
	bool moved = json_object_get(row, "samples");

	verdict->color = color_of(compare_string(row, "verdict"));
	cell_put(verdict, "%s", compare_string(row, "verdict"));
	compare_put_cell_name(table_next(table), row);
	compare_put_series_name(table_next(table), row);
	if (!moved && !json_object_get(row, "difference")) {
		put_reason(table, row);
		return;
	}
	if (moved)
		put_moved(table, row);
	else
		put_spread(table, comparison, row);
	cell_put(table_next(table), "%s", compare_string(row, "detail"));
}

/* What did not move to the byte needs no line; lateness is for --json. */
static bool is_listed(const json_t *row, bool bytes)
{
	const char *verdict = compare_string(row, "verdict");

	return *verdict && !(bytes && !strcmp(verdict, "same"));
}

static void fill_table(struct table_text *table, const json_t *comparison)
{
	bool bytes = is_method(comparison, "bytes");
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		if (is_listed(row, bytes))
			put_row(table, comparison, row);
}

static void print_table(const json_t *comparison, FILE *out)
{
	static const char *const moved[] = { "verdict", "cell",	 "series", "samples",
					     "net",	"first", "",	   "" };
	static const char *const spread[] = { "verdict", "cell",       "series",	 "base",
					      "new",	 "difference", "may be owed to", "" };
	struct table_text table = { 0 };

	table_init(&table, is_method(comparison, "bytes") ? moved : spread);
	fill_table(&table, comparison);
	if (table_rows(&table) > 1) {
		fputc('\n', out);
		table_print(&table, out);
	}
	table_done(&table);
}

static void print_equal(const json_t *comparison, FILE *out)
{
	fprintf(out, "\nsame  byte-equal: %.0f samples\n",
		json_read_number(comparison, "sample_count"));
}

static void print_extra(const json_t *comparison, FILE *out)
{
	const json_t *list = json_object_get(comparison, "summary_differences"), *note;
	size_t i;

	if (json_array_size(list)) {
		fprintf(out, "\n  in summary.json, besides the series:\n");
		print_differences(list, SUMMARY_SHOWN, out);
	}
	json_array_foreach (json_object_get(comparison, "notes"), i, note)
		fprintf(out, "\n  %s\n", json_string_value(note));
}

void compare_text(const json_t *comparison, FILE *out)
{
	struct cell_text title = { 0 };

	cell_put(&title, "%s (%s)", compare_string(comparison, "experiment"),
		 compare_string(comparison, "mode"));
	fprintf(out, "%s\n", cell_get(&title));
	cell_done(&title);
	print_side(comparison, "base", out);
	print_side(comparison, "new", out);
	print_method(comparison, out);
	if (json_is_true(json_object_get(comparison, "byte_equal")))
		print_equal(comparison, out);
	print_table(comparison, out);
	print_extra(comparison, out);
	fputc('\n', out);
	compare_print_counts(comparison, out);
}
