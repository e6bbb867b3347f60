// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "cleanup.h"
#include "field_internal.h"
#include "mdoc.h"

static void manual_term(const struct field *field, FILE *out)
{
	_free_ char *head = NULL;
	size_t size;
	FILE *text = open_memstream(&head, &size);

	if (!text)
		abort();
	field_print_head(field, text);
	if (fclose(text))
		abort();
	mdoc_term(out, field->name, head);
	if (field_help(field))
		mdoc_text(out, field_help(field));
}

static void manual_kinds(const struct field *of, FILE *out)
{
	_free_ const char **names = field_kind_names(of->kinds);
	const struct field row = field_kind_row(of, names);

	manual_term(&row, out);
}

/* `of`: the FIELD_KIND whose common fields these are, or NULL. */
static void manual_all(const struct field *fields, const struct field *of, FILE *out)
{
	mdoc_list_begin(out);
	if (of)
		manual_kinds(of, out);
	for (; fields && fields->name; fields++) {
		const struct field *nested = field_nested(fields);

		manual_term(fields, out);
		if (nested)
			manual_all(field_members(nested),
				   nested->type == FIELD_KIND ? nested : NULL, out);
	}
	mdoc_list_end(out);
}

void field_manual(const struct field *fields, FILE *out)
{
	manual_all(fields, NULL, out);
}
