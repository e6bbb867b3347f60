// SPDX-License-Identifier: GPL-2.0-only
#include "harness/html.h"

#include "harness/cleanup.h"
#include "harness/folder.h"
#include "harness/text.h"
#include "version.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Charts are drawn on white: in the dark they are turned over, and hues turned back. */
static const char style[] =
	":root { color-scheme: light dark; --ink: #222; --faint: #666; --line: #ddd;\n"
	"  --page: #fff; --holds: #00704f; --fails: #b03000; --unsure: #8a6100; }\n"
	"body { margin: 0 auto; padding: 1.5rem; max-width: 62rem; background: var(--page);\n"
	"  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }\n"
	"h1 { margin: 0; } h2 { margin: 3rem 0 .2rem; } h3 { margin: 1.5rem 0 .4rem; }\n"
	"p { margin: .3rem 0; } a { color: inherit; } .faint { color: var(--faint); }\n"
	"table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }\n"
	"th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line);\n"
	"  text-align: left; vertical-align: top; }\n"
	"th { color: var(--faint); font-weight: normal; } .number { text-align: right; }\n"
	"td.number, td.name { white-space: nowrap; } .wide { overflow-x: auto; }\n"
	".holds { color: var(--holds); } .fails { color: var(--fails); }\n"
	".inconclusive { color: var(--unsure); }\n"
	"td.holds, td.fails, td.inconclusive { font-weight: bold; white-space: nowrap; }\n"
	".warning { padding: .4rem .8rem; border: 2px solid var(--fails); font-weight: bold; }\n"
	"details { margin: .6rem 0; } summary { cursor: pointer; }\n"
	"pre { overflow-x: auto; font-size: .85em; white-space: pre-wrap; }\n"
	".journey { display: block; width: 100%; min-width: 44rem; font-size: 13px; }\n"
	".journey text { fill: var(--ink); } .journey .faint, .journey .tic\n"
	"  { fill: var(--faint); } .journey .tic { font-size: 11px; text-anchor: middle; }\n"
	".journey .head { font-weight: bold; } .journey line { stroke: var(--line); }\n"
	".request { fill: #0072b2; } .reply { fill: #e69f00; }\n"
	"figure { margin: 1rem 0; } img { display: block; width: 100%; height: auto; }\n"
	"  .whole { display: none; }\n"
	"@media screen and (prefers-color-scheme: dark) {\n"
	"  :root { --ink: #ddd; --faint: #999; --line: #3a3a3a; --page: #161616;\n"
	"    --holds: #4cc49c; --fails: #ff8a5c; --unsure: #e0b050; }\n"
	"  img { filter: invert(.914) hue-rotate(180deg); } }\n"
	"@media print {\n"
	"  body { max-width: none; padding: 0; font-size: 10pt; }\n"
	"  .journey { min-width: 0; } .wide { overflow: visible; }\n"
	"  details::details-content { content-visibility: visible; height: auto; }\n"
	"  .whole { display: none; }\n"
	"  h2, h3 { break-after: avoid; } tr, figure, .claim { break-inside: avoid; } }\n";

void html_begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "img-src data:; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n" HTML_GENERATOR
		      LABRUN_VERSION "\">\n<title>",
	      out);
	html_put_text(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

void html_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}

static const char *find_entity(char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_put_text(FILE *out, const char *text)
{
	for (const char *at = text; *at; at++) {
		size_t hidden = text_hidden_bytes(at);
		const char *entity = find_entity(*at);

		if (hidden)
			at += hidden - 1;
		else if (entity)
			fputs(entity, out);
		else
			fputc(iscntrl((unsigned char)*at) && *at != '\n' ? ' ' : *at, out);
	}
}

void html_put_format(FILE *out, const char *format, ...)
{
	_free_ char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	html_put_text(out, text);
}

/* RFC 3986: unreserved characters stay, and the slash between folders. "./" in front, since a
 * colon in the first of them would make it a scheme. */
void html_put_link(FILE *out, const char *path, const char *text)
{
	fputs("<a href=\"./", out);
	for (; *path; path++)
		fprintf(out,
			isalnum((unsigned char)*path) || strchr("-._~/", *path) ? "%c" : "%%%02X",
			(unsigned char)*path);
	fputs("\">", out);
	html_put_text(out, text);
	fputs("</a>", out);
}

/* RFC 4648, section 4. */
static void put_base64(FILE *out, const unsigned char *bytes, size_t count)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < count; i += 3) {
		size_t left = count - i;
		uint32_t group = (uint32_t)bytes[i] << 16 |
				 (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
				 (left > 2 ? bytes[i + 2] : 0);

		fputc(digits[group >> 18], out);
		fputc(digits[group >> 12 & 63], out);
		fputc(left > 1 ? digits[group >> 6 & 63] : '=', out);
		fputc(left > 2 ? digits[group & 63] : '=', out);
	}
}

int html_put_picture(FILE *out, const char *dir, const char *name, const char *alt, bool *ret_there,
		     struct err *err)
{
	_free_ char *text = NULL;
	size_t length;
	int code = folder_read_file(dir, name, &text, &length, err);

	*ret_there = !code;
	if (code)
		return code == -ENOENT || code == -ENOTDIR ? 0 : code;
	fputs("<figure><img alt=\"", out);
	html_put_text(out, alt);
	fputs("\" src=\"data:image/svg+xml;base64,", out);
	put_base64(out, (const unsigned char *)text, length);
	fputs("\"></figure>\n", out);
	return 0;
}
