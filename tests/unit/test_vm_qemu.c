// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_qemu.h"
#include "tests/test.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct command {
	struct arena *arena;
	const char *const *argv;
};

static struct command command_of(const struct vm_boot *boot, const char *accelerator)
{
	const struct vm_qemu qemu = { .boot = boot,
				      .accelerator = accelerator,
				      .kernel = "/k/vmlinux",
				      .initrd = "/w/in,itrd",
				      .console = "/w,,x/console.txt",
				      .window = "/proc/self/fd/9" };
	struct arena *arena = arena_new();

	return (struct command){ arena, vm_qemu_argv(&qemu, arena) };
}

/* The one argument behind an option, NULL if the option is not there. */
static const char *value_of(const struct command *command, const char *option)
{
	const char *value = NULL;

	for (const char *const *word = command->argv; *word; word++)
		if (!strcmp(*word, option)) {
			assert_null(value);
			value = word[1] ? word[1] : "";
		}
	return value;
}

static const struct vm_boot plain = { .memory_mib = 512 };
static const struct vm_boot exact = { .memory_mib = 512, .exact = true, .seed = 18446744073709551 };

static void test_exact_leaves_nothing_to_chance(void **state)
{
	struct command command = command_of(&exact, "tcg");

	(void)state;
	assert_string_equal(command.argv[0], "qemu-system-x86_64");
	assert_string_equal(value_of(&command, "-accel"), "tcg,thread=single");
	assert_string_equal(value_of(&command, "-icount"), "shift=0,sleep=off");
	assert_string_equal(value_of(&command, "-rtc"), "clock=vm,base=2026-01-01T00:00:00");
	assert_string_equal(value_of(&command, "-seed"), "18446744073709551");
	assert_string_equal(value_of(&command, "-smp"), "1");
	/* REP counts each time round, the seed comes in by RDRAND, and the counter's rate is said.
	 */
	assert_null(strstr(value_of(&command, "-cpu"), "max"));
	assert_null(strstr(value_of(&command, "-cpu"), "erms"));
	assert_non_null(strstr(value_of(&command, "-cpu"), "+rdrand"));
	assert_non_null(strstr(value_of(&command, "-append"), " tsc_early_khz=1000000"));
	arena_free(command.arena);
}

static void test_other_boots_keep_the_machines_clock(void **state)
{
	static const char *const accelerators[] = { "tcg", "kvm" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct command command = command_of(&plain, accelerators[i]);

		assert_string_equal(value_of(&command, "-accel"), accelerators[i]);
		assert_null(value_of(&command, "-icount"));
		assert_null(value_of(&command, "-rtc"));
		assert_null(value_of(&command, "-seed"));
		assert_null(strstr(value_of(&command, "-append"), "tsc_early_khz"));
		assert_string_equal(value_of(&command, "-m"), "512");
		arena_free(command.arena);
	}
	assert_string_equal(vm_qemu_cpu("kvm"), "host,migratable=off");
	assert_null(strstr(vm_qemu_cpu("tcg"), "host"));
}

static void test_every_guest_is_closed_in(void **state)
{
	static const struct vm_boot *const boots[] = { &plain, &exact };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct command command = command_of(boots[i], "tcg");

		assert_string_equal(value_of(&command, "-nic"), "none");
		assert_string_equal(value_of(&command, "-display"), "none");
		assert_non_null(value_of(&command, "-nodefaults"));
		assert_non_null(value_of(&command, "-no-user-config"));
		assert_non_null(value_of(&command, "-no-reboot"));
		assert_null(value_of(&command, "-monitor"));
		assert_null(value_of(&command, "-drive"));
		assert_non_null(strstr(value_of(&command, "-append"), "panic=-1 oops=panic"));
		arena_free(command.arena);
	}
}

/* A comma ends a value in a list of options, and not where an option takes one path. */
static void test_commas_in_paths(void **state)
{
	struct command command = command_of(&plain, "tcg");

	(void)state;
	assert_string_equal(value_of(&command, "-chardev"),
			    "file,id=console,path=/w,,,,x/console.txt");
	assert_string_equal(value_of(&command, "-initrd"), "/w/in,itrd");
	assert_string_equal(value_of(&command, "-kernel"), "/k/vmlinux");
	assert_non_null(strstr(value_of(&command, "-object"), "share=on,mem-path=/proc/self/fd/9"));
	arena_free(command.arena);
}

static void test_accelerator_as_told(void **state)
{
	struct vm_boot boot = { .accelerator = "kvm" };

	(void)state;
	assert_string_equal(vm_qemu_accelerator(&boot), "kvm");
	boot.exact = true;
	assert_string_equal(vm_qemu_accelerator(&boot), "tcg");
}

static size_t count_words(const struct command *command, const char *part)
{
	size_t count = 0;

	for (const char *const *word = command->argv; *word; word++)
		count += strstr(*word, part) != NULL;
	return count;
}

/* Two cards on one hub, which has no third port: no frame has a way out of QEMU. */
static void test_uplink(void **state)
{
	struct vm_boot boots[] = { plain, exact };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct command without = command_of(&boots[i], "tcg"), with;

		boots[i].uplink = true;
		with = command_of(&boots[i], "tcg");
		assert_int_equal(count_words(&without, "netdev"), 0);
		assert_int_equal(count_words(&without, "virtio"), 0);
		assert_string_equal(value_of(&with, "-nic"), "none");
		assert_int_equal(count_words(&with, "-netdev"), 2);
		assert_int_equal(count_words(&with, "hubport,"), 2);
		assert_int_equal(count_words(&with, "hubid=0"), 2);
		assert_int_equal(count_words(&with, "virtio-net-pci,"), 2);
		assert_int_equal(count_words(&with, "addr=0x" UPLINK_NEAR_SLOT ",mac="), 1);
		assert_int_equal(count_words(&with, "addr=0x" UPLINK_FAR_SLOT ",mac="), 1);
		assert_int_equal(count_words(&with, ",romfile=,"), 2);
		/* What QEMU does when it gets to it, an exact guest must not see. */
		assert_int_equal(count_words(&with, "ioeventfd=off,tx=timer"), i ? 2 : 0);
		arena_free(without.arena);
		arena_free(with.arena);
	}
}

static void assert_said(const char *text, const char *expected)
{
	int fd = memfd_create("said", MFD_CLOEXEC);
	char said[200];

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	vm_qemu_said(fd, said, sizeof(said));
	assert_string_equal(said, expected);
	close(fd);
}

/* One line, and of it not what an uplink always brings. */
static void test_said(void **state)
{
	static const char hub[] = "qemu: warning: hub 0 is not connected to host network\n";
	char text[200];

	(void)state;
	assert_said("", "");
	assert_said(hub, "");
	assert_said("qemu: no\nsuch \tfile", "qemu: no such  file");
	snprintf(text, sizeof(text), "qemu: one\n%sqemu: two", hub);
	assert_said(text, "qemu: one qemu: two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_leaves_nothing_to_chance),
		cmocka_unit_test(test_other_boots_keep_the_machines_clock),
		cmocka_unit_test(test_every_guest_is_closed_in),
		cmocka_unit_test(test_commas_in_paths),
		cmocka_unit_test(test_uplink),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_accelerator_as_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
