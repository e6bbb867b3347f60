// SPDX-License-Identifier: GPL-2.0-only
#include "err.h"

#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void err_vset(struct err *err, enum err_class class, const char *format, va_list args)
{
	err->class = class;
	vsnprintf(err->text, sizeof(err->text), format, args);
	/* Errors quote files, and a file's bytes are not for a terminal. */
	text_clean(err->text, '?');
}

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_vset(err, ERR_RUN, format, args);
	va_end(args);
	return code;
}

int err_errno(struct err *err, int code, const char *format, ...)
{
	va_list args;
	size_t used;

	va_start(args, format);
	err_vset(err, ERR_RUN, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(-code));
	return code;
}

int err_usage(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_vset(err, ERR_USAGE, format, args);
	va_end(args);
	return -EINVAL;
}

int err_need(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_vset(err, ERR_NEED, format, args);
	va_end(args);
	return -EOPNOTSUPP;
}

int err_interrupted(struct err *err)
{
	*err = (struct err){ .class = ERR_INTERRUPTED, .text = "interrupted" };
	return -EINTR;
}

int err_wrap(struct err *err, int code, const char *format, ...)
{
	char inner[sizeof(err->text)];
	va_list args;
	size_t used;

	memcpy(inner, err->text, sizeof(inner));
	va_start(args, format);
	err_vset(err, err->class, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
	return code;
}
