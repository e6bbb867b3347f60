// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_console.h"
#include "harness/vm_window.h"
#include "tests/test.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void test_lines_are_judged(void **state)
{
	static const struct {
		const char *line;
		enum vm_trouble trouble;
	} cases[] = {
		{ "Kernel panic - not syncing: sysrq triggered crash", VM_PANIC },
		{ "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
		  VM_PANIC },
		{ "BUG: kernel NULL pointer dereference, address: 0000000000000000", VM_OOPS },
		{ "BUG: unable to handle page fault for address: ffffc90000000000", VM_OOPS },
		{ "Oops: 0002 [#1] PREEMPT SMP NOPTI", VM_OOPS },
		{ "kernel BUG at net/core/skbuff.c:112!", VM_OOPS },
		{ "invalid opcode: 0000 [#1] PREEMPT SMP", VM_OOPS },
		{ "general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
		  VM_OOPS },
		{ "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [labrun:77]", VM_OOPS },
		{ "divide error: 0000 [#1] PREEMPT SMP", VM_OOPS },
		{ "Out of memory: Killed process 77 (labrun) total-vm:444836kB", VM_OUT_OF_MEMORY },
		{ "Memory cgroup out of memory: Killed process 5 (nft)", VM_OUT_OF_MEMORY },
		/* The kernel goes on as it was. */
		{ "", VM_FINE },
		{ "WARNING: CPU: 0 PID: 1 at net/core/dev.c:3312", VM_FINE },
		{ "Spectre V1 : Mitigation: usercopy/swapgs barriers", VM_FINE },
		{ "vxlan: Unknown symbol udp_sock_create4 (err -2)", VM_FINE },
		{ "reboot: Restarting system", VM_FINE },
		{ "rcu: INFO: rcu_preempt self-detected stall on CPU", VM_FINE },
		/* A program's end, and labrun says by itself how its tools ended. */
		{ "traps: nft[12] general protection fault ip:7f sp:7f error:0 in libc.so.6",
		  VM_FINE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (vm_console_judge(cases[i].line) != cases[i].trouble)
			fail_msg("'%s' is %d, not %d", cases[i].line,
				 vm_console_judge(cases[i].line), cases[i].trouble);
}

static void feed(struct vm_console *console, const char *text)
{
	vm_console_feed(console, text, strlen(text));
}

/* As 6.1 says it, in pieces as a file that grows gives them. */
static void test_oops_is_told_by_its_cause(void **state)
{
	static const char text[] =
		"[    1.001000] vxlan: loaded\r\n"
		"[    1.250029] BUG: kernel NULL pointer dereference, address: 0000000000000010\r\n"
		"[    1.250100] #PF: supervisor read access in kernel mode\r\n"
		"[    1.250200] Oops: 0000 [#1] PREEMPT SMP NOPTI\r\n"
		"[    1.250300] RIP: 0010:vxlan_xmit+0x1a/0x90 [vxlan]\r\n"
		"[    1.250400] RAX: 0000000000000000 RBX: ffff888003b1c000\r\n"
		"[    1.250500]  dev_hard_start_xmit+0x6b/0x1e0\r\n"
		"[    1.250600] RIP: 0033:0x7f7886882350\r\n"
		"[    1.250700] Kernel panic - not syncing: Fatal exception in interrupt\r\n";

	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		struct vm_console console = { 0 };
		struct err err;

		for (size_t at = 0; at < strlen(text); at += piece)
			vm_console_feed(&console, text + at,
					piece < strlen(text + at) ? piece : strlen(text + at));
		assert_int_equal(console.trouble, VM_PANIC);
		assert_int_equal(vm_console_error(&console, "unused", &err), -EIO);
		assert_string_equal(
			err.text,
			"the guest's kernel panicked: BUG: kernel NULL pointer dereference, "
			"address: 0000000000000010, RIP: 0010:vxlan_xmit+0x1a/0x90 [vxlan]; the "
			"console ends with: BUG: kernel NULL pointer dereference, address: "
			"0000000000000010 | #PF: supervisor read access in kernel mode | Oops: "
			"0000 [#1] PREEMPT SMP NOPTI | dev_hard_start_xmit+0x6b/0x1e0 | Kernel "
			"panic - not syncing: Fatal exception in interrupt");
	}
}

static void test_no_trouble_leaves_the_word_to_the_caller(void **state)
{
	struct vm_console console = { 0 };
	struct err err;

	(void)state;
	vm_console_error(&console, "the guest hung", &err);
	assert_string_equal(err.text, "the guest hung; its console is empty");
	feed(&console, "[    0.1][    T1] one\ntwo\n\n\n");
	vm_console_error(&console, "the guest hung", &err);
	assert_string_equal(err.text, "the guest hung; the console ends with: one | two");
	feed(&console, "three\nfour\nfive\nsix\nseven\nnot ended");
	vm_console_error(&console, "the guest hung", &err);
	assert_string_equal(
		err.text,
		"the guest hung; the console ends with: three | four | five | six | seven");
}

/* A console is not trusted: nothing that a terminal would act on, and no line without end. */
static void test_noise_is_held_off(void **state)
{
	struct vm_console console = { 0 };
	char bytes[4096];
	struct err err;

	(void)state;
	feed(&console, "\033[31mred\033[0m\a\x7f\n");
	assert_string_equal(console.tail[0], "[31mred[0m");
	feed(&console, "caf\351\n");
	vm_console_error(&console, "x", &err);
	assert_string_equal(err.text, "x; the console ends with: [31mred[0m | caf?");
	memset(bytes, 'x', sizeof(bytes));
	for (int i = 0; i < 100; i++)
		vm_console_feed(&console, bytes, sizeof(bytes));
	feed(&console, "\nKernel panic - not syncing: ");
	vm_console_feed(&console, bytes, sizeof(bytes));
	feed(&console, "\n");
	assert_int_equal(console.trouble, VM_PANIC);
	vm_console_error(&console, "", &err);
	assert_true(strlen(err.text) < sizeof(err.text));
	/* A lone ESC or '[' at the end of what there is. */
	feed(&console, "[\n[ \n[    1.0\n]\n");
	feed(&console, "no end of its own");
	vm_console_feed(&console, NULL, 0);
	assert_string_equal(console.tail[(console.line_count - 1) % VM_TAIL_LINES],
			    "no end of its own");
}

struct collected {
	char text[200];
	int stop_after;
};

static int collect(void *context, const char *line)
{
	struct collected *collected = context;
	size_t used = strlen(collected->text);

	snprintf(collected->text + used, sizeof(collected->text) - used, "<%s>", line);
	return collected->stop_after && --collected->stop_after == 0 ? -EINTR : 0;
}

static void test_lines(void **state)
{
	struct collected collected = { 0 }, stopped = { .stop_after = 1 };
	struct vm_lines lines = { 0 };

	(void)state;
	assert_int_equal(vm_lines_feed(&lines, "a\nb", 3, collect, &collected), 0);
	assert_int_equal(vm_lines_feed(&lines, "c\r\n\nd", 5, collect, &collected), 0);
	assert_string_equal(collected.text, "<a><bc>");
	assert_int_equal(vm_lines_feed(&lines, NULL, 0, collect, &collected), 0);
	assert_int_equal(vm_lines_feed(&lines, NULL, 0, collect, &collected), 0);
	assert_string_equal(collected.text, "<a><bc><d>");
	assert_int_equal(vm_lines_feed(&lines, "e\nf\n", 4, collect, &stopped), -EINTR);
	assert_string_equal(stopped.text, "<e>");
}

static void test_follow(void **state)
{
	struct vm_follow follow = { .fd = memfd_create("console", MFD_CLOEXEC) };
	char bytes[4];

	(void)state;
	assert_int_equal(vm_follow_read(&follow, bytes, sizeof(bytes)), 0);
	assert_int_equal(write(follow.fd, "abcdef", 6), 6);
	assert_int_equal(vm_follow_read(&follow, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "abcd", 4);
	assert_int_equal(vm_follow_read(&follow, bytes, sizeof(bytes)), 2);
	assert_memory_equal(bytes, "ef", 2);
	assert_int_equal(vm_follow_read(&follow, bytes, sizeof(bytes)), 0);
	close(follow.fd);
}

/* FNV-1a's own constants, and that each byte and the length of what is not a multiple tell. */
static void test_window_sum(void **state)
{
	unsigned char bytes[21] = { 0 };
	uint64_t sum;

	(void)state;
	assert_true(vm_window_sum(bytes, 0) == 0xcbf29ce484222325u);
	assert_true(vm_window_sum("\1\0\0\0\0\0\0\0", 8) ==
		    (0xcbf29ce484222325u ^ 1) * 0x100000001b3u);
	sum = vm_window_sum(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 0x80;
		assert_true(vm_window_sum(bytes, sizeof(bytes)) != sum);
		bytes[i] = 0;
	}
	assert_true(vm_window_sum(bytes, 16) != sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_judged),
		cmocka_unit_test(test_oops_is_told_by_its_cause),
		cmocka_unit_test(test_no_trouble_leaves_the_word_to_the_caller),
		cmocka_unit_test(test_noise_is_held_off),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_window_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
