// SPDX-License-Identifier: GPL-2.0-only
#include "harness/proc.h"

#include "harness/cleanup.h"
#include "harness/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* An ordinary user's PATH often lacks the folders that hold nft and iptables. */
static const char sbin_path[] = "/usr/local/sbin:/usr/sbin:/sbin";

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool find_in(const char *folders, const char *program, char *path, size_t size)
{
	while (*folders) {
		size_t length = strcspn(folders, ":");

		/* An empty folder means the current one, which no tool of ours is taken from. */
		if (length > 0 &&
		    (size_t)snprintf(path, size, "%.*s/%s", (int)length, folders, program) < size &&
		    is_program(path))
			return true;
		folders += length + (folders[length] == ':');
	}
	return false;
}

static bool find_program(const char *program, char *path, size_t size)
{
	const char *folders = getenv("PATH");

	if (strchr(program, '/'))
		return (size_t)snprintf(path, size, "%s", program) < size && is_program(path);
	return find_in(folders ? folders : "/usr/bin:/bin", program, path, size) ||
	       find_in(sbin_path, program, path, size);
}

bool proc_exists(const char *program)
{
	char path[PATH_MAX];

	return find_program(program, path, sizeof(path));
}

/*
 * The child's three streams. Files in memory and no pipes: nothing to feed or drain while it runs,
 * so neither side can block on the other, and a grandchild that keeps them open holds up nobody.
 */
struct streams {
	int in, out, error;
};

static void streams_close(struct streams *streams)
{
	cleanup_close(&streams->in);
	cleanup_close(&streams->out);
	cleanup_close(&streams->error);
}

static int write_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(fd, bytes, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		count -= (size_t)written;
	}
	return 0;
}

#define LOOK_EVERY_MS 100

/* Large texts: fewer and larger writes than by stdio's own measure. */
#define FEED_BYTES (1 << 18)

static int feed(int fd, const struct proc *proc)
{
	_close_ int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;

	if (!out)
		return -errno;
	steal_fd(&copy);
	setvbuf(out, NULL, _IOFBF, FEED_BYTES);
	proc->feed(out, proc->context);
	return fclose(out) == 0 ? 0 : -errno;
}

static int streams_open(struct streams *streams, const struct proc *proc)
{
	bool fed = proc->input || proc->feed;
	int code = 0;

	streams->in =
		fed ? memfd_create("stdin", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	streams->out = memfd_create("stdout", MFD_CLOEXEC);
	streams->error = memfd_create("stderr", MFD_CLOEXEC);
	if (streams->in < 0 || streams->out < 0 || streams->error < 0)
		return -errno;
	if (proc->feed)
		code = feed(streams->in, proc);
	else if (proc->input)
		code = write_all(streams->in, proc->input, proc->input_bytes);
	if (code == 0 && fed && lseek(streams->in, 0, SEEK_SET) < 0)
		code = -errno;
	return code;
}

/* Only async-signal-safe calls: the parent may have threads. */
static void __attribute__((noreturn)) child_fail(const char *what)
{
	const char *why = strerrordesc_np(errno);

	if (write_all(STDERR_FILENO, what, strlen(what)) == 0 && why)
		write_all(STDERR_FILENO, why, strlen(why));
	_exit(127);
}

/* The kernel counts resident pages to some dozens a CPU, so that a peak which is the copy's may
 * seem to lie a little above it. */
#define PEAK_SLACK_BYTES (1 << 20)

/* In memory shared with the child, if somebody asks; else NULL. */
static uint64_t *begun_map(const struct proc *proc)
{
	void *page = proc->spent ? mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0)
				 : MAP_FAILED;

	return page == MAP_FAILED ? NULL : page;
}

static void begun_unmap(uint64_t **begun_bytes)
{
	if (*begun_bytes)
		munmap(*begun_bytes, sizeof(uint64_t));
}

static uint64_t rusage_peak_bytes(const struct rusage *usage)
{
	return (uint64_t)usage->ru_maxrss * 1024;
}

