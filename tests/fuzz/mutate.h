/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Mutations that keep a file's form: bytes at random make of nearly every JSON file one that does
 * not parse, and of a table one with a bad line. Here a value becomes another, a row's field too.
 */

#include "tests/fuzz/folder.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* What is at the edge of what numbers and texts may be, to JSON and to tables alike. */
static const char *const edge_numbers[] = {
	"0",
	"-0",
	"1",
	"-1",
	"2",
	"0.1",
	"3",
	"1e308",
	"-1e308",
	"1.7e308",
	"5e-324",
	"1e-323",
	"1e-310",
	"1e300",
	"1e17",
	"1e-17",
	"4294967295",
	"4294967296",
	"2147483648",
	"65536",
	"1000000",
	"9007199254740993",
	"9223372036854775807",
	"-9223372036854775808",
	"100",
};

static const char *const edge_texts[] = {
	"",
	"request",
	"reply",
	"both",
	"ns",
	"instructions",
	"pps",
	"native",
	"exact",
	"vm",
	"veth1",
	"%s%n",
	"../../etc/x",
	"'`\"@{}\\",
	"<script>",
	"\033]0;x\007",
	"kernel",
	"services",
	"p50",
	"p99.9",
	"mean",
	"\u202e\u2028",
	"a.b.c",
	"sent",
	"received",
	"rtt",
	"lateness",
	"bridge",
	"holds",
	"order",
	"crossover",
	"linear",
	"flat",
	"within",
	"ratio",
};

struct dice {
	uint64_t state;
};

static inline size_t roll(struct dice *dice, size_t sides)
{
	dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
	return sides ? (size_t)(dice->state >> 33) % sides : 0;
}

static inline size_t count_values(const json_t *json)
{
	json_t *value, *object = (json_t *)json;
	size_t count = 1, i;
	const char *key;

	json_array_foreach (json, i, value)
		count += count_values(value);
	json_object_foreach (object, key, value)
		count += count_values(value);
	return count;
}

/* The number'th value in depth-first order; it counts down. */
static inline json_t *find_value(json_t *json, size_t *number)
{
	json_t *value, *found;
	const char *key;
	size_t i;

	if (!(*number)--)
		return json;
	json_array_foreach (json, i, value)
		if ((found = find_value(value, number)))
			return found;
	json_object_foreach (json, key, value)
		if ((found = find_value(value, number)))
			return found;
	return NULL;
}

static inline json_t *edge_value(struct dice *dice, json_t *root)
{
	size_t other = roll(dice, count_values(root));

	switch (roll(dice, 8)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(roll(dice, 2));
	case 2:
		return roll(dice, 2) ? json_array() : json_object();
	case 3:
		return json_string(edge_texts[roll(dice, ARRAY_SIZE(edge_texts))]);
	case 4:
		return json_deep_copy(find_value(root, &other));
	default:
		return json_loads(edge_numbers[roll(dice, ARRAY_SIZE(edge_numbers))],
				  JSON_DECODE_ANY, NULL);
	}
}

static inline const char *some_key(struct dice *dice, json_t *object)
{
	void *at = json_object_iter(object);

	for (size_t i = roll(dice, json_object_size(object)); i && at; i--)
		at = json_object_iter_next(object, at);
	return at ? json_object_iter_key(at) : "x";
}

static inline void change_array(struct dice *dice, json_t *array, json_t *value)
{
	size_t at = roll(dice, json_array_size(array));

	switch (roll(dice, 4)) {
	case 0:
		json_array_remove(array, at);
		json_decref(value);
		return;
	case 1:
		json_array_insert_new(array, at, value);
		return;
	case 2: /* the same again */
		json_array_append_new(array, json_deep_copy(json_array_get(array, at)));
		json_decref(value);
		return;
	default:
		json_array_set_new(array, at, value);
	}
}

