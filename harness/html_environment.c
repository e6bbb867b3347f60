// SPDX-License-Identifier: GPL-2.0-only
#include "harness/html_environment.h"

#include "harness/html.h"
#include "harness/json_read.h"

#include <string.h>

static void put_line(FILE *out, const char *name, const char *first, const char *second)
{
	if (!*first && !*second)
		return;
	fprintf(out, "<tr><th>%s</th><td>", name);
	html_put_format(out, "%s%s%s", first, *first && *second ? ", " : "", second);
	fputs("</td></tr>\n", out);
}

static void put_guest(FILE *out, const json_t *environment)
{
	const json_t *vm = json_array_get(json_object_get(environment, "vm"), 0);
	const json_t *host = json_object_get(environment, "host");

	if (!vm)
		return;
	put_line(out, "guest", json_read_text(vm, "qemu"), json_read_text(vm, "accelerator"));
	put_line(out, "guest's CPU", json_read_text(vm, "cpu"), "");
	put_line(out, "host", json_read_text(json_object_get(host, "cpu"), "model"),
		 json_read_text(json_object_get(host, "kernel"), "release"));
}

/* Only what may have spoilt the numbers; of instructions nothing can. */
static void put_noise(FILE *out, const json_t *environment, const char *mode)
{
	const json_t *findings =
		json_object_get(json_object_get(environment, "quietness"), "findings");
	const json_t *finding;
	size_t i;

	if (!strcmp(mode, "exact"))
		return;
	json_array_foreach (findings, i, finding)
		if (!strcmp(json_read_text(finding, "state"), "NOISY"))
			put_line(out, "noise", json_read_text(finding, "name"),
				 json_read_text(finding, "what"));
}

static void put_command(FILE *out, const json_t *environment)
{
	const json_t *argument;
	size_t i;

	fputs("<tr><th>command</th><td><code>labrun", out);
	json_array_foreach (json_object_get(environment, "argv"), i, argument)
		html_put_format(out, " %s",
				json_is_string(argument) ? json_string_value(argument) : "?");
	fputs("</code></td></tr>\n", out);
}

/* A guest's clock says nothing of the day, and its command is not the one that was given. */
void html_put_environment(FILE *out, const json_t *summary, const json_t *environment)
{
	const json_t *host = json_object_get(environment, "host");
	const json_t *kernel = json_object_get(environment, "kernel");
	const char *mode = json_read_text(summary, "mode");

	fputs("<table>\n", out);
	put_line(out, "mode", mode,
		 strcmp(mode, "exact") ? "" : "which counts instructions: no time");
	put_line(out, "kernel", json_read_text(kernel, "release"),
		 json_read_text(kernel, "version"));
	if (!json_object_get(environment, "vm"))
		put_line(out, "CPU", json_read_text(json_object_get(environment, "cpu"), "model"),
			 "");
	put_guest(out, environment);
	put_line(out, "labrun", json_read_text(json_object_get(environment, "tools"), "labrun"),
		 "");
	put_noise(out, host ? host : environment, mode);
	put_line(out, "begun", json_read_text(host ? host : environment, "started"), "");
	put_command(out, host ? host : environment);
	fputs("</table>\n", out);
}
