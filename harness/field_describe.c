// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "cleanup.h"
#include "field_internal.h"
#include "text_wrap.h"

#include <string.h>

#define DESCRIBE_GAP 3
#define DESCRIBE_NESTED 4

static const struct {
	const char *alone, *in_list, *in_map;
} type_words[] = {
	[FIELD_BOOL] = { "true or false", "a list of true or false", "an object of true or false" },
	[FIELD_UINT] = { "an integer", "a list of integers", "an object of integers" },
	[FIELD_REAL] = { "a number", "a list of numbers", "an object of numbers" },
	[FIELD_RATE] = { "a rate", "a list of rates", "an object of rates" },
	[FIELD_PERCENT] = { "a percentage", "a list of percentages", "an object of percentages" },
	[FIELD_STRING] = { "a string", "a list of strings", "an object of strings" },
	[FIELD_NAME] = { "a name", "a list of names", "an object of names" },
	[FIELD_CHOICE] = { "a string", "a list of strings", "an object of strings" },
	[FIELD_ADDRESS] = { "an address", "a list of addresses", "an object of addresses" },
	[FIELD_PREFIX] = { "a prefix", "a list of prefixes", "an object of prefixes" },
	[FIELD_OBJECT] = { "an object", "a list of objects", "an object of objects" },
	[FIELD_KIND] = { "an object", "a list of objects", "an object of objects" },
	[FIELD_LIST] = { "a list", "a list of lists", "an object of lists" },
	[FIELD_MAP] = { "an object", "a list of objects", "an object of objects" },
	[FIELD_ANY] = { "any value", "a list of values", "an object of values" },
};

const char *field_type_words(const struct field *field)
{
	if (field->type == FIELD_LIST)
		return type_words[field->element->type].in_list;
	if (field->type == FIELD_MAP)
		return type_words[field->element->type].in_map;
	return field_is_pointer(field) ? "an object or true" : type_words[field->type].alone;
}

static const char *without_article(const char *words)
{
	if (strncmp(words, "a ", 2) == 0)
		return words + 2;
	return strncmp(words, "an ", 3) == 0 ? words + 3 : words;
}

static const char *plural(enum field_type type)
{
	return type_words[type].in_list + strlen("a list of ");
}

static void print_choices(const char *const *choices, FILE *out)
{
	for (const char *const *at = choices; *at; at++) {
		if (at != choices)
			fputs(at[1] ? ", " : " or ", out);
		fprintf(out, "\"%s\"", *at);
	}
}

static void print_bounds(const struct field *field, FILE *out)
{
	char range[FIELD_RANGE_BYTES];

	/* Every whole number is at least 0: no news. */
	if (!field_has_max(field) && field->min == 0)
		return;
	fprintf(out, ", %s", field_range(field, range));
	if (field->type == FIELD_LIST)
		fputs(" items", out);
}

static void print_type(const struct field *field, FILE *out)
{
	if (field->type == FIELD_CHOICE) {
		print_choices(field->choices, out);
	} else if (field->type == FIELD_LIST && field->element->type == FIELD_CHOICE) {
		fputs("list of ", out);
		print_choices(field->element->choices, out);
	} else if (field->type == FIELD_MAP) {
		fprintf(out, "%s by name", plural(field->element->type));
	} else {
		fputs(without_article(field_type_words(field)), out);
	}
	if (field->unit)
		fprintf(out, ", %s", field->unit);
	if (field->type == FIELD_NAME && field->max > 0)
		fprintf(out, ", at most %zu bytes", field_name_bytes(field));
	if (field->type == FIELD_UINT || field->type == FIELD_REAL ||
	    field->type == FIELD_PERCENT || field->type == FIELD_LIST)
		print_bounds(field, out);
}

static void print_presence(const struct field *field, FILE *out)
{
	/* That an object may be left out says more than that it would then be {}. */
	if (field->fallback && field->type != FIELD_OBJECT)
		fprintf(out, ", default %s", field->fallback);
	else if (field->fallback || field_may_be_absent(field))
		fputs(", optional", out);
	else
		fputs(", required", out);
}

void field_print_head(const struct field *field, FILE *out)
{
	print_type(field, out);
	print_presence(field, out);
}

const char *field_help(const struct field *field)
{
	return field->help || !field->kind ? field->help : field->kind->help;
}

static void describe_one(const struct field *field, FILE *out, int indent, int width)
{
	const char *help = field_help(field);

	fprintf(out, "%*s%-*s", indent, "", width, field->name);
	field_print_head(field, out);
	fputc('\n', out);
	if (help)
		text_wrap(help, out, indent + width, 0);
}

struct field field_kind_row(const struct field *of, const char *const *names)
{
	return (struct field){
		.name = field_discriminator(of),
		.type = FIELD_CHOICE,
		.choices = names,
		.help = "Each has fields of its own: labrun describe KIND.",
	};
}

static void describe_kinds(const struct field *of, FILE *out, int indent, int width)
{
	_free_ const char **names = field_kind_names(of->kinds);
	const struct field row = field_kind_row(of, names);

	describe_one(&row, out, indent, width);
}

const struct field *field_nested(const struct field *field)
{
	while (field->type == FIELD_LIST || field->type == FIELD_MAP)
		field = field->element;
	return field->type == FIELD_OBJECT || field->type == FIELD_KIND ? field : NULL;
}

static int name_width(const struct field *fields, int least)
{
	int width = least;

	for (; fields && fields->name; fields++)
		if ((int)strlen(fields->name) > width)
			width = (int)strlen(fields->name);
	return width + DESCRIBE_GAP;
}

/* `of`: the FIELD_KIND whose common fields these are, or NULL. */
static void describe_all(const struct field *fields, const struct field *of, FILE *out, int indent)
{
	int width = name_width(fields, of ? (int)strlen(field_discriminator(of)) : 0);

	if (of)
		describe_kinds(of, out, indent, width);
	for (; fields && fields->name; fields++) {
		const struct field *nested = field_nested(fields);

		describe_one(fields, out, indent, width);
		if (nested)
			describe_all(field_members(nested),
				     nested->type == FIELD_KIND ? nested : NULL, out,
				     indent + DESCRIBE_NESTED);
	}
}

void field_describe(const struct field *fields, FILE *out, int indent)
{
	describe_all(fields, NULL, out, indent);
}
