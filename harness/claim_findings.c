// SPDX-License-Identifier: GPL-2.0-only
#include "claim.h"

#include "harness/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_SHOWN = 3 }; /* the rest is counted; charts show all */

struct finding {
	enum verdict verdict;
	char *label, *text;
};

struct findings {
	struct finding *items;
	size_t count;
};

struct findings *findings_new(void)
{
	struct findings *findings = calloc(1, sizeof(*findings));

	if (!findings)
		abort();
	return findings;
}

void findings_free(struct findings *findings)
{
	if (!findings)
		return;
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].label);
		free(findings->items[i].text);
	}
	free(findings->items);
	free(findings);
}

static int compare_keys(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The last part of the path, unless another factor ends the same way. */
static const char *short_key(const json_t *cell, const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot && cell_factor(cell, dot + 1) ? dot + 1 : key;
}

static void print_value(FILE *out, const json_t *value)
{
	_free_ char *text = NULL;

	if (json_is_string(value)) {
		fputs(json_string_value(value), out);
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
	fputs(text ? text : "?", out);
}

/* "mode=nftables services=1000", by name: the order of a JSON object need not outlive a file. */
static void print_label(FILE *out, const json_t *cell)
{
	json_t *factors = json_object_get(cell, "factors");
	_free_ const char **keys = calloc(json_object_size(factors) + 1, sizeof(*keys));
	size_t count = 0;
	const char *key;
	json_t *value;

	if (!keys)
		abort();
	json_object_foreach (factors, key, value)
		keys[count++] = key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%s=", i ? " " : "", short_key(cell, keys[i]));
		print_value(out, json_object_get(factors, keys[i]));
	}
}

static char *cell_label(const json_t *cell)
{
	char *label = NULL;
	size_t size;
	FILE *out = open_memstream(&label, &size);

	if (!out)
		abort();
	print_label(out, cell);
	if (fclose(out))
		abort();
	return label;
}

void claim_find(struct claim_job *job, const json_t *cell, enum verdict verdict, const char *format,
		...)
{
	struct findings *findings = job->findings;
	struct finding finding = { .verdict = verdict, .label = cell_label(cell) };
	va_list args;

	va_start(args, format);
	if (vasprintf(&finding.text, format, args) < 0)
		abort();
	va_end(args);
	findings->items =
		reallocarray(findings->items, findings->count + 1, sizeof(*findings->items));
	if (!findings->items)
		abort();
	findings->items[findings->count++] = finding;
}

enum verdict findings_verdict(const struct findings *findings)
{
	enum verdict worst = VERDICT_HOLDS;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].verdict > worst)
			worst = findings->items[i].verdict;
	return findings->count ? worst : VERDICT_INCONCLUSIVE;
}

static bool labels_differ(const struct findings *findings)
{
	for (size_t i = 1; i < findings->count; i++)
		if (strcmp(findings->items[i].label, findings->items[0].label))
			return true;
	return false;
}

static size_t count_verdict(const struct findings *findings, enum verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].verdict == verdict;
	return count;
}

static void print_finding(FILE *out, const struct finding *finding, bool labelled)
{
	if (labelled && finding->label[0])
		fprintf(out, "%s: ", finding->label);
	fputs(finding->text, out);
}

static void print_findings(FILE *out, const struct findings *findings)
{
	enum verdict verdict = findings_verdict(findings);
	size_t deciding = count_verdict(findings, verdict), shown = 0;
	bool labelled = labels_differ(findings);

	if (deciding < findings->count)
		fprintf(out, "%zu of %zu: ", deciding, findings->count);
	for (size_t i = 0; i < findings->count && shown < FINDINGS_SHOWN; i++) {
		if (findings->items[i].verdict != verdict)
			continue;
		fputs(shown++ ? "; " : "", out);
		print_finding(out, &findings->items[i], labelled);
	}
	if (deciding > shown)
		fprintf(out, "; and %zu more", deciding - shown);
}

char *findings_detail(const struct findings *findings)
{
	char *detail = NULL;
	size_t size;
	FILE *out = open_memstream(&detail, &size);

	if (!out)
		abort();
	if (findings->count)
		print_findings(out, findings);
	else
		fputs("nothing to test it on", out);
	if (fclose(out))
		abort();
	return detail;
}