static uint64_t rusage_cpu_ns(const struct rusage *usage)
{
	return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static void add_spent(const struct proc *proc, const struct rusage *usage,
		      const uint64_t *begun_bytes)
{
	uint64_t peak_bytes = rusage_peak_bytes(usage);
	struct proc_spent *spent = proc->spent;
	uint64_t *largest_bytes;

	if (!spent)
		return;
	largest_bytes = begun_bytes && peak_bytes > *begun_bytes + PEAK_SLACK_BYTES
				? &spent->peak_bytes
				: &spent->hidden_bytes;
	spent->cpu_ns += rusage_cpu_ns(usage);
	if (peak_bytes > *largest_bytes)
		*largest_bytes = peak_bytes;
}

static void __attribute__((noreturn))
child_run(const char *path, const struct proc *proc, const struct streams *streams,
	  char **environment, uint64_t *begun_bytes)
{
	struct sigaction fallback = { .sa_handler = SIG_DFL };
	struct rusage begun;
	sigset_t none;

	/* We read signals from a descriptor, with all of them blocked: a tool must not inherit it.
	 */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGPIPE, &fallback, NULL);
	/* Ctrl-C is for us to act on, at a time of our choosing: the terminal sends it to a group.
	 */
	setpgid(0, 0);
	if (dup2(streams->error, STDERR_FILENO) < 0 || dup2(streams->out, STDOUT_FILENO) < 0 ||
	    dup2(streams->in, STDIN_FILENO) < 0)
		_exit(127);
	if (proc->netns_fd >= 0 && setns(proc->netns_fd, CLONE_NEWNET) < 0)
		child_fail("setns: ");
	if (close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
		child_fail("close_range: ");
	if (begun_bytes && !getrusage(RUSAGE_SELF, &begun))
		*begun_bytes = rusage_peak_bytes(&begun);
	execve(path, (char *const *)proc->argv, environment);
	child_fail("exec: ");
}

/* A tool may take minutes (thousands of services), and who presses Ctrl-C shall not wait for it. */
static bool is_interrupted(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	while (pidfd >= 0 && poll(&poll_fd, 1, LOOK_EVERY_MS) <= 0)
		if (interrupt_pending())
			return true;
	return false;
}

/* -EINTR: ended because somebody asked us to end. */
static int wait_for(pid_t pid, siginfo_t *info, struct rusage *usage)
{
	_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool interrupted = is_interrupted(pidfd);
	int code;

	if (interrupted)
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	do
		code = (int)syscall(SYS_waitid, pidfd >= 0 ? P_PIDFD : P_PID,
				    pidfd >= 0 ? pidfd : pid, info, WEXITED, usage);
	while (code < 0 && errno == EINTR);
	if (interrupted)
		return -EINTR;
	return code < 0 ? -errno : 0;
}

static void read_start(int fd, char *text, size_t size)
{
	ssize_t length = pread(fd, text, size - 1, 0);

	text[length > 0 ? length : 0] = '\0';
}

/* One line out of many: white space folded, and the lines of ^^^^ that point at input dropped. */
static void fold_lines(char *text)
{
	char *to = text;

	for (const char *word = text; *(word += strspn(word, " \t\r\n"));) {
		size_t length = strcspn(word, " \t\r\n");

		if (strspn(word, "^~") < length) {
			if (to > text)
				*to++ = ' ';
			memmove(to, word, length);
			to += length;
		}
		word += length;
	}
	*to = '\0';
}

static int report(const char *program, const siginfo_t *info, int error_fd, struct err *err)
{
	char text[400];

	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	read_start(error_fd, text, sizeof(text));
	fold_lines(text);
	if (info->si_code != CLD_EXITED && info->si_status == SIGKILL)
		return err_set(err, -EIO, "%s: killed, as the kernel does when memory runs out",
			       program);
	if (info->si_code != CLD_EXITED)
		return err_set(err, -EIO, "%s: killed by signal %d", program, info->si_status);
	if (text[0])
		return err_set(err, -EIO, "%s: %s", program, text);
	return err_set(err, -EIO, "%s: exit status %d", program, info->si_status);
}

static size_t count_names(const char *const *names)
{
	size_t count = 0;

	while (names && names[count])
		count++;
	return count;
}

/* The first of a name counts: what is given stands before our own. Only the array is new. */
static char **join_environment(const char *const *given)
{
	const char *const *own = (const char *const *)environ;
	size_t first = count_names(given), rest = count_names(own);
	const char **joined = calloc(first + rest + 1, sizeof(*joined));

	if (!joined)
		return NULL;
	if (first)
		memcpy(joined, given, first * sizeof(*joined));
	if (rest)
		memcpy(joined + first, own, rest * sizeof(*joined));
	return (char **)joined;
}

static int run(const struct proc *proc, char *output, size_t size, struct err *err)
{
	__attribute__((cleanup(streams_close))) struct streams streams = { -1, -1, -1 };
	__attribute__((cleanup(begun_unmap))) uint64_t *begun_bytes = begun_map(proc);
	_free_ char **environment = join_environment(proc->environment);
	const char *program = proc->argv[0];
	struct rusage usage = { 0 };
	siginfo_t info = { 0 };
	char path[PATH_MAX];
	pid_t pid;
	int code;

	if (!find_program(program, path, sizeof(path)))
		return err_set(err, -ENOENT, "%s is not installed", program);
	code = environment ? streams_open(&streams, proc) : -ENOMEM;
	if (code < 0)
		return err_errno(err, code, "%s: streams", program);
	pid = fork();
	if (pid < 0)
		return err_errno(err, -errno, "%s: fork", program);
	if (pid == 0)
		child_run(path, proc, &streams, environment, begun_bytes);
	code = wait_for(pid, &info, &usage);
	if (code == -EINTR)
		return err_interrupted(err);
	if (code < 0)
		return err_errno(err, code, "%s: wait", program);
	add_spent(proc, &usage, begun_bytes);
	if (output)
		read_start(streams.out, output, size);
	return report(program, &info, streams.error, err);
}

int proc_run(const struct proc *proc, struct err *err)
{
	return run(proc, NULL, 0, err);
}

int proc_first_line(const struct proc *proc, char *line, size_t size, struct err *err)
{
	int code = run(proc, line, size, err);

	if (code == 0)
		line[strcspn(line, "\r\n")] = '\0';
	return code;
}
