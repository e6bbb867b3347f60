// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm.h"

#include "harness/arena.h"
#include "harness/cleanup.h"
#include "harness/cpio.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm_console.h"
#include "harness/vm_init.h"
#include "harness/vm_qemu.h"
#include "harness/vm_window.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define LOOK_EVERY_MS 100
/* From the kernel's own end to QEMU's, while the console still has something to say. */
#define GRACE_MS 5000
#define CHUNK_BYTES 65536

/* The window needs a PCI bus and sysfs, which no kernel for QEMU lacks, and no driver. */
const char *const vm_boot_modules[] = { NULL };

struct boot {
	const struct vm_boot *what;
	struct arena *arena;
	struct vm_qemu qemu;
	int window_fd, error_fd, pidfd; /* error_fd: what QEMU says */
	struct vm_window *window;
	pid_t pid; /* 0: not started or waited for */
	int wait_status;
	struct vm_follow console_file;
	struct vm_console console;
	struct vm_lines progress;
	uint64_t log_taken;
	int64_t started_ms, told_ms,
		doomed_ms; /* doomed_ms: when the kernel's end was seen, or 0 */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int copy_file(FILE *to, const char *path, struct err *err)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_free_ char *bytes = malloc(CHUNK_BYTES);
	ssize_t got = fd < 0 || !bytes ? -1 : 1;

	while (got > 0) {
		got = read(fd, bytes, CHUNK_BYTES);
		errno = 0;
		if (got > 0 && fwrite(bytes, 1, (size_t)got, to) != (size_t)got)
			return err_errno(err, errno ? -errno : -EIO, "write the guest's files");
	}
	return got < 0 ? err_errno(err, -errno, "read '%s'", path) : 0;
}

static char *join_arguments(const struct boot *boot, size_t *ret_length)
{
	size_t length = 0;
	char *text;

	for (const char *const *argument = boot->what->argv; *argument; argument++)
		length += strlen(*argument) + 1;
	text = arena_alloc(boot->arena, length + 1);
	*ret_length = length;
	length = 0;
	for (const char *const *argument = boot->what->argv; *argument; argument++) {
		strcpy(text + length, *argument);
		length += strlen(*argument) + 1;
	}
	return text;
}

/* The names are those of init, without the '/' in front. */
static int add_files(const struct boot *boot, FILE *file, struct err *err)
{
	size_t length;
	const char *arguments = join_arguments(boot, &length);
	struct cpio cpio;
	int code = 0;

	cpio_begin(&cpio, file);
	if (boot->what->files)
		code = cpio_add_tree(&cpio, &VM_GUEST_WORK[1], boot->what->files, err);
	else
		code = cpio_add_folder(&cpio, &VM_GUEST_WORK[1], err);
	if (!code)
		code = cpio_add_bytes(&cpio, &VM_GUEST_ARGV[1], 0644, arguments, length, err);
	return code ? code : cpio_end(&cpio, err);
}

/* The kernel unpacks one archive after the other out of one file. */
static int make_initrd(const struct boot *boot, struct err *err)
{
	static const char zeros[CPIO_ALIGN];
	_fclose_ FILE *file = fopen(boot->qemu.initrd, "we");
	size_t odd;
	int code;

	if (!file)
		return err_errno(err, -errno, "cannot write '%s'", boot->qemu.initrd);
	code = copy_file(file, boot->what->initramfs, err);
	odd = (size_t)ftell(file) % CPIO_ALIGN;
	if (!code && odd && fwrite(zeros, 1, CPIO_ALIGN - odd, file) != CPIO_ALIGN - odd)
		code = err_errno(err, -EIO, "write the guest's files");
	if (!code)
		code = add_files(boot, file, err);
	return code ? err_wrap(err, code, "'%s'", boot->qemu.initrd) : 0;
}

/* In memory and without a name: it goes with us, whatever ends us. */
static int make_window(struct boot *boot, struct err *err)
{
	void *window;

	boot->window_fd = memfd_create("window", MFD_CLOEXEC);
	boot->error_fd = memfd_create("qemu", MFD_CLOEXEC);
	if (boot->window_fd < 0 || boot->error_fd < 0 ||
	    ftruncate(boot->window_fd, VM_WINDOW_BYTES))
		return err_errno(err, -errno, "make the guest's window");
	window = mmap(NULL, VM_WINDOW_CONTROL_BYTES, PROT_READ, MAP_SHARED, boot->window_fd,
		      VM_WINDOW_ARCHIVE_BYTES);
	if (window == MAP_FAILED)
		return err_errno(err, -errno, "map the guest's window");
	boot->window = window;
	boot->qemu.window = arena_printf(boot->arena, "/proc/self/fd/%d", boot->window_fd);
	return 0;
}

