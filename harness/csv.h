/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Tables as comma-separated text (RFC 4180, without line breaks inside fields). A reader takes
 * one file from its header to its end and says where a fault is: `DIR/samples.csv:17: ...`.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CSV_LINE_BYTES (64u << 10)
#define CSV_MAX_FIELDS 2048
#define CSV_NUMBER_BYTES 32

/* The shortest text that reads back as the same double; "" for what is not finite. */
const char *csv_number(double value, char text[static CSV_NUMBER_BYTES]);
/* Quoted if need be; line breaks become spaces. Negative if the stream failed. */
int csv_put_text(FILE *out, const char *text);

struct csv {
	FILE *file;
	char *path;
	unsigned long line;
	char *text; /* of the line, cut into the fields */
	char **fields;
	size_t count;
};

/* The file `name` of a folder. `columns`: what the header has to begin with, all of it if `whole`.
 */
int csv_open(struct csv *csv, const char *dir, const char *name, const char *columns, bool whole,
	     struct err *err);
void csv_close(struct csv *csv);
/* 1: a row of at least as many fields as `columns`; 0: the end; else a negative errno. */
int csv_next(struct csv *csv, struct err *err);
int csv_fault(const struct csv *csv, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A whole field as a number; `what` names it in the fault. */
int csv_uint(const struct csv *csv, size_t field, uint64_t max, const char *what, uint64_t *ret,
	     struct err *err);
int csv_real(const struct csv *csv, size_t field, const char *what, double *ret, struct err *err);

#define _csv_ __attribute__((cleanup(csv_close)))
