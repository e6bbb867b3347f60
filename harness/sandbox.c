// SPDX-License-Identifier: GPL-2.0-only
#include "harness/sandbox.h"

#include "harness/cleanup.h"
#include "harness/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int write_file(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -errno;
	return 0;
}

/* Root inside the user namespace is the user outside, and nobody else is anybody. */
static int map_user(uid_t uid, gid_t gid, struct err *err)
{
	char map[64];
	int code;

	prctl(PR_SET_DUMPABLE, 1);
	snprintf(map, sizeof(map), "0 %u 1", uid);
	code = write_file("/proc/self/uid_map", map);
	if (!code)
		code = write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	if (!code)
		code = write_file("/proc/self/gid_map", map);
	return code ? err_errno(err, code, "map the user into a namespace") : 0;
}

/* The parent may have died before PR_SET_PDEATHSIG took hold: its end of the pipe tells. */
static int die_with_parent(int alive)
{
	struct pollfd poll_alive = { .fd = alive, .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return poll(&poll_alive, 1, 0) ? -ESRCH : 0;
}

static int raise_loopback(struct err *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		return err_errno(err, -errno, "raise the loopback device");
	return 0;
}

static int private_mounts(unsigned flags, struct err *err)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		/* In a chroot / is no mount point. Without mounts of our own none can get out. */
		if (errno == EINVAL && !(flags & SANDBOX_NAMES))
			return 0;
		return err_errno(err, -errno, "make mounts private");
	}
	/* In a container /proc may be mounted in parts, and then a new one is refused: the old
	 * one shows the wrong processes, but what labrun needs of it is there. */
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	if ((flags & SANDBOX_NAMES) && mount("tmpfs", "/run", "tmpfs", 0, "mode=755"))
		return err_errno(err, -errno, "mount a private /run");
	return 0;
}

static int enter_child(unsigned flags, int alive, uid_t uid, gid_t gid, struct err *err)
{
	int code = die_with_parent(alive);

	if (code)
		_exit(1);
	if (uid)
		code = map_user(uid, gid, err);
	if (!code)
		code = private_mounts(flags, err);
	return code ? code : raise_loopback(err);
}

/* The terminal sends Ctrl-C to both; what is sent to the parent alone is passed on. */
static int wait_child(pid_t child, int signals)
{
	struct signalfd_siginfo info;
	struct pollfd poll_signals = { .fd = signals, .events = POLLIN };
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (poll(&poll_signals, 1, -1) <= 0 ||
		    read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue;
		if (info.ssi_signo != SIGCHLD && info.ssi_code == SI_USER)
			kill(child, (int)info.ssi_signo);
	}
	return status;
}

static pid_t clone_child(unsigned long long flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int sandbox_enter(unsigned flags, int *ret_status, struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	unsigned long long namespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID;
	_close_ int signals = -1;
	sigset_t set, old;
	int alive[2];
	pid_t child;

	if (pipe2(alive, O_CLOEXEC))
		return err_errno(err, -errno, "make a pipe");
	interrupt_fill(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	child = clone_child(namespaces | (uid ? CLONE_NEWUSER : 0));
	if (child == 0) {
		close(alive[1]);
		sigdelset(&set, SIGCHLD);
		sigprocmask(SIG_SETMASK, &set, NULL);
		return enter_child(flags, alive[0], uid, gid, err);
	}
	close(alive[0]);
	if (child < 0) {
		close(alive[1]);
		sigprocmask(SIG_SETMASK, &old, NULL);
		err_need(err, "this machine lets %s make no namespaces: %s",
			 uid ? "an ordinary user" : "root", strerror(errno));
		return -EPERM;
	}
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	*ret_status = wait_child(child, signals);
	close(alive[1]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return 1;
}
