/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * One failure, said once at the spot that knows most, then wrapped outward one clause a level:
 *
 *	cell 7/60 (mtu=9000), batch 2: node 'node1': add route 10.0.0.0/8: Network is unreachable
 *
 * A fixed-size value on the caller's stack: an error path never allocates. Every fallible function
 * takes `struct err *` last and returns 0 or a negative errno; library code never prints.
 */

enum err_class {
	ERR_RUN, /* it could not be done: exit 4 */
	ERR_USAGE, /* bad arguments or a bad file: exit 2 */
	ERR_NEED, /* this machine lacks a need: exit 77 */
	ERR_INTERRUPTED, /* the user asked for it: exit 130 */
};

struct err {
	enum err_class class;
	char text[500];
};

/* All return `code`, so that `return err_set(err, -EINVAL, ...)` reads as one thought. */
int err_set(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Like err_set, with ": " and the errno's own words appended. */
int err_errno(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int err_usage(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int err_need(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int err_interrupted(struct err *err);
/* Puts a clause and ": " in front of what is there. */
int err_wrap(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
