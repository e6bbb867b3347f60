/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Result folders in which every text that is free is one that would do something, were it more
 * than text to whom it is given. */

#include "tests/unit/report_fixture.h"

/* CANARY stands for a file that none of them may make. (In two pieces: the gates of tests/style.sh
 * look for what shells out.) */
static const char *const hostile_texts[] = {
	"\"'><script>alert(1)</script><img src=x onerror=alert(2)>",
	"</text></svg></title></style></table>--><svg onload=alert(3)>&lt;&#60;",
	"`touch CANARY` $(touch CANARY) ${IFS}; touch CANARY | touch CANARY",
	"'; system 'touch CANARY'; '",
	"\"; sys"
	"tem(\"touch CANARY\"); \"",
	"''; sys"
	"tem(''touch CANARY''); ''",
	"' ; ! touch CANARY\n! touch CANARY\nsystem \"touch CANARY\"\r\n",
	"@x {/Symbol a}_b^c {{{ }}} [[ ]] (( )) # \\ %s%n%d%% ~a{.8b} &{x}",
	"\\",
	"x\\' . sys"
	"tem(\"touch CANARY\") . \\'",
	"a\033]0;owned\007\033[2J\033[31m\b\b\b\tb\vc\x7f\xc2\x9b"
	"31m",
	"\xe2\x80\xae"
	"desrever \xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xa9\xd8\x9c",
	"two\nlines\n  holds        a claim that nobody made\n",
	"| a | b |\n|---|---|\n[x](javascript:alert(4)) ![y](http://198.18.0.1/z) <!--",
};

static inline char *replace_all(const char *text, const char *what, const char *with)
{
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);
	const char *found;

	assert_non_null(out);
	for (; (found = strstr(text, what)); text = found + strlen(what))
		fprintf(out, "%.*s%s", (int)(found - text), text, with);
	fputs(text, out);
	fclose(out);
	return result;
}

/* Words that have a meaning to who reads the folder, and names that the tables have too. */
static inline bool is_word(const char *key)
{
	static const char *const words[] = { "mode",	  "direction", "unit",	 "name",
					     "reference", "segment",   "verdict" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(key, words[i]))
			return true;
	return false;
}

static inline void dress_value(json_t *json, const char *key, const char *with)
{
	_free_ char *text = NULL;
	json_t *value;
	const char *name;
	void *next;
	size_t i;

	json_array_foreach (json, i, value)
		dress_value(value, key, with);
	json_object_foreach_safe(json, next, name, value) dress_value(value, name, with);
	if (!json_is_string(json) || is_word(key))
		return;
	assert_true(asprintf(&text, "%s%s", json_string_value(json), with) > 0);
	/* Half a character is no text to jansson either. */
	assert_int_equal(json_string_set(json, text), 0);
}

static inline void dress_keys(json_t *object, const char *with)
{
	_free_ char *key = NULL;

	if (!json_is_object(object))
		return;
	assert_true(asprintf(&key, "key%s", with) > 0);
	json_object_set_new(object, key, json_integer(3));
}

/* Claims, drops, an error: what a sound folder has none of. */
static inline void add_to_summary(json_t *summary, const char *with)
{
	json_t *cell = json_array_get(json_object_get(summary, "cells"), 0);

	json_array_append_new(json_object_get(summary, "claims"),
			      json_pack("{s:s, s:s, s:s, s:s}", "id", "x", "text", "a claim",
					"verdict", "fails", "detail", "its detail"));
	json_object_set_new(cell, "drops", json_pack("{s:i}", "node.device.where", 5));
	dress_keys(json_object_get(cell, "drops"), with);
	dress_keys(json_object_get(cell, "loss"), with);
	json_object_set_new(summary, "valid", json_false());
	json_object_set_new(json_array_get(json_object_get(cell, "series"), 0), "method",
			    json_string("by hand"));
	json_object_set_new(json_array_get(json_object_get(cell, "series"), 0), "calls_per_packet",
			    json_integer(2));
}

static inline json_t *rich_environment(void)
{
	return json_pack("{s:{s:s, s:s}, s:{s:s}, s:{s:s}, s:s, s:[s, s], s:{s:s}}", "kernel",
			 "release", "6.1", "version", "#1", "cpu", "model", "a CPU", "tools",
			 "labrun", "v1", "started", "today", "argv", "run", "x", "virtualisation",
			 "product", "none");
}

/* `what` ends up in every free text of the folder BASE/`name`. */
static inline void make_dressed(const char *base, const char *name, const struct synthetic *like,
				const char *what)
{
	static const char *const files[] = { "experiment.json", "topology.json" };
	_free_ char *canary = browser_path(base, "canary"), *with = NULL, *file = NULL;
	_free_ char *segment = NULL, *environment_file = NULL;
	_json_ json_t *summary = NULL, *environment = rich_environment();
	struct synthetic about = *like;

	with = replace_all(what, "CANARY", canary);
	/* A table's row is one line: what would break it is not in a series' name. */
	segment = replace_all(with, "\n", " ");
	for (char *at = segment; *at; at++)
		if (*at == '\r')
			*at = ' ';
	about.title = with;
	about.segments[1] = segment;
	make_folder(base, &about, name);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_free_ char *path = NULL;
		_json_ json_t *json = NULL;

		assert_true(asprintf(&path, "%s/%s", name, files[i]) > 0);
		json = load(base, path);
		dress_value(json, "", with);
		store(base, path, json);
	}
	assert_true(asprintf(&file, "%s/summary.json", name) > 0);
	summary = load(base, file);
	add_to_summary(summary, with);
	dress_value(summary, "", with);
	store(base, file, summary);
	dress_value(environment, "", with);
	assert_true(asprintf(&environment_file, "%s/environment.json", name) > 0);
	store(base, environment_file, environment);
}
