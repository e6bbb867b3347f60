// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_shell.h"

#include "harness/arena.h"
#include "harness/cleanup.h"
#include "harness/interrupt.h"
#include "harness/proc.h"
#include "harness/vm_qemu.h"
#include "harness/vm_shell_line.h"
#include "loadgen/load.h"
#include "topologies/topology.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

#define NEEDS_MAX 256
#define MEMORY_MIB 512
#define END_OF_FILE 4 /* Ctrl-D */
#define ESCAPE 29 /* Ctrl-] */

struct shell {
	int guest_fd, signal_fd, error_fd; /* guest_fd: its serial port; error_fd: what QEMU says */
	pid_t pid;
	bool terminal, ready, leaves;
	int status; /* of the guest's shell; -1: it has not ended */
	/* What the guest said and was not passed on: the last of what came before VM_SHELL_READY,
	 * then what may become VM_SHELL_DONE. Ends with a NUL. */
	char said[4096];
	size_t said_bytes;
};

/* The tools are those that there are: the shell is of use without. */
static void add_needs(const struct kind *const *kinds, struct arena *arena, const char **modules,
		      const char **tools)
{
	size_t module_count = 0, tool_count = 0;

	while (modules[module_count])
		module_count++;
	while (tools[tool_count])
		tool_count++;
	for (; *kinds; kinds++) {
		for (const char *const *name = (*kinds)->modules; name && *name; name++)
			if (module_count < NEEDS_MAX)
				modules[module_count++] = *name;
		for (const char *const *name = (*kinds)->tools; name && *name; name++)
			if (tool_count < NEEDS_MAX)
				tools[tool_count++] =
					**name == '?' ? *name : arena_printf(arena, "?%s", *name);
	}
}

static int make_initramfs(const struct vm_kernel *kernel, struct arena *arena, char **ret_path,
			  struct err *err)
{
	const char *modules[NEEDS_MAX + 1] = { "veth", VM_QEMU_UPLINK_MODULES };
	const char *tools[NEEDS_MAX + 1] = { "sh",     "?ip",	"?tc",	"?ping",  "?ls",
					     "?cat",   "?grep", "?ps",	"?uname", "?dmesg",
					     "?mkdir", "?head", "?less" };
	const struct vm_initramfs what = { .kernel = kernel, .modules = modules, .tools = tools };
	char hash[VM_HASH_BYTES];

	add_needs(device_kinds, arena, modules, tools);
	add_needs(feature_kinds, arena, modules, tools);
	add_needs(load_kinds, arena, modules, tools);
	return vm_initramfs_make(&what, ret_path, hash, err);
}

/* How the guest is to set its side of the line. */
static const char *describe_line(const struct shell *shell, struct arena *arena)
{
	struct winsize size = {};

	if (!shell->terminal)
		return "pipe";
	ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	return arena_printf(arena, "%ux%u", size.ws_row, size.ws_col);
}

static void __attribute__((noreturn))
start_qemu(const struct shell *shell, const struct vm_kernel *kernel, const char *initramfs,
	   int serial_fd, pid_t parent, struct arena *arena)
{
	const char *accelerator = vm_accelerator();
	const char *const argv[] = {
		VM_QEMU,
		"-nodefaults",
		"-no-user-config",
		"-no-reboot",
		"-display",
		"none",
		"-machine",
		"q35",
		"-accel",
		accelerator,
		"-cpu",
		vm_qemu_cpu(accelerator),
		"-m",
		arena_printf(arena, "%u", MEMORY_MIB),
		"-smp",
		"1",
		"-nic",
		"none",
		VM_QEMU_UPLINK(""),
		"-chardev",
		arena_printf(arena, "socket,id=line,fd=%d", serial_fd),
		"-serial",
		"chardev:line",
		"-kernel",
		kernel->image,
		"-initrd",
		initramfs,
		"-append",
		arena_printf(
			arena,
			"console=ttyS0 quiet loglevel=1 panic=-1 nowatchdog audit=0 " VM_SHELL_WORD
			"%s",
			describe_line(shell, arena)),
		NULL
	};

	vm_qemu_exec(argv, shell->error_fd, serial_fd, parent);
}

static int start(struct shell *shell, const struct vm_kernel *kernel, const char *initramfs,
		 struct arena *arena, struct err *err)
{
	pid_t parent = getpid();
	int ends[2];

