/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The program as its users see it: started, waited for, and judged by its exit status, its output
 * and the result folder it leaves.
 *
 * Each test works in a fresh folder. The whole test program has a private view of /tmp and the like
 * (see run_prepare()), so that what is left there can be counted; a mount that leaked out of the
 * program would show up in that view too. $LABRUN names the program; without it, the one that was
 * built beside the tests.
 */

#include "tests/test.h"

#include "harness/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Whatever is slower than this hangs. */
#define RUN_DEADLINE_MS 120000
/* In the environment of the program and so of all its descendants. */
#define RUN_MARK "LABRUN_TEST_MARK"

struct running {
	pid_t pid;
	int out, error;
	char mark[64]; /* RUN_MARK=... */
};

struct finished {
	int status; /* exit status, or minus the signal that ended it */
	char *out, *error;
};

static inline void finished_done(struct finished *finished)
{
	free(finished->out);
	free(finished->error);
}
#define _finished_ __attribute__((cleanup(finished_done)))

/* What a child does before it becomes the program: takes another user, hides a tool, ... */
typedef void (*run_prepare_fn)(void);

static inline void run_exec(const struct running *running, run_prepare_fn prepare,
			    const char *const *argv)
{
	const char *arguments[32] = { getenv("LABRUN") };
	sigset_t none;

	for (size_t i = 0; argv[i] && i < ARRAY_SIZE(arguments) - 2; i++)
		arguments[i + 1] = argv[i];
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	putenv((char *)running->mark);
	if (dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO) < 0 ||
	    dup2(running->out, STDOUT_FILENO) < 0 || dup2(running->error, STDERR_FILENO) < 0)
		_exit(125);
	if (prepare)
		prepare();
	execv(arguments[0], (char *const *)arguments);
	_exit(126);
}

/* In a process group of its own, with its output in memory. */
static inline void run_start(struct running *ret, run_prepare_fn prepare, const char *const *argv)
{
	ret->out = memfd_create("out", MFD_CLOEXEC);
	ret->error = memfd_create("error", MFD_CLOEXEC);
	snprintf(ret->mark, sizeof(ret->mark), RUN_MARK "=%d.%d.%lx", getpid(), ret->out,
		 (unsigned long)random());
	fflush(NULL);
	ret->pid = fork();
	assert_true(ret->pid >= 0);
	if (ret->pid == 0)
		run_exec(ret, prepare, argv);
	setpgid(ret->pid, ret->pid);
}

static inline char *run_read(int fd)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)length + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)length, 0), length);
	close(fd);
	return text;
}

/* Whether it ended in time. A zombie until it is waited for: its pid stays its own. */
static inline bool run_ended(const struct running *running, int timeout_ms)
{
	_close_ int pidfd = (int)syscall(SYS_pidfd_open, running->pid, 0);

	return poll(&(struct pollfd){ pidfd, POLLIN, 0 }, 1, timeout_ms) == 1;
}

static inline struct finished run_wait(struct running *running)
{
	struct finished finished = {};
	bool ended = run_ended(running, RUN_DEADLINE_MS);
	int status;

	if (!ended)
		kill(running->pid, SIGKILL);
	assert_int_equal(waitpid(running->pid, &status, 0), running->pid);
	finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	finished.out = run_read(running->out);
	finished.error = run_read(running->error);
	if (!ended)
		fail_msg("it hangs; stderr so far: %s", finished.error);
	return finished;
}

static inline struct finished run_as(run_prepare_fn prepare, const char *const *argv)
{
	struct running running;

	run_start(&running, prepare, argv);
	return run_wait(&running);
}

/* labrun("run", "routed", ...) runs it to its end. */
#define labrun(...) run_as(NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define labrun_as(prepare, ...) run_as(prepare, (const char *const[]){ __VA_ARGS__, NULL })

/* A run that takes half a second. */
#define QUICK "--batches", "2", "--iterations", "20"

#define assert_status(finished, expected)                                                          \
	do {                                                                                       \
		if ((finished).status != (expected))                                               \
			fail_msg("exit status %d, not %d\nstderr: %s\nstdout: %s",                 \
				 (finished).status, (expected), (finished).error, (finished).out); \
	} while (0)

/* Twenty packets and two batches decide no claim: one that fails is no fault of the program. */
#define assert_measured(finished)                                                                  \
	do {                                                                                       \
		if ((finished).status != 1)                                                        \
			assert_status(finished, 0);                                                \
	} while (0)

#define assert_says(text, expected)                                                                \
	do {                                                                                       \
		if (!strstr(text, expected))                                                       \
			fail_msg("\"%s\" is not in: %s", expected, text);                          \
	} while (0)

/* What was said besides of the machine's noise, which is whatever it is: the text, with those lines
 * taken out. */
static inline char *unwarned(char *text)
{
	static const char warning[] = "labrun: warning: ";

	for (char *line = text, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (strncmp(line, warning, strlen(warning)))
			continue;
		memmove(line, next, strlen(next) + 1);
		next = line;
	}
	return text;
}

static inline size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

#define assert_one_line(text, expected)                                                            \
	do {                                                                                       \
		assert_says(text, expected);                                                       \
		if (count_lines(text) != 1)                                                        \
			fail_msg("not one line: %s", text);                                        \
	} while (0)

