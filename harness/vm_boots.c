// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_boots.h"

#include "harness/cleanup.h"
#include "harness/interrupt.h"
#include "harness/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define LOOK_EVERY_MS 50

struct boots {
	const struct vm_boot *list;
	size_t count, started, ended, at_a_time;
	pid_t *pids; /* 0: not started or ended */
	struct vm_boots_result *told; /* in memory shared with the followers */
	const char *label;
	bool shown; /* progress, on a terminal */
};

static int keep_line(void *context, const char *line, struct err *err)
{
	struct vm_boots_result *told = context;

	(void)err;
	if (line)
		snprintf(told->line, sizeof(told->line), "%s", line);
	return 0;
}

/* QEMU is the only child that was ever waited for here. */
static void note_usage(struct vm_boots_result *told)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_CHILDREN, &usage);
	told->cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
		       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
	told->peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
}

static void follow(const struct vm_boot *from, struct vm_boots_result *told, pid_t parent)
{
	struct vm_boot boot = *from;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	boot.progress = keep_line;
	boot.context = told;
	told->code = vm_boot(&boot, &told->status, &told->err);
	note_usage(told);
	_exit(0);
}

static int start_next(struct boots *boots, struct err *err)
{
	size_t index = boots->started++;
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return err_errno(err, -errno, "start a boot");
	if (pid == 0)
		follow(&boots->list[index], &boots->told[index], parent);
	boots->pids[index] = pid;
	return 0;
}

static void note_end(struct boots *boots, size_t index, int status)
{
	struct vm_boots_result *result = &boots->told[index];

	boots->pids[index] = 0;
	boots->ended++;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		result->code =
			err_set(&result->err, -ECHILD, "the process that followed QEMU died");
}

static void reap(struct boots *boots)
{
	for (size_t i = 0; i < boots->started; i++) {
		int status;

		if (boots->pids[i] && waitpid(boots->pids[i], &status, WNOHANG) == boots->pids[i])
			note_end(boots, i, status);
	}
}

/* QEMU dies with the process that follows it. */
static void kill_all(struct boots *boots)
{
	for (size_t i = 0; i < boots->started; i++) {
		if (!boots->pids[i])
			continue;
		kill(boots->pids[i], SIGKILL);
		waitpid(boots->pids[i], NULL, 0);
		boots->pids[i] = 0;
	}
}

static void show(const struct boots *boots)
{
	const char *line = "";

	if (!boots->shown)
		return;
	for (size_t i = 0; i < boots->started; i++)
		if (boots->pids[i] && *boots->told[i].line)
			line = boots->told[i].line;
	fprintf(stderr, "\r\033[K%s: %zu/%zu boots%s%.100s", boots->label, boots->ended,
		boots->count, *line ? ", guest: " : "", line);
}

static int run_all(struct boots *boots, struct err *err)
{
	int code = 0;

	while (boots->ended < boots->count && !code) {
		while (!code && boots->started < boots->count &&
		       boots->started - boots->ended < boots->at_a_time)
			code = start_next(boots, err);
		poll(NULL, 0, LOOK_EVERY_MS);
		reap(boots);
		show(boots);
		if (interrupt_pending())
			code = err_interrupted(err);
	}
	return code;
}

static size_t count_cores(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > 1 ? (size_t)cores : 1;
}

int vm_boots_run(const struct vm_boots_list *list, const char *label, bool quiet,
		 struct vm_boots_result *results, struct err *err)
{
	size_t count = list->count;
	_free_ pid_t *pids = calloc(count, sizeof(*pids));
	struct boots boots = { .list = list->boots,
			       .count = count,
			       .at_a_time = list->at_a_time ? list->at_a_time : count_cores(),
			       .pids = pids,
			       .label = label,
			       .shown = !quiet && terminal_rewrites(stderr) };
	int code;

	boots.told = mmap(NULL, count * sizeof(*boots.told), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!pids || boots.told == MAP_FAILED)
		return err_set(err, -ENOMEM, "out of memory");
	code = run_all(&boots, err);
	kill_all(&boots);
	if (boots.shown)
		fprintf(stderr, "\r\033[K");
	for (size_t i = 0; i < count; i++)
		results[i] = boots.told[i];
	munmap(boots.told, count * sizeof(*boots.told));
	return code;
}
