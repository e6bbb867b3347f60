// SPDX-License-Identifier: GPL-2.0-only
#include "harness/verify.h"

#include "harness/results_manifest.h"
#include "harness/terminal.h"
#include "harness/text.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void print_manifest(const json_t *report, FILE *out)
{
	const char *manifest = text_of(report, "manifest");

	if (!strcmp(manifest, "none"))
		fprintf(out,
			"  no %s: an older labrun made it; only what can be recomputed was "
			"checked\n",
			MANIFEST_NAME);
	if (!strcmp(manifest, "matches"))
		fprintf(out, "  %lld files are as %s has them\n",
			(long long)json_integer_value(json_object_get(report, "listed")),
			MANIFEST_NAME);
}

static void print_list(const json_t *report, const char *list, const char *key, FILE *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(report, list), i, item) {
		const char *file = text_of(item, "file");

		text_put(out, "  %s%s%s\n", file, *file ? ": " : "", text_of(item, key));
	}
}

void verify_text(const json_t *report, FILE *out)
{
	const json_t *recomputed = json_object_get(report, "recomputed");
	bool passed = verify_passed(report);

	text_put(out, "%s: ", text_of(report, "folder"));
	fprintf(out, "%s%s%s\n", terminal_on(out, passed ? TERMINAL_GOOD : TERMINAL_BAD),
		passed ? "verified" : "differs", terminal_off(out));
	print_manifest(report, out);
	if (json_array_size(recomputed))
		fprintf(out, "  %zu files made again from the raw tables are the same\n",
			json_array_size(recomputed));
	print_list(report, "findings", "finding", out);
	print_list(report, "not_compared", "why", out);
	if (json_object_get(report, "not_drawn"))
		text_put(out, "  charts not drawn again: %s\n", text_of(report, "not_drawn"));
	if (json_object_get(report, "made_by") && !passed)
		text_put(out,
			 "  made by labrun %s, another than this: its tables and charts may "
			 "follow other rules\n",
			 text_of(report, "made_by"));
}
