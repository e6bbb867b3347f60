// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/vm_init.h"
#include "harness/vm_shell.h"
#include "harness/vm_shell_line.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

/* What follows VM_SHELL_WORD on the kernel's command line; false: it is not there. */
static bool find_word(char *ret, size_t size)
{
	_fclose_ FILE *file = fopen("/proc/cmdline", "re");
	char line[2048] = "", *at;

	if (!file || !fgets(line, sizeof(line), file) || !(at = strstr(line, VM_SHELL_WORD)))
		return false;
	at += strlen(VM_SHELL_WORD);
	snprintf(ret, size, "%.*s", (int)strcspn(at, " \n"), at);
	return true;
}

bool vm_shell_asked(void)
{
	char word[32];

	return find_word(word, sizeof(word));
}

static void set_line(int fd, const char *word)
{
	const tcflag_t echo = ECHO, processing = OPOST;
	struct winsize size = {};
	struct termios line;
	bool terminal = sscanf(word, "%hux%hu", &size.ws_row, &size.ws_col) == 2;

	if (tcgetattr(fd, &line))
		return;
	line.c_lflag = terminal ? line.c_lflag | echo : line.c_lflag & ~echo;
	line.c_oflag = terminal ? line.c_oflag | processing : line.c_oflag & ~processing;
	tcsetattr(fd, TCSADRAIN, &line);
	if (terminal)
		ioctl(fd, TIOCSWINSZ, &size);
}

static void __attribute__((noreturn)) run_shell(int fd, bool piped)
{
	char *const argv[] = { (char *)"sh", NULL };
	/* labrun itself lies in the root folder. */
	char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin:/",
				      (char *)"HOME=/root",
				      (char *)"LC_ALL=C",
				      (char *)"TERM=linux",
				      (char *)"LABRUN_DATA=" VM_GUEST_DATA,
				      piped ? (char *)"PS1=" : (char *)"PS1=guest# ",
				      NULL };

	setsid();
	ioctl(fd, TIOCSCTTY, 1);
	for (int i = 0; i <= STDERR_FILENO; i++)
		dup2(fd, i);
	/* Nothing was put there in this guest. */
	mkdir(VM_GUEST_WORK, 0755);
	if (!chdir(VM_GUEST_WORK))
		execve("/sbin/sh", argv, environment);
	dprintf(fd, "labrun init: /sbin/sh: %s\n", strerror(errno));
	_exit(127);
}

static int open_line(void)
{
	return open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* A session's end hangs up its terminal for all who had it open. */
static void say_done(int status)
{
	_close_ int fd = open_line();

	set_line(fd, "pipe");
	dprintf(fd, VM_SHELL_DONE "%03d\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	tcdrain(fd);
}

/* The console has no sessions: it is the port itself that the shell is given. */
void vm_shell_serve(void)
{
	_close_ int fd = open_line();
	char word[32] = "";
	int status = 0;
	pid_t pid;

	if (fd < 0 || !find_word(word, sizeof(word)))
		return;
	set_line(fd, "pipe");
	dprintf(fd, VM_SHELL_READY);
	set_line(fd, word);
	pid = fork();
	if (pid == 0)
		run_shell(fd, !strcmp(word, "pipe"));
	waitpid(pid, &status, 0);
	say_done(status);
}
