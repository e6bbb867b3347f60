// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_init.h"

#include "harness/cleanup.h"
#include "harness/cpio.h"
#include "harness/file.h"
#include "harness/vm_shell.h"
#include "harness/vm_window.h"
#include "topologies/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STDOUT_PATH "/stdout"
#define DEVICES "/sys/bus/pci/devices"
/* QEMU's ivshmem: vendor and device as sysfs shows them. */
#define WINDOW_VENDOR "0x1af4"
#define WINDOW_DEVICE "0x1110"
#define ARGUMENTS_MAX 256

struct guest {
	int window_fd;
	struct vm_window *window; /* NULL: not found yet */
};

/* To the console, and to the host's user if the window is there. Too much is dropped. */
static void tell(struct guest *guest, const char *bytes, size_t count)
{
	struct vm_window *window = guest->window;
	uint64_t used;

	if (!window)
		return;
	used = window->log_bytes;
	if (count > sizeof(window->log) - used)
		count = sizeof(window->log) - used;
	memcpy(window->log + used, bytes, count);
	__atomic_store_n(&window->log_bytes, used + count, __ATOMIC_RELEASE);
}

static void __attribute__((format(printf, 2, 3)))
complain(struct guest *guest, const char *format, ...)
{
	_free_ char *text = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return;
	dprintf(STDERR_FILENO, "labrun init: %s", text);
	tell(guest, text, (size_t)length);
}

/* With -no-reboot QEMU ends at a reset, which unlike power-off needs no ACPI. */
static void __attribute__((noreturn)) leave(void)
{
	for (;;) {
		reboot(RB_AUTOBOOT);
		pause();
	}
}

static void mount_all(struct guest *guest)
{
	static const struct {
		const char *type, *target;
		bool optional;
	} mounts[] = {
		{ "devtmpfs", "/dev", false },
		{ "proc", "/proc", false },
		{ "sysfs", "/sys", false },
		{ "tmpfs", "/run", false },
		{ "tmpfs", "/tmp", false },
		{ "cgroup2", "/sys/fs/cgroup", true },
		{ "tracefs", "/sys/kernel/tracing", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].target, 0755);
		if (mount(mounts[i].type, mounts[i].target, mounts[i].type, 0, NULL) &&
		    errno != EBUSY && !mounts[i].optional)
			complain(guest, "mount %s: %s\n", mounts[i].target, strerror(errno));
	}
}

/* The kernel could not open it if the initramfs has no /dev/console. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++)
		if (i != fd)
			dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* labrun works in a namespace of its own, and finds this one by it. */
static void bind_home(struct guest *guest)
{
	_close_ int fd = open(UPLINK_HOME, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);

	if (fd < 0 || mount("/proc/self/ns/net", UPLINK_HOME, NULL, MS_BIND, NULL))
		complain(guest, "mount on " UPLINK_HOME ": %s\n", strerror(errno));
}

static bool has_line(const char *device, const char *name, const char *expected)
{
	char path[512], line[32] = "";
	_fclose_ FILE *file = NULL;

	snprintf(path, sizeof(path), DEVICES "/%.200s/%s", device, name);
	file = fopen(path, "re");
	return file && fgets(line, sizeof(line), file) &&
	       !strncmp(line, expected, strlen(expected));
}

static int open_device(const char *device)
{
	char path[512];
	int fd;

	/* Firmware has done that on the machines that have one. */
	snprintf(path, sizeof(path), DEVICES "/%.200s/enable", device);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			errno = 0;
		close(fd);
	}
	snprintf(path, sizeof(path), DEVICES "/%.200s/resource2", device);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int find_window(void)
{
	_closedir_ DIR *dir = opendir(DEVICES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (has_line(entry->d_name, "vendor", WINDOW_VENDOR) &&
		    has_line(entry->d_name, "device", WINDOW_DEVICE))
			return open_device(entry->d_name);
	errno = ENODEV;
	return -1;
}

static void *map_window(const struct guest *guest, size_t offset, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->window_fd,
		    (off_t)offset);
}