static int make_console(struct boot *boot, struct err *err)
{
	boot->console_file.fd =
		open(boot->qemu.console, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (boot->console_file.fd < 0)
		return err_errno(err, -errno, "cannot write '%s'", boot->qemu.console);
	return 0;
}

static int start(struct boot *boot, struct err *err)
{
	const char *const *argv = vm_qemu_argv(&boot->qemu, boot->arena);
	pid_t parent = getpid();

	boot->started_ms = boot->told_ms = now_ms();
	boot->pid = fork();
	if (boot->pid < 0) {
		boot->pid = 0;
		return err_errno(err, -errno, "start QEMU");
	}
	if (boot->pid == 0)
		vm_qemu_exec(argv, boot->error_fd, boot->window_fd, parent);
	boot->pidfd = (int)syscall(SYS_pidfd_open, boot->pid, 0);
	return 0;
}

static bool has_ended(struct boot *boot)
{
	pid_t ended = waitpid(boot->pid, &boot->wait_status, WNOHANG);

	/* None of ours any more: somebody ignores SIGCHLD, and its status is lost. */
	if (ended == 0 || (ended < 0 && errno != ECHILD))
		return false;
	boot->pid = 0;
	return true;
}

static void end(struct boot *boot)
{
	if (!boot->pid)
		return;
	kill(boot->pid, SIGKILL);
	waitpid(boot->pid, &boot->wait_status, 0);
	boot->pid = 0;
}

struct telling {
	struct boot *boot;
	struct err *err;
};

static int tell_line(void *context, const char *line)
{
	struct telling *telling = context;
	const struct vm_boot *what = telling->boot->what;

	telling->boot->told_ms = now_ms();
	return what->progress(what->context, line, telling->err);
}

/* What the guest writes is not trusted: its count is no index. */
static int tell_progress(struct boot *boot, struct err *err)
{
	uint64_t there = __atomic_load_n(&boot->window->log_bytes, __ATOMIC_ACQUIRE);
	uint64_t taken = boot->log_taken;
	int code = 0;

	if (!boot->what->progress)
		return 0;
	if (there > VM_WINDOW_LOG_BYTES)
		there = VM_WINDOW_LOG_BYTES;
	if (there > taken) {
		boot->log_taken = there;
		code = vm_lines_feed(&boot->progress, boot->window->log + taken,
				     (size_t)(there - taken), tell_line,
				     &(struct telling){ boot, err });
	}
	if (!code && now_ms() - boot->told_ms >= 1000) {
		boot->told_ms = now_ms();
		code = boot->what->progress(boot->what->context, NULL, err);
	}
	return code;
}

static void read_console(struct boot *boot)
{
	_free_ char *bytes = malloc(CHUNK_BYTES);
	size_t got;

	while (bytes && (got = vm_follow_read(&boot->console_file, bytes, CHUNK_BYTES)) > 0)
		vm_console_feed(&boot->console, bytes, got);
	if (boot->console.trouble >= VM_OOPS && !boot->doomed_ms)
		boot->doomed_ms = now_ms();
}

static int check_time(const struct boot *boot, struct err *err)
{
	bool started = __atomic_load_n(&boot->window->state, __ATOMIC_ACQUIRE) != 0;
	char what[120];

	if (boot->doomed_ms && now_ms() - boot->doomed_ms > GRACE_MS)
		return vm_console_error(&boot->console, "", err);
	if (now_ms() - boot->started_ms < (int64_t)boot->what->deadline_s * 1000)
		return 0;
	snprintf(what, sizeof(what), "the guest hung: not done after %u s%s",
		 boot->what->deadline_s, started ? "" : ", the kernel never started its init");
	vm_console_error(&boot->console, what, err);
	return -ETIMEDOUT;
}

static int follow(struct boot *boot, struct err *err)
{
	struct pollfd poll_end = { .fd = boot->pidfd, .events = POLLIN };
	bool ended = false;
	int code = 0;

	while (!ended && !code) {
		poll(&poll_end, 1, LOOK_EVERY_MS);
		ended = has_ended(boot);
		read_console(boot);
		code = tell_progress(boot, err);
		if (!code && !ended)
			code = check_time(boot, err);
	}
	vm_console_feed(&boot->console, NULL, 0);
	if (!code && boot->what->progress)
		code = vm_lines_feed(&boot->progress, NULL, 0, tell_line,
				     &(struct telling){ boot, err });
	end(boot);
	return code;
}

/* Why there is nothing to take, by what says most. */
static int explain(const struct boot *boot, struct err *err)
{
	const char *what = "the guest ended before labrun did";
	char said[200];

	vm_qemu_said(boot->error_fd, said, sizeof(said));
	if (boot->console.trouble)
		return vm_console_error(&boot->console, what, err);
	if (WIFSIGNALED(boot->wait_status))
		return err_set(err, -EIO, "QEMU was killed by signal %d%s%s",
			       WTERMSIG(boot->wait_status), *said ? ": " : "", said);
	if (WEXITSTATUS(boot->wait_status))
		return err_set(err, -EIO, "QEMU ended with status %d: %s",
			       WEXITSTATUS(boot->wait_status), said);
	return vm_console_error(&boot->console, what, err);
}

static int check_archive(const struct boot *boot, struct err *err)
{
	uint64_t size = boot->window->archive_bytes, sum;
	void *bytes;

	if (size == 0 || size > VM_WINDOW_ARCHIVE_BYTES)
		return err_set(err, -EBADMSG, "the guest's results: no such size");
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, boot->window_fd, 0);
	if (bytes == MAP_FAILED)
		return err_errno(err, -errno, "map the guest's results");
	sum = vm_window_sum(bytes, (size_t)size);
	munmap(bytes, (size_t)size);
	if (sum != boot->window->archive_sum)
		return err_set(err, -EBADMSG, "the guest's results are damaged");
	return 0;
}

