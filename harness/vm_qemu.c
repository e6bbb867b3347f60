// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_qemu.h"

#include "harness/cleanup.h"
#include "harness/vm_window.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define ARGUMENTS_MAX 64

/*
 * The same on every machine and all of it emulated by QEMU 7.2. Without ERMS: an instruction with
 * REP counts as one each time round, so that a "fast" copy would be the dearest. RDRAND is how the
 * seed reaches the guest. Of a family that has no Meltdown, as the processors of today.
 */
static const char fixed_cpu[] = "qemu64,-svm,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand,+smep,+smap";

/*
 * Warnings are shown. A watchdog that counts host time would take a slow emulation for a lockup.
 * The clock is known to be good, and is read a million times: not to be checked, nor abandoned.
 */
static const char kernel_line[] =
	"console=ttyS0 loglevel=5 panic=-1 oops=panic nowatchdog tsc=reliable no_timer_check "
	"audit=0 apparmor=0 cryptomgr.notests random.trust_cpu=on";
/*
 * The APIC timer's calibration takes 0.1 s of guest time in a loop that QEMU can only single-step,
 * 2.1 s: the PIT serves as well. The counter's rate is said, and no other clock is there to correct
 * it by a millionth: so one instruction is one nanosecond, without rounding.
 */
static const char exact_line[] = " nolapic_timer pmtmr=0 tsc_early_khz=1000000";

struct arguments {
	struct arena *arena;
	const char **argv;
	size_t count;
};

static void add(struct arguments *arguments, const char *option, const char *value)
{
	arguments->argv[arguments->count++] = option;
	if (value)
		arguments->argv[arguments->count++] = value;
}

/* In a list of options a comma is written twice. */
static const char *escape(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, 2 * strlen(path) + 1), *to = text;

	for (; *path; *to++ = *path++)
		if (*path == ',')
			*to++ = ',';
	return text;
}

const char *vm_qemu_accelerator(const struct vm_boot *boot)
{
	if (boot->exact)
		return "tcg";
	return boot->accelerator ? boot->accelerator : vm_accelerator();
}

const char *vm_qemu_cpu(const char *accelerator)
{
	return strcmp(accelerator, "kvm") ? fixed_cpu : "host,migratable=off";
}

static void add_clock(struct arguments *arguments, const struct vm_qemu *qemu)
{
	if (!qemu->boot->exact) {
		add(arguments, "-accel", qemu->accelerator);
		return;
	}
	add(arguments, "-accel", "tcg,thread=single");
	add(arguments, "-icount", "shift=0,sleep=off");
	add(arguments, "-rtc", "clock=vm,base=2026-01-01T00:00:00");
	add(arguments, "-seed", arena_printf(arguments->arena, "%lu", qemu->boot->seed));
}

/*
 * By default a frame is sent by QEMU's main loop, which takes it up whenever the machine lets it. A
 * timer of the guest's clock instead sends it from where instructions are counted: 20 us after the
 * driver was called, which by then has returned, so that no receive interrupt falls into its time.
 */
static void add_uplink(struct arguments *arguments, bool exact)
{
	static const char *const plain[] = { VM_QEMU_UPLINK("") };
	static const char *const counted[] = { VM_QEMU_UPLINK(
		",ioeventfd=off,tx=timer,x-txtimer=20000") };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		add(arguments, exact ? counted[i] : plain[i], NULL);
}

/* A file for the console, never a pipe: how fast one is read decides how long the guest waits. */
static void add_devices(struct arguments *arguments, const struct vm_qemu *qemu)
{
	struct arena *arena = arguments->arena;

	add(arguments, "-chardev",
	    arena_printf(arena, "file,id=console,path=%s", escape(arena, qemu->console)));
	add(arguments, "-serial", "chardev:console");
	add(arguments, "-object",
	    arena_printf(arena, "memory-backend-file,id=window,size=%u,share=on,mem-path=%s",
			 VM_WINDOW_BYTES, escape(arena, qemu->window)));
	add(arguments, "-device", "ivshmem-plain,memdev=window");
}

const char *const *vm_qemu_argv(const struct vm_qemu *qemu, struct arena *arena)
{
	struct arguments arguments = { .arena = arena,
				       .argv = arena_alloc(arena, ARGUMENTS_MAX * sizeof(char *)) };

	add(&arguments, VM_QEMU, "-nodefaults");
	add(&arguments, "-no-user-config", "-no-reboot");
	add(&arguments, "-display", "none");
	add(&arguments, "-machine", qemu->boot->exact ? "q35,hpet=off" : "q35");
	add(&arguments, "-cpu", vm_qemu_cpu(qemu->accelerator));
	add(&arguments, "-m", arena_printf(arena, "%u", qemu->boot->memory_mib));
	add(&arguments, "-smp", "1");
	add(&arguments, "-nic", "none");
	add_clock(&arguments, qemu);
	add_devices(&arguments, qemu);
	if (qemu->boot->uplink)
		add_uplink(&arguments, qemu->boot->exact);
	add(&arguments, "-kernel", qemu->kernel);
	add(&arguments, "-initrd", qemu->initrd);
	add(&arguments, "-append",
	    arena_printf(arena, "%s%s", kernel_line, qemu->boot->exact ? exact_line : ""));
	return arguments.argv;
}

static void __attribute__((noreturn)) fail(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, strerrordesc_np(errno));
	_exit(127);
}

void vm_qemu_exec(const char *const *argv, int error_fd, int kept_fd, pid_t parent)
{
	struct sigaction fallback = { .sa_handler = SIG_DFL };
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	/* The parent may have died before this took hold. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGPIPE, &fallback, NULL);
	/* Ctrl-C goes to a whole group, and is ours to act on. */
	setpgid(0, 0);
	if (dup2(error_fd, STDERR_FILENO) < 0 || dup2(error_fd, STDOUT_FILENO) < 0 ||
	    dup2(null, STDIN_FILENO) < 0)
		_exit(127);
	if (close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) || fcntl(kept_fd, F_SETFD, 0))
		fail("close_range");
	execvp(argv[0], (char *const *)argv);
	fail(argv[0]);
}

static void drop_line(char *text, const char *part)
{
	char *at = strstr(text, part), *end;

	if (!at)
		return;
	end = at + strcspn(at, "\n");
	end += *end == '\n';
	while (at > text && at[-1] != '\n')
		at--;
	memmove(at, end, strlen(end) + 1);
}

void vm_qemu_said(int error_fd, char *said, size_t size)
{
	ssize_t got = pread(error_fd, said, size - 1, 0);

	said[got > 0 ? got : 0] = '\0';
	/* That the uplink's has no way out is the point of it. */
	drop_line(said, "warning: hub 0 is not connected to host network");
	for (char *at = said; *at; at++)
		*at = *at < ' ' || *at > '~' ? ' ' : *at;
}