/* Without it nothing can be handed back, so there is nothing to run for either. */
static void open_window(struct guest *guest)
{
	void *window;

	guest->window_fd = find_window();
	if (guest->window_fd < 0) {
		complain(guest, "no window to the host: %s\n", strerror(errno));
		leave();
	}
	window = map_window(guest, VM_WINDOW_ARCHIVE_BYTES, VM_WINDOW_CONTROL_BYTES);
	if (window == MAP_FAILED) {
		complain(guest, "map the window to the host: %s\n", strerror(errno));
		leave();
	}
	guest->window = window;
	__atomic_store_n(&guest->window->state, VM_WINDOW_OPEN, __ATOMIC_RELEASE);
}

static const char *why_refused(int code)
{
	switch (code) {
	case ENOENT:
		return "it needs what this kernel does not have (the console names it)";
	case ENOEXEC:
		return "it is for another kernel, or no module";
	case EKEYREJECTED:
		return "this kernel takes none without its signature";
	default:
		return strerror(code);
	}
}

/* labrun says by itself what it then cannot build; this says why. */
static void load_module(struct guest *guest, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		complain(guest, "module %s: %s\n", path, strerror(errno));
	else if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		complain(guest, "module %s: %s\n", path, why_refused(errno));
}

static void load_modules(struct guest *guest)
{
	_fclose_ FILE *list = fopen(VM_GUEST_MODULES, "re");
	_free_ char *line = NULL;
	size_t size = 0;

	while (list && getline(&line, &size, list) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			load_module(guest, line);
	}
}

static void set_sysctl(struct guest *guest, const char *path, const char *value)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* What is not there belongs to a module that was not asked for. */
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		complain(guest, "%s: %s\n", path, strerror(errno));
}

/* By default sized for this little memory: conntrack would drop early, and be slower, than on the
 * machines that the measurement stands for. */
static void raise_limits(struct guest *guest)
{
	const struct rlimit files = { 1 << 20, 1 << 20 };

	set_sysctl(guest, "/sys/module/nf_conntrack/parameters/hashsize", "65536");
	set_sysctl(guest, "/proc/sys/net/netfilter/nf_conntrack_max", "262144");
	set_sysctl(guest, "/proc/sys/fs/nr_open", "1048576");
	set_sysctl(guest, "/proc/sys/user/max_net_namespaces", "1000000");
	if (setrlimit(RLIMIT_NOFILE, &files))
		complain(guest, "raise the limit of open files: %s\n", strerror(errno));
}

/* Points into `text`, which ends with a NUL of its own. */
static int split_arguments(char *text, size_t length, char **argv)
{
	size_t count = 0;

	argv[count++] = (char *)VM_GUEST_PROGRAM;
	for (char *at = text; at < text + length; at += strlen(at) + 1) {
		if (count == ARGUMENTS_MAX)
			return -E2BIG;
		argv[count++] = at;
	}
	argv[count] = NULL;
	return 0;
}

static void __attribute__((noreturn)) run_labrun(int stderr_fd)
{
	static char *const environment[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:"
						     "/usr/sbin:/usr/bin:/sbin:/bin",
					     (char *)"HOME=/",
					     (char *)"LC_ALL=C",
					     (char *)"LABRUN_DATA=" VM_GUEST_DATA,
					     (char *)VM_GUEST_MARK "=1",
					     NULL };
	int in = open("/dev/null", O_RDONLY);
	int out = open(STDOUT_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	char *argv[ARGUMENTS_MAX + 1];
	_free_ char *text = NULL;
	size_t length = 0;
	struct err err;
	int code = file_read(VM_GUEST_ARGV, &text, &length, &err);

	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(stderr_fd, STDERR_FILENO) < 0 || chdir(VM_GUEST_WORK))
		code = err_errno(&err, -errno, "start labrun");
	if (!code && split_arguments(text, length, argv))
		code = err_set(&err, -E2BIG, "too many arguments for the guest");
	if (!code) {
		execve(argv[0], argv, environment);
		err_errno(&err, -errno, "%s", argv[0]);
	}
	dprintf(STDERR_FILENO, "labrun init: %s\n", err.text);
	_exit(127);
}