/*
 * A tool that the kernel ended for want of memory has failed its cell, and labrun has said so and
 * gone on; but not if what was ended is labrun.
 */
static bool has_ended_well(const struct boot *boot)
{
	if (__atomic_load_n(&boot->window->state, __ATOMIC_ACQUIRE) != VM_WINDOW_DONE)
		return false;
	if (boot->console.trouble == VM_OUT_OF_MEMORY)
		return boot->window->status < 128;
	return boot->console.trouble == VM_FINE;
}

static int take_results(struct boot *boot, int *ret_status, struct err *err)
{
	int code;

	if (!has_ended_well(boot))
		return explain(boot, err);
	code = check_archive(boot, err);
	if (!code)
		code = cpio_unpack(boot->qemu.window, boot->what->work, err);
	if (code)
		return err_wrap(err, code, "unpack the guest's results");
	*ret_status = boot->window->status;
	return 0;
}

static int run(struct boot *boot, int *ret_status, struct err *err)
{
	int code = make_initrd(boot, err);

	if (!code)
		code = make_window(boot, err);
	if (!code)
		code = make_console(boot, err);
	if (!code)
		code = start(boot, err);
	if (!code)
		code = follow(boot, err);
	return code ? code : take_results(boot, ret_status, err);
}

static void done(struct boot *boot)
{
	end(boot);
	unlink(boot->qemu.initrd);
	if (boot->window)
		munmap(boot->window, VM_WINDOW_CONTROL_BYTES);
	cleanup_close(&boot->window_fd);
	cleanup_close(&boot->error_fd);
	cleanup_close(&boot->pidfd);
	cleanup_close(&boot->console_file.fd);
}

int vm_boot(const struct vm_boot *what, int *ret_status, struct err *err)
{
	_arena_ struct arena *arena = arena_new();
	struct boot boot = {
		.what = what,
		.arena = arena,
		.qemu = { .boot = what,
			  .kernel = what->kernel->image,
			  .initrd = arena_printf(arena, "%s/initrd", what->work),
			  .console = arena_printf(arena, "%s/console.txt", what->work) },
		.window_fd = -1,
		.error_fd = -1,
		.pidfd = -1,
		.console_file.fd = -1,
	};
	int code;

	if (!proc_exists(VM_QEMU))
		return err_need(err, VM_QEMU " is not installed (apt install qemu-system-x86)");
	boot.qemu.accelerator = vm_qemu_accelerator(what);
	code = run(&boot, ret_status, err);
	done(&boot);
	return code;
}
