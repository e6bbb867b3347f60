// SPDX-License-Identifier: GPL-2.0-only
#include "harness/spawn.h"

#include "harness/interrupt.h"
#include "harness/vm_init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWN_PROGRAM "/proc/self/exe"
#define STATUS_NOT_STARTED 127
#define LOOK_EVERY_NS 5000000

static void __attribute__((noreturn)) become(const struct spawn *spawn, pid_t parent)
{
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	if (spawn->part)
		setenv(VM_GUEST_MARK, "1", 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && null_fd >= 0 && dup2(null_fd, STDOUT_FILENO) >= 0 &&
	    (!spawn->folder || !chdir(spawn->folder)))
		execv(spawn->program ? spawn->program : OWN_PROGRAM, (char *const *)spawn->argv);
	_exit(STATUS_NOT_STARTED);
}

/* Passed on once; what it then says by its status counts. */
static int wait_for(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = LOOK_EVERY_NS };
	bool told = false;
	pid_t ended;
	int status;

	while (!(ended = waitpid(pid, &status, WNOHANG)) || (ended < 0 && errno == EINTR)) {
		if (!told && interrupt_pending())
			told = !kill(pid, SIGINT);
		nanosleep(&pause, NULL);
	}
	return ended < 0 ? -errno : status;
}

int spawn_run(const struct spawn *spawn, int *ret_status, struct err *err)
{
	pid_t parent = getpid(), pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(spawn, parent);
	status = pid < 0 ? -errno : wait_for(pid);
	if (status < 0)
		return err_errno(err, status, "cannot start a run");
	if (interrupt_pending())
		return err_interrupted(err);
	if (WIFSIGNALED(status))
		return err_set(err, -EINTR, "a run was killed by signal %d", WTERMSIG(status));
	*ret_status = WEXITSTATUS(status);
	if (*ret_status == STATUS_NOT_STARTED)
		return err_set(err, -ENOEXEC, "cannot start '%s'",
			       spawn->program ? spawn->program : OWN_PROGRAM);
	return 0;
}