static inline bool exists(const char *path)
{
	struct stat status;

	return !lstat(path, &status);
}

static inline size_t count_entries(const char *folder)
{
	_closedir_ DIR *dir = opendir(folder);
	size_t count = 0;

	while (dir && readdir(dir))
		count++;
	return count < 2 ? 0 : count - 2;
}

static inline void write_text(const char *path, const char *text)
{
	_fclose_ FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static inline unsigned soak_factor(void)
{
	const char *text = getenv("LABRUN_TEST_SOAK");
	int factor = text ? atoi(text) : 1;

	return factor > 0 ? (unsigned)factor : 1;
}

/* Tracing needs the real root, and a kernel that has it. */
#define need_tracing()                                                                             \
	do {                                                                                       \
		if (geteuid() != 0)                                                                \
			skip_because("loading BPF programs needs root");                           \
		if (access("/sys/kernel/btf/vmlinux", R_OK))                                       \
			skip_because("this kernel has no BTF for its tracepoints");                \
	} while (0)

static inline int remove_entry(const char *path, const struct stat *status, int type,
			       struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static inline void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Each test's state: its fresh folder, where it is safe to leave things, and what it is about. */
struct work {
	char folder[32];
	const void *about; /* the test's initial_state */
};

static inline const void *about_of(void **state)
{
	return ((const struct work *)*state)->about;
}

static inline int enter_work_folder(void **state)
{
	struct work *work = calloc(1, sizeof(*work));

	*work = (struct work){ .folder = "/tmp/labrun-test.XXXXXX", .about = *state };
	*state = work;
	return !mkdtemp(work->folder) || chmod(work->folder, 0755) || chdir(work->folder) ? -1 : 0;
}

static inline int leave_work_folder(void **state)
{
	struct work *work = *state;
	int code = chdir("/");

	remove_tree(work->folder);
	free(work);
	return code;
}

#define program_test(body)                                                                         \
	cmocka_unit_test_setup_teardown(body, enter_work_folder, leave_work_folder)

/* Calls `visit` with each declared file of a folder. */
static inline void each_file(const char *folder, void (*visit)(const char *path))
{
	_free_ char *pattern = NULL;
	glob_t found;

	assert_true(asprintf(&pattern, "%s/%s/*.json", getenv("LABRUN_DATA"), folder) > 0);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!strstr(found.gl_pathv[i], ".schema."))
			visit(found.gl_pathv[i]);
	globfree(&found);
}

static inline void make_path(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(part, 0755);
		*slash = '/';
	}
	mkdir(part, 0755);
}

/* A folder that is about to be covered by an empty /tmp stays where it is. */
static inline int keep_beneath_tmp(const char *path, int fd)
{
	char from[64];

	if (strncmp(path, "/tmp/", 5))
		return 0;
	make_path(path);
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	return mount(from, path, NULL, MS_BIND, NULL);
}

static inline int cover_folders(const char *build, const char *data)
{
	_close_ int build_fd = -1, data_fd = -1;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	build_fd = open(build, O_PATH | O_CLOEXEC);
	data_fd = open(data, O_PATH | O_CLOEXEC);
	if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") ||
	    mount("tmpfs", "/var/tmp", "tmpfs", 0, "mode=1777") ||
	    mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777") ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755"))
		return -1;
	if (keep_beneath_tmp(build, build_fd) || keep_beneath_tmp(data, data_fd))
		return -1;
	/* Shared again, though with nobody outside: what a child mounts and does not keep to
	 * itself is then seen here. */
	return mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

/* Settles for good which program and which data are tested, by absolute paths. */
static inline int find_program(char *program, char *data)
{
	const char *given = getenv("LABRUN"), *given_data = getenv("LABRUN_DATA");
	char beside[PATH_MAX] = "";

	if (readlink("/proc/self/exe", beside, sizeof(beside) - 16) < 0)
		return -1;
	strcpy(strrchr(beside, '/') + 1, "../../labrun");
	if (!realpath(given ? given : beside, program)) {
		printf("%s: %m (make it, or set LABRUN)\n", given ? given : beside);
		return -1;
	}
	if (!realpath(given_data ? given_data : ".", data) || chdir(data) ||
	    access("experiments", R_OK)) {
		printf("start tests in the source tree, or set LABRUN_DATA to it\n");
		return -1;
	}
	setenv("LABRUN", program, 1);
	setenv("LABRUN_DATA", data, 1);
	return 0;
}

/* For main(): 0, or what it is to return. */
static inline int run_prepare(void)
{
	char program[PATH_MAX], data[PATH_MAX];

	setvbuf(stdout, NULL, _IOLBF, 0);
	srandom((unsigned)getpid());
	if (getenv("LABRUN_TEST_FILTER"))
		cmocka_set_test_filter(getenv("LABRUN_TEST_FILTER"));
	if (find_program(program, data))
		return 1;
	*strrchr(program, '/') = '\0';
	if (geteuid() == 0 && cover_folders(program, data)) {
		printf("a private view of /tmp: %m\n");
		return 1;
	}
	return 0;
}
