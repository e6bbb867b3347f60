// SPDX-License-Identifier: GPL-2.0-only
#include "harness/mdoc.h"

#include "harness/cleanup.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define SOURCE_COLUMNS 60

/* groff_char(7): what is typeset as something else where it stands for itself. */
static const char *escape(char character)
{
	switch (character) {
	case '\\':
		return "\\e";
	case '-':
		return "\\-";
	case '\'':
		return "\\(aq";
	case '`':
		return "\\(ga";
	case '^':
		return "\\(ha";
	case '~':
		return "\\(ti";
	default:
		return NULL;
	}
}

static void put(FILE *out, char character)
{
	const char *escaped = escape(character);

	if (escaped)
		fputs(escaped, out);
	else
		fputc(character, out);
}

/* A line that begins with one of these would be a request. */
static bool begins_request(char character)
{
	return character == '.' || character == '\'';
}

/* Where a line of the source ends: after each sentence, and before it is long. */
static bool ends_line(const char *at, size_t column)
{
	return *at == ' ' && (column >= SOURCE_COLUMNS || strchr(".?!", at[-1]));
}

/* A word that will be copied, such as "iptables-restore" or a path: not to be hyphenated. */
static bool is_name(const char *word)
{
	size_t length = strcspn(word, " \n");
	size_t mark = strcspn(word, "._/{=-");

	return mark + 1 < length;
}

static void put_text(FILE *out, const char *text, size_t length)
{
	const char *end = text + length, *begin = text;
	bool bold = false;

	for (const char *at = text; at < end; at++) {
		if (at == begin && begins_request(*at))
			fputs("\\&", out);
		if ((at == text || at[-1] == ' ') && is_name(at))
			fputs("\\%", out);
		if (at > begin && ends_line(at, (size_t)(at - begin))) {
			fputc('\n', out);
			begin = at + 1;
		} else if (*at == '`' && (bold || memchr(at + 1, '`', (size_t)(end - at - 1)))) {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else {
			put(out, *at);
		}
	}
	fputc('\n', out);
}

void mdoc_text(FILE *out, const char *text)
{
	put_text(out, text, strlen(text));
}

void mdoc_sentence(FILE *out, const char *text)
{
	size_t length = strlen(text);
	_free_ char *sentence = NULL;

	if (asprintf(&sentence, "%c%s%s", toupper((unsigned char)text[0]), text + 1,
		     length && text[length - 1] == '.' ? "" : ".") < 0)
		abort();
	mdoc_text(out, sentence);
}

void mdoc_paragraphs(FILE *out, const char *text)
{
	const char *end;

	for (; (end = strstr(text, "\n\n")); text = end + 2) {
		put_text(out, text, (size_t)(end - text));
		fputs(".Pp\n", out);
	}
	mdoc_text(out, text);
}

void mdoc_literal(FILE *out, const char *text)
{
	bool begins = true;

	fputs(".Bd -literal\n", out);
	for (; *text; text++) {
		if (begins && begins_request(*text))
			fputs("\\&", out);
		put(out, *text);
		begins = *text == '\n';
	}
	fputs(begins ? ".Ed\n" : "\n.Ed\n", out);
}

/* In quotes, so that blanks stay; two of them are one inside. A name of a macro is none there. */
static void put_argument(FILE *out, const char *text, size_t length)
{
	fputs(" \"\\&", out);
	for (size_t i = 0; i < length; i++)
		if (text[i] == '"')
			fputs("\\(dq", out);
		else
			put(out, text[i]);
	fputc('"', out);
}

void mdoc_begin(FILE *out, const char *name, int section, const char *date, const char *help)
{
	fprintf(out, ".Dd %s\n.Dt ", date);
	for (const char *at = name; *at; at++)
		fputc(toupper((unsigned char)*at), out);
	fprintf(out, " %d\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n", section, name, help);
}

void mdoc_section(FILE *out, const char *title)
{
	fprintf(out, ".Sh %s\n", title);
}

void mdoc_subsection(FILE *out, const char *title)
{
	fputs(".Ss", out);
	put_argument(out, title, strlen(title));
	fputc('\n', out);
}

void mdoc_list_begin(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
}

void mdoc_list_end(FILE *out)
{
	fputs(".El\n", out);
}

void mdoc_term(FILE *out, const char *term, const char *remark)
{
	fputs(".It Cm", out);
	put_argument(out, term, strlen(term));
	if (remark) {
		fputs(" Pq", out);
		put_argument(out, remark, strlen(remark));
	}
	fputc('\n', out);
}

/* "..." and ",..." */
static size_t dots_length(const char *text)
{
	size_t comma = *text == ',';

	return strncmp(text + comma, "...", 3) ? 0 : comma + 3;
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (text[length] && !strchr(" []|=", text[length]) && !dots_length(text + length))
		length++;
	return length;
}

static void put_word(FILE *out, const char *word, size_t length)
{
	bool option = length > 2 && word[0] == '-' && word[1] == '-';
	bool capital = isupper((unsigned char)word[0]);

	/* Fl brings one of the dashes. */
	fputs(option ? " Fl" : capital ? " Ar" : " Cm", out);
	put_argument(out, word + option, length - option);
}

/* One token of a usage; returns its length. */
static size_t put_token(FILE *out, const char *at)
{
	size_t length = word_length(at), dots = dots_length(at);

	if (length)
		put_word(out, at, length);
	else if (*at == '[' || *at == ']')
		fputs(*at == '[' ? " Oo" : " Oc", out);
	else if (dots || *at == '=')
		fprintf(out, " No %.*s", dots ? (int)dots : 1, at);
	else if (*at != ' ')
		fprintf(out, " %c", *at);
	return length ? length : dots ? dots : 1;
}

void mdoc_usage(FILE *out, const char *usage)
{
	char before = ' ';

	while (*usage) {
		size_t length;

		if (!strchr(" [", before) && !strchr(" ]", *usage))
			fputs(" Ns", out);
		length = put_token(out, usage);
		before = usage[length - 1];
		usage += length;
	}
	fputc('\n', out);
}
