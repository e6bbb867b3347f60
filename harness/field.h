/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The grammar of a JSON object as a table: one row a field. The table drives parsing into a C
 * struct, validation with every fault in one pass, defaults, `labrun describe`, and the JSON
 * Schema, so that a field is declared once.
 *
 * A parsed struct holds plain values; all it points to lives in the arena given to field_parse().
 */

#include "arena.h"
#include "diag.h"
#include "quantity.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum field_type {
	FIELD_BOOL, /* bool */
	FIELD_UINT, /* uint64_t, min..max; of unit "bytes" also as text: "64B", "9KiB" */
	FIELD_REAL, /* double, min..max, finite */
	FIELD_RATE, /* struct rate: "1.5Mpps", "300Mbit", "max", or a number of pps */
	FIELD_PERCENT, /* double, min..max: "2%" is 2 */
	FIELD_STRING, /* const char *: free text, at most 4096 bytes, never a file's name */
	FIELD_NAME, /* const char *: a name that is safe as a file or device:
		       [A-Za-z0-9][A-Za-z0-9_.-]*, no "..", at most `max` bytes (0: 64); "{i}" and
		       the like allowed if `indexed` */
	FIELD_CHOICE, /* int: index into `choices` */
	FIELD_ADDRESS, /* struct address: "198.18.0.1" or "fd00::1" (prefix_length = full) */
	FIELD_PREFIX, /* struct address: "198.18.0.1/24"; "default" is family AF_UNSPEC, length 0 */
	FIELD_OBJECT, /* embedded struct parsed by `fields`; with `size` set instead: a pointer to
			 one, NULL when the key is absent; `true` stands for {} */
	FIELD_KIND, /* struct chosen: an object whose "kind" picks a row of `kinds`; other keys are
		       the kind's own fields and the common ones in `fields` */
	FIELD_LIST, /* struct list of `element`; each item takes `size` bytes; min..max items */
	FIELD_MAP, /* struct list of items of `size` bytes from an object's members; each item
		      begins with `const char *key`, the element is parsed at offset
		      element->offset; keys are checked as FIELD_NAME with the map's own `max` as
		      their length */
	FIELD_ANY, /* json_t *: borrowed from the document */
};

/* What else a name must be, for whoever knows the document. */
enum field_refers {
	REFERS_NOTHING,
	REFERS_DEVICE, /* a device of the same node */
	REFERS_NODE_DEVICE, /* "node:device" */
};

struct kind;

struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	const char *fallback; /* default, as JSON text; NULL: required unless `optional` */
	bool optional; /* may be absent: the struct's zeros stay */
	bool indexed; /* FIELD_NAME, FIELD_MAP keys: may hold {i}, {next}, {prev} */
	enum field_refers refers; /* FIELD_NAME, FIELD_STRING */
	double min, max;
	const char *unit; /* "ns", "bytes", "packets", ...; NULL: none */
	const char *const *choices; /* FIELD_CHOICE: NULL-terminated */
	const struct field *fields; /* FIELD_OBJECT, FIELD_KIND (common): ended by a NULL name */
	const struct kind *const *kinds; /* FIELD_KIND: NULL-terminated */
	const char *discriminator; /* FIELD_KIND: the key that names the kind; NULL: "kind" */
	const struct kind *kind; /* FIELD_OBJECT: take fields, size and help from this kind */
	const struct field *element; /* FIELD_LIST, FIELD_MAP */
	size_t size; /* FIELD_LIST, FIELD_MAP: of an item; FIELD_OBJECT, FIELD_KIND: see there */
	const char *help; /* one sentence, what it means */
};

#define FIELD_END                                                                                  \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* What every kind of device, feature, probe, load and claim test has: its head. */
struct kind {
	const char *name, *help;
	const char *notes; /* whatever else is to be known of it, in lines of 80; NULL: nothing */
	/* Members, as JSON text, of a small one; a device's or feature's is for a node with a
	 * device eth0. NULL: its defaults will do. */
	const char *example;
	/* What it takes where nothing loads modules by itself (a guest), and the tools that it
	 * runs; NULL-terminated, or NULL. */
	const char *const *modules, *const *tools;
	const struct field *fields; /* into a zeroed struct of params_size bytes */
	size_t params_size;
};

struct address {
	sa_family_t family; /* AF_INET or AF_INET6 */
	uint8_t bytes[16]; /* network order */
	uint8_t prefix_length;
};

struct list {
	void *items;
	size_t count;
};

struct chosen {
	const struct kind *kind;
	void *params; /* kind->params_size bytes */
	void *common; /* the field's `size` bytes, parsed by its `fields`; NULL without */
};

/*
 * Parses `json` (at `path` of the document that `diag` speaks of) into `base` by `fields`.
 * Faults go to `diag`: wrong types, bounds, names, missing and unknown fields (with the nearest
 * name). What is faulty keeps its default, so that parsing goes on and finds the next fault.
 * A key "$schema" is allowed at the root.
 */
void field_parse(const struct field *fields, json_t *json, const struct jpath *path, void *base,
		 struct arena *arena, struct diag *diag);

/* The same document with every default filled in; a new reference. */
json_t *field_fill(const struct field *fields, const json_t *json);

/* The JSON Schema (2020-12) of an object with these fields; a new reference. */
json_t *field_schema(const struct field *fields);

/* For people, a line or two a field: name, type, unit, bounds, default, help. */
void field_describe(const struct field *fields, FILE *out, int indent);

/* The same as a list of mdoc(7). */
void field_manual(const struct field *fields, FILE *out);

/*
 * Every single value that a document like `json` may have, "load.interval_us", "links[0].mtu", with
 * `root` in front of each path (NULL: nothing). Optional objects too that are not there; of lists
 * and maps only what is.
 */
typedef void field_visit_path(void *context, const char *path, const struct field *field);
void field_each_path(const struct field *fields, const json_t *json, const char *root,
		     field_visit_path *visit, void *context);

/* "a number", "a list of names": the type in words. */
const char *field_type_words(const struct field *field);

/* The name nearest to `text` among `names` by edit distance, or NULL if none is near. */
const char *field_nearest(const char *text, const char *const *names);

/* "198.18.0.1/24" and the like; false if it is none. */
bool address_parse(const char *text, bool with_prefix, struct address *ret);
/* Into at least INET6_ADDRSTRLEN + 4 bytes; the prefix is left out when it is full. */
const char *address_format(const struct address *address, char *text, size_t size);
/* Of one family: the first bits, as memcmp() orders. */
int address_compare_bits(const struct address *left, const struct address *right, unsigned bits);
bool address_is_in(const struct address *address, const struct address *prefix);