static inline void change_object(struct dice *dice, json_t *object, json_t *value)
{
	_free_ char *key = strdup(some_key(dice, object));

	switch (roll(dice, 5)) {
	case 0:
		json_object_del(object, key);
		json_decref(value);
		return;
	case 1:
		json_object_set_new(object, edge_texts[roll(dice, ARRAY_SIZE(edge_texts))], value);
		return;
	default:
		json_object_set_new(object, key, value);
	}
}

static inline char *mutate_json(struct dice *dice, const char *text)
{
	_json_ json_t *root = json_loads(text, 0, NULL);
	size_t number;
	json_t *chosen;

	for (size_t changes = 1 + roll(dice, 3); root && changes; changes--) {
		number = roll(dice, count_values(root));
		chosen = find_value(root, &number);
		if (json_is_array(chosen))
			change_array(dice, chosen, edge_value(dice, root));
		else if (json_is_object(chosen))
			change_object(dice, chosen, edge_value(dice, root));
		else if (json_is_string(chosen))
			json_string_set(chosen, edge_texts[roll(dice, ARRAY_SIZE(edge_texts))]);
		else if (json_is_real(chosen))
			json_real_set(
				chosen,
				strtod(edge_numbers[roll(dice, ARRAY_SIZE(edge_numbers))], NULL));
		else if (json_is_integer(chosen))
			json_integer_set(chosen,
					 strtoll(edge_numbers[roll(dice, ARRAY_SIZE(edge_numbers))],
						 NULL, 10));
	}
	return root ? json_dumps(root, JSON_COMPACT) : NULL;
}

/* One field of one row, or the row once more. */
static inline char *mutate_table(struct dice *dice, const char *text)
{
	size_t length = strlen(text), from = roll(dice, length), to;
	const char *number = edge_numbers[roll(dice, ARRAY_SIZE(edge_numbers))];
	const char *word = edge_texts[roll(dice, ARRAY_SIZE(edge_texts))];
	char *changed;

	while (from && text[from - 1] != ',' && text[from - 1] != '\n')
		from--;
	to = from + strcspn(text + from, ",\n");
	if (roll(dice, 4))
		word = number;
	if (asprintf(&changed, "%.*s%s%s", (int)from, text, word, text + to) < 0)
		abort();
	return changed;
}

/* The file that the offset is in: its start and end. */
static inline size_t find_file(const uint8_t *data, size_t size, size_t at, size_t *ret_end)
{
	size_t start = at;

	while (start && data[start - 1])
		start--;
	*ret_end = start + strnlen((const char *)data + start, size - start);
	return start;
}

static inline size_t put_file(uint8_t *data, size_t size, size_t max_size, size_t start, size_t end,
			      const char *text)
{
	size_t length = strlen(text), rest = size - end;

	if (start + length + rest > max_size)
		return 0;
	memmove(data + start + length, data + end, rest);
	memcpy(data + start, text, length);
	return start + length + rest;
}

static inline size_t pick_file(struct dice *dice, const uint8_t *data, size_t size, size_t *ret_end)
{
	size_t files = 1, number;
	const uint8_t *at = data;

	for (size_t i = 0; i < size; i++)
		files += !data[i];
	for (number = roll(dice, files); number; number--)
		at = (const uint8_t *)memchr(at, 0, size - (size_t)(at - data)) + 1;
	return find_file(data, size, (size_t)(at - data), ret_end);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct dice dice = { seed * 2654435761u + 1 };
	size_t start, end, changed;
	_free_ char *file = NULL, *text = NULL;

	if (!size || !roll(&dice, 4))
		return LLVMFuzzerMutate(data, size, max_size);
	start = pick_file(&dice, data, size, &end);
	file = strndup((const char *)data + start, end - start);
	if (*file)
		text = *file == '{' ? mutate_json(&dice, file) : mutate_table(&dice, file);
	changed = text ? put_file(data, size, max_size, start, end, text) : 0;
	return changed ? changed : LLVMFuzzerMutate(data, size, max_size);
}
