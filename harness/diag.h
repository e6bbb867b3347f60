/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The faults of one JSON file, all collected before any is shown, printed as a compiler would:
 *
 *	experiments/x.json:4:39: error: load.rate_pps: -5 is outside 1..100000000
 *
 * jansson keeps no positions of parsed values, so a fault is recorded by its JSON path and the
 * text is scanned again for that path only when something is wrong (json_locate()).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A path in a JSON document, built on the stack while descending; key NULL means an array index. */
struct jpath {
	const struct jpath *up;
	const char *key;
	size_t index;
};

/* "topology.nodes.node1.links[0].mtu"; truncated to fit. The root is "". */
void jpath_format(const struct jpath *path, char *text, size_t size);

enum diag_place {
	DIAG_VALUE, /* points at the value; the path is put in front of the message */
	DIAG_KEY, /* points at the key; the message stands alone */
};

struct diag_fault {
	char *path; /* as jpath_format() writes it; NULL when line and column are already known */
	enum diag_place place;
	unsigned line, column; /* from 1; 0 until located */
	char *message;
};

struct diag;

/* `text` is kept by reference and must outlive the diag; NULL gives faults without positions. */
struct diag *diag_new(const char *file, const char *text, size_t length);
void diag_free(struct diag *diag);
void diag_add(struct diag *diag, const struct jpath *path, enum diag_place place,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with a path already written out. */
void diag_add_path(struct diag *diag, const char *path, enum diag_place place, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));
void diag_add_position(struct diag *diag, unsigned line, unsigned column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
size_t diag_count(const struct diag *diag);
const struct diag_fault *diag_get(const struct diag *diag, size_t index);
/* In file order, equal faults once. Non-printable bytes are escaped. */
void diag_print(struct diag *diag, FILE *out);

static inline void cleanup_diag(struct diag **diag)
{
	diag_free(*diag);
}
#define _diag_ __attribute__((cleanup(cleanup_diag)))
