// SPDX-License-Identifier: GPL-2.0-only
/*
 * spent FILE COMMAND...: runs the command and appends "wall_ms user_ms sys_ms peak_kib" to FILE.
 * The peak is that of the largest process among those the command waited for. Exits as the command
 * did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double ms(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	double started = now_ms(), wall;
	struct rusage usage;
	int status;
	FILE *out;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 126;
	wall = now_ms() - started;
	getrusage(RUSAGE_CHILDREN, &usage);
	out = fopen(argv[1], "a");
	if (!out)
		return 126;
	fprintf(out, "%.1f %.1f %.1f %ld\n", wall, ms(usage.ru_utime), ms(usage.ru_stime),
		usage.ru_maxrss);
	return fclose(out) ? 126 : WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
