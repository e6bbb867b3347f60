// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_console.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <string.h>

/* Of each line in an error, which has room for some 500 characters. */
#define LINE_SHOWN 120

static int end_line(struct vm_lines *lines, int (*line)(void *context, const char *line),
		    void *context)
{
	lines->line[lines->used] = '\0';
	lines->used = 0;
	return lines->line[0] ? line(context, lines->line) : 0;
}

int vm_lines_feed(struct vm_lines *lines, const char *bytes, size_t count,
		  int (*line)(void *context, const char *line), void *context)
{
	int code = 0;

	if (!bytes)
		return end_line(lines, line, context);
	for (size_t i = 0; i < count && !code; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\n')
			code = end_line(lines, line, context);
		else if (byte >= ' ' && byte != 0x7f && lines->used < sizeof(lines->line) - 1)
			lines->line[lines->used++] = (char)byte;
	}
	return code;
}

/*
 * Part of a line, and what it means. "Oops" alone would miss what has no such line (BUG: soft
 * lockup), and a WARNING is none of these: the kernel goes on as it was.
 */
static const struct {
	const char *text;
	enum vm_trouble trouble;
} signs[] = {
	/* A panic too, but the one that follows when there is nobody left to end. */
	{ "System is deadlocked on memory", VM_OUT_OF_MEMORY },
	{ "Kernel panic - not syncing", VM_PANIC },
	{ "Oops: ", VM_OOPS },
	{ "BUG: ", VM_OOPS },
	{ "kernel BUG at ", VM_OOPS },
	{ "general protection fault", VM_OOPS },
	{ "Unable to handle kernel", VM_OOPS },
	{ "unable to handle kernel", VM_OOPS },
	{ "double fault: ", VM_OOPS },
	{ "stack segment: ", VM_OOPS },
	{ "invalid opcode: ", VM_OOPS },
	{ "divide error: ", VM_OOPS },
	{ "PANIC: ", VM_PANIC },
	{ "Out of memory: ", VM_OUT_OF_MEMORY },
	{ "Memory cgroup out of memory: ", VM_OUT_OF_MEMORY },
};

enum vm_trouble vm_console_judge(const char *line)
{
	/* "traps: nft[12] general protection fault ip:..." is a program's end, not the kernel's. */
	if (strstr(line, "traps: ") == line)
		return VM_FINE;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (strstr(line, signs[i].text))
			return signs[i].trouble;
	return VM_FINE;
}

/* "[    1.234567] text", and with CONFIG_PRINTK_CALLER "[    1.234567][    T1] text". */
static const char *skip_stamp(const char *line)
{
	while (*line == '[' && strspn(line + 1, " .0123456789CT") > 0) {
		const char *end = strchr(line, ']');

		if (!end)
			break;
		line = end + 1 + (end[1] == ' ');
	}
	return line;
}

/* The kernel's code segment: a system call's dump has the caller's place as well. */
static const char kernel_place[] = "RIP: 0010:";

/* "RAX: ...", "CS: ...", "Code: ...": dumped after a fault, and of no use in one line of text. */
static bool is_registers(const char *line)
{
	size_t letters = strspn(line, "ABCDEFGHILOPRSUX0123456789");

	return !strncmp(line, "Code: ", 6) ||
	       (strchr("RCDFP", line[0]) && letters >= 2 && letters <= 4 && line[letters] == ':');
}

static int take_line(void *context, const char *stamped)
{
	struct vm_console *console = context;
	const char *line = skip_stamp(stamped);
	enum vm_trouble trouble = vm_console_judge(line);

	if (!is_registers(line))
		snprintf(console->tail[console->line_count++ % VM_TAIL_LINES], VM_LINE_BYTES, "%s",
			 line);
	/* A panic because of an oops is told by the oops: it names the fault. */
	if (trouble > console->trouble) {
		if (console->trouble != VM_OOPS)
			snprintf(console->cause, sizeof(console->cause), "%s", line);
		console->trouble = trouble;
	}
	if (!console->place[0] && !strncmp(line, kernel_place, strlen(kernel_place)))
		snprintf(console->place, sizeof(console->place), "%s", line);
	return 0;
}

void vm_console_feed(struct vm_console *console, const char *bytes, size_t count)
{
	vm_lines_feed(&console->lines, bytes, count, take_line, console);
}

static void append(struct err *err, const char *separator, const char *text)
{
	size_t used = strlen(err->text);

	snprintf(err->text + used, sizeof(err->text) - used, "%s%.*s", separator, LINE_SHOWN,
		 text + strspn(text, " "));
}

int vm_console_error(const struct vm_console *console, const char *what, struct err *err)
{
	static const char *const troubles[] = {
		[VM_OUT_OF_MEMORY] = "the guest ran out of memory",
		[VM_OOPS] = "the guest's kernel failed",
		[VM_PANIC] = "the guest's kernel panicked",
	};
	size_t count = console->line_count < VM_TAIL_LINES ? console->line_count : VM_TAIL_LINES;

	err_set(err, -EIO, "%s", console->trouble ? troubles[console->trouble] : what);
	if (console->trouble)
		append(err, ": ", console->cause);
	if (console->trouble && console->place[0])
		append(err, ", ", console->place);
	append(err, "; ", count ? "the console ends with:" : "its console is empty");
	for (size_t i = console->line_count - count; i < console->line_count; i++)
		append(err, i + count == console->line_count ? " " : " | ",
		       console->tail[i % VM_TAIL_LINES]);
	/* An error goes into JSON files, which have to be UTF-8. */
	for (char *at = err->text; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	return -EIO;
}

size_t vm_follow_read(struct vm_follow *follow, char *bytes, size_t size)
{
	ssize_t got = pread(follow->fd, bytes, size, (off_t)follow->offset);

	if (got <= 0)
		return 0;
	follow->offset += (size_t)got;
	return (size_t)got;
}