	/* Not to the user: it warns that the uplink's hub leads nowhere, which is the point. */
	shell->error_fd = memfd_create("qemu", MFD_CLOEXEC);
	if (shell->error_fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return err_errno(err, -errno, "make the guest's line");
	shell->guest_fd = ends[0];
	shell->pid = fork();
	if (shell->pid == 0)
		start_qemu(shell, kernel, initramfs, ends[1], parent, arena);
	close(ends[1]);
	return shell->pid < 0 ? err_errno(err, -errno, "start QEMU") : 0;
}

static bool write_all(int fd, const char *bytes, size_t count)
{
	while (count) {
		ssize_t done = write(fd, bytes, count);

		if (done <= 0)
			return false;
		bytes += done;
		count -= (size_t)done;
	}
	return true;
}

static void forget(struct shell *shell, size_t count)
{
	shell->said_bytes -= count;
	memmove(shell->said, shell->said + count, shell->said_bytes);
	shell->said[shell->said_bytes] = '\0';
}

static void await_ready(struct shell *shell)
{
	char *mark = memmem(shell->said, shell->said_bytes, VM_SHELL_READY, strlen(VM_SHELL_READY));

	if (!mark)
		return;
	shell->ready = true;
	forget(shell, (size_t)(mark - shell->said) + strlen(VM_SHELL_READY));
}

/* Where VM_SHELL_DONE is, or may yet be: before it all can be passed on. */
static size_t find_done(const struct shell *shell)
{
	for (size_t at = 0; at < shell->said_bytes; at++) {
		size_t left = shell->said_bytes - at;

		if (!memcmp(shell->said + at, VM_SHELL_DONE,
			    left < strlen(VM_SHELL_DONE) ? left : strlen(VM_SHELL_DONE)))
			return at;
	}
	return shell->said_bytes;
}

/* Whether the guest may have more to say. */
static bool pass_said(struct shell *shell)
{
	size_t done = find_done(shell);

	if (!write_all(STDOUT_FILENO, shell->said, done))
		return false;
	forget(shell, done);
	if (shell->said_bytes < VM_SHELL_DONE_BYTES)
		return true;
	shell->status = atoi(shell->said + strlen(VM_SHELL_DONE));
	return false;
}

/* The same. */
static bool from_guest(struct shell *shell)
{
	const size_t size = sizeof(shell->said) - 1;
	ssize_t got;

	/* Only before VM_SHELL_READY: a mark in two pieces is still found. */
	if (shell->said_bytes == size)
		forget(shell, size / 2);
	got = read(shell->guest_fd, shell->said + shell->said_bytes, size - shell->said_bytes);
	if (got <= 0)
		return false;
	shell->said_bytes += (size_t)got;
	shell->said[shell->said_bytes] = '\0';
	if (!shell->ready)
		await_ready(shell);
	return !shell->ready || pass_said(shell);
}

/* Whether the user may have more to say. */
static bool from_user(struct shell *shell)
{
	static const char end = END_OF_FILE;
	char bytes[256];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (got <= 0) {
		write_all(shell->guest_fd, &end, 1);
		return false;
	}
	shell->leaves = shell->terminal && memchr(bytes, ESCAPE, (size_t)got);
	return write_all(shell->guest_fd, bytes, (size_t)got);
}

static int pass_on(struct shell *shell, struct err *err)
{
	struct pollfd polls[] = { { .fd = shell->guest_fd, .events = POLLIN },
				  { .fd = shell->signal_fd, .events = POLLIN },
				  { .fd = -1, .events = POLLIN } };
	bool user = true;
	char said[200];

	while (!shell->leaves) {
		polls[2].fd = shell->ready && user ? STDIN_FILENO : -1;
		if (poll(polls, ARRAY_SIZE(polls), -1) < 0)
			return err_errno(err, -errno, "wait for the guest");
		if (polls[1].revents)
			return err_interrupted(err);
		if (polls[0].revents && !from_guest(shell))
			break;
		if (polls[2].revents)
			user = from_user(shell);
	}
	if (shell->leaves)
		shell->status = 0;
	if (shell->status >= 0)
		return 0;
	vm_qemu_said(shell->error_fd, said, sizeof(said));
	if (shell->ready)
		return err_set(err, -EIO, "the guest ended before its shell did%s%s",
			       *said ? ": " : "", said);
	return err_set(err, -EIO, "the guest ended before its shell began: %.*s%s",
		       (int)strcspn(shell->said, "\r\n"), shell->said, said);
}

/* The keys go to the guest as they are, and what they do is its business. */
static int pass_raw(struct shell *shell, struct err *err)
{
	struct termios saved, raw;
	int code;

	if (!shell->terminal || tcgetattr(STDIN_FILENO, &saved))
		return pass_on(shell, err);
	raw = saved;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	code = pass_on(shell, err);
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	return code;
}

/* An end that is asked for is looked at between two bytes, so that the terminal is set back. */
static int converse(struct shell *shell, struct err *err)
{
	struct signalfd_siginfo taken;
	sigset_t signals, old;
	int code;

	interrupt_fill(&signals);
	sigprocmask(SIG_BLOCK, &signals, &old);
	shell->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
	code = pass_raw(shell, err);
	kill(shell->pid, SIGKILL);
	waitpid(shell->pid, NULL, 0);
	while (read(shell->signal_fd, &taken, sizeof(taken)) > 0)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(shell->signal_fd);
	return code;
}

int vm_shell_run(const struct vm_kernel *kernel, int *ret_status, struct err *err)
{
	_arena_ struct arena *arena = arena_new();
	struct shell shell = {
		.guest_fd = -1, .error_fd = -1, .status = -1, .terminal = isatty(STDIN_FILENO)
	};
	_free_ char *initramfs = NULL;
	int code;

	if (!proc_exists(VM_QEMU))
		return err_need(err, VM_QEMU " is not installed (apt install qemu-system-x86)");
	code = make_initramfs(kernel, arena, &initramfs, err);
	if (!code)
		code = start(&shell, kernel, initramfs, arena, err);
	if (!code)
		code = converse(&shell, err);
	cleanup_close(&shell.guest_fd);
	cleanup_close(&shell.error_fd);
	*ret_status = shell.status;
	return code;
}
