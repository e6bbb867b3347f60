// SPDX-License-Identifier: GPL-2.0-only
#include "harness/scratch.h"

#include "harness/cleanup.h"
#include "harness/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

/* Told to the holder in one write: 0 and the path, or an errno. */
struct told {
	int code;
	char path[PATH_MAX];
};

static void make_folder(struct told *told)
{
	const char *base = getenv("TMPDIR");
	int length = snprintf(told->path, sizeof(told->path), "%s/labrun.XXXXXX",
			      base && *base ? base : "/tmp");

	if (length >= (int)sizeof(told->path))
		told->code = ENAMETOOLONG;
	else if (!mkdtemp(told->path))
		told->code = errno;
}

/* It is made here too: between making it and watching over it there is no moment. */
static void keep(int hold_fd, int tell_fd)
{
	struct told told = { 0 };
	sigset_t all;
	char byte;

	/* Ctrl-C is for the holder. Nor is a pipe held open that someone waits to see closed. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(hold_fd, fd);
	make_folder(&told);
	if (write(tell_fd, &told, sizeof(told)) == sizeof(told) && !told.code)
		while (read(hold_fd, &byte, 1) < 0 && errno == EINTR)
			;
	if (!told.code)
		file_remove_tree(told.path);
	_exit(0);
}

static int hear(struct scratch *scratch, int from_keeper, struct err *err)
{
	struct told told = { .code = ECHILD };
	size_t got = 0;
	ssize_t part = 1;

	while (got < sizeof(told) &&
	       (part = read(from_keeper, (char *)&told + got, sizeof(told) - got)) > 0)
		got += (size_t)part;
	if (got < sizeof(told))
		told.code = ECHILD;
	if (told.code)
		return err_errno(err, -told.code, "make a folder in '%s'",
				 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	scratch->path = strdup(told.path);
	return 0;
}

int scratch_make(struct scratch *ret, struct err *err)
{
	int hold[2], tell[2], code;

	*ret = (struct scratch){ .hold_fd = -1 };
	if (pipe2(hold, O_CLOEXEC))
		return err_errno(err, -errno, "make a pipe");
	if (pipe2(tell, O_CLOEXEC)) {
		close(hold[0]);
		close(hold[1]);
		return err_errno(err, -errno, "make a pipe");
	}
	ret->keeper = fork();
	if (ret->keeper == 0) {
		close(hold[1]);
		close(tell[0]);
		keep(hold[0], tell[1]);
	}
	close(hold[0]);
	close(tell[1]);
	ret->hold_fd = hold[1];
	code = ret->keeper < 0 ? err_errno(err, -errno, "start a process")
			       : hear(ret, tell[0], err);
	close(tell[0]);
	return code;
}

void scratch_done(struct scratch *scratch)
{
	cleanup_close(&scratch->hold_fd);
	if (scratch->keeper > 0)
		while (waitpid(scratch->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	/* It may itself have been killed. */
	if (scratch->path)
		file_remove_tree(scratch->path);
	free(scratch->path);
	*scratch = (struct scratch){ .hold_fd = -1 };
}