/* Until labrun has ended, and not until its stderr has: that may have been passed on. */
static void relay(struct guest *guest, int stderr_fd, int pidfd)
{
	struct pollfd polls[] = { { .fd = stderr_fd, .events = POLLIN },
				  { .fd = pidfd, .events = POLLIN } };
	char bytes[4096];
	ssize_t got = 1;

	while (!polls[1].revents && poll(polls, ARRAY_SIZE(polls), -1) >= 0) {
		if (polls[0].revents && (got = read(stderr_fd, bytes, sizeof(bytes))) > 0)
			tell(guest, bytes, (size_t)got);
		if (polls[0].revents && got <= 0)
			polls[0].fd = -1;
	}
	while ((got = read(stderr_fd, bytes, sizeof(bytes))) > 0)
		tell(guest, bytes, (size_t)got);
}

/* A pipe, not the console: progress is for a file there, and no interrupt of a serial port falls
 * into what is measured. */
static int run(struct guest *guest)
{
	_close_ int out = -1, in = -1, pidfd = -1;
	int pipes[2], status = 0;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return 127;
	out = pipes[0];
	in = pipes[1];
	fcntl(out, F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid < 0)
		return 127;
	if (pid == 0)
		run_labrun(in);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	relay(guest, out, pidfd);
	if (waitpid(pid, &status, 0) != pid)
		return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int write_archive(void *bytes, size_t size, struct err *err)
{
	_fclose_ FILE *file = fmemopen(bytes, size, "w");
	struct cpio cpio;
	int code = 0;

	if (!file)
		return err_errno(err, -errno, "open the archive");
	cpio_begin(&cpio, file);
	if (!access(VM_GUEST_RESULTS, F_OK))
		code = cpio_add_tree(&cpio, VM_ARCHIVE_RESULTS, VM_GUEST_RESULTS, err);
	if (!code && !access(STDOUT_PATH, F_OK))
		code = cpio_add_file(&cpio, VM_ARCHIVE_STDOUT, 0644, STDOUT_PATH, err);
	if (!code)
		code = cpio_end(&cpio, err);
	return code ? code : (int)cpio.written;
}

static void hand_over(struct guest *guest, int status)
{
	struct vm_window *window = guest->window;
	void *bytes = map_window(guest, 0, VM_WINDOW_ARCHIVE_BYTES);
	struct err err;
	int size;

	if (bytes == MAP_FAILED) {
		complain(guest, "map the archive: %s\n", strerror(errno));
		return;
	}
	size = write_archive(bytes, VM_WINDOW_ARCHIVE_BYTES, &err);
	if (size < 0) {
		complain(guest, "hand over the results: %s\n", err.text);
		return;
	}
	window->status = status;
	window->archive_bytes = (uint64_t)size;
	window->archive_sum = vm_window_sum(bytes, (size_t)size);
	__atomic_store_n(&window->state, VM_WINDOW_DONE, __ATOMIC_RELEASE);
}

int vm_init_main(void)
{
	struct guest guest = { .window_fd = -1 };

	mount_all(&guest);
	open_console();
	if (sethostname("labrun", strlen("labrun")))
		complain(&guest, "set the host's name: %s\n", strerror(errno));
	/* labrun makes it, and refuses one that is there. */
	rmdir(VM_GUEST_RESULTS);
	if (!vm_shell_asked())
		open_window(&guest);
	bind_home(&guest);
	load_modules(&guest);
	raise_limits(&guest);
	if (guest.window)
		hand_over(&guest, run(&guest));
	else
		vm_shell_serve();
	leave();
}
