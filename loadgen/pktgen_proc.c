// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/pktgen_proc.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#define PKTGEN_FOLDER "/proc/thread-self/net/pktgen"
#define PKTGEN_NAME_BYTES (IFNAMSIZ + 12)

struct pktgen_proc {
	int folder;
	char device[IFNAMSIZ];
	size_t first, threads; /* CPUs */
	pthread_t starter;
	bool started;
	atomic_bool ended;
	int code; /* of the write that started them */
};

int pktgen_proc_check(struct err *err)
{
	if (!access(PKTGEN_FOLDER "/pgctrl", F_OK))
		return 0;
	return err_need(err, "this kernel has no pktgen (modprobe pktgen), or take --vm");
}

/* Every write is one command, of which pgctrl drops the last character, whatever it is. */
static int command(int folder, const char *file, const char *text)
{
	_close_ int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 || dprintf(fd, "%s\n", text) < 0 ? -errno : 0;
}

static void name_of(const struct pktgen_proc *proc, size_t thread,
		    char name[static PKTGEN_NAME_BYTES])
{
	snprintf(name, PKTGEN_NAME_BYTES, "%s@%u", proc->device, (unsigned)thread);
}

static int add_device(const struct pktgen_proc *proc, size_t thread, struct err *err)
{
	char name[PKTGEN_NAME_BYTES], file[32], text[PKTGEN_NAME_BYTES + 16];
	int code;

	name_of(proc, thread, name);
	snprintf(file, sizeof(file), "kpktgend_%zu", proc->first + thread);
	snprintf(text, sizeof(text), "add_device %s", name);
	code = command(proc->folder, file, text);
	if (code == -ENOENT)
		return err_set(err, code,
			       "pktgen has a thread for each CPU that is on: there is no %s", file);
	return code ? err_errno(err, code, "pktgen: %s: %s", file, text) : 0;
}

int pktgen_proc_open(struct pktgen_proc **ret, const char *device, size_t first, size_t threads,
		     struct err *err)
{
	struct pktgen_proc *proc = calloc(1, sizeof(*proc));
	int code;

	*ret = NULL;
	if (!proc)
		return err_errno(err, -ENOMEM, "pktgen");
	snprintf(proc->device, sizeof(proc->device), "%s", device);
	proc->first = first;
	proc->threads = threads;
	/* Of the thread that opens it: the one that starts them need not look it up again. */
	proc->folder = open(PKTGEN_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
	code = proc->folder < 0 ? -errno : command(proc->folder, "pgctrl", "reset");
	if (code)
		err_errno(err, code, "pktgen: reset");
	for (size_t i = 0; i < threads && !code; i++)
		code = add_device(proc, i, err);
	if (code)
		pktgen_proc_close(proc);
	else
		*ret = proc;
	return code;
}

int pktgen_proc_set(const struct pktgen_proc *proc, size_t thread, struct err *err,
		    const char *format, ...)
{
	char name[PKTGEN_NAME_BYTES], text[128];
	va_list args;
	int code;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	name_of(proc, thread, name);
	code = command(proc->folder, name, text);
	/* pktgen answers with the kernel's own ENOTSUPP, which has no words here. */
	if (code == -524)
		code = -EOPNOTSUPP;
	return code ? err_errno(err, code, "pktgen: %s: %s", name, text) : 0;
}

static void *start(void *context)
{
	struct pktgen_proc *proc = context;

	proc->code = command(proc->folder, "pgctrl", "start");
	atomic_store(&proc->ended, true);
	return NULL;
}

int pktgen_proc_start(struct pktgen_proc *proc, struct err *err)
{
	int code = pthread_create(&proc->starter, NULL, start, proc);

	if (code)
		return err_errno(err, -code, "pktgen: a thread that waits");
	proc->started = true;
	return 0;
}

bool pktgen_proc_ended(const struct pktgen_proc *proc)
{
	return atomic_load(&proc->ended);
}

void pktgen_proc_stop(const struct pktgen_proc *proc)
{
	command(proc->folder, "pgctrl", "stop");
}

void pktgen_proc_close(struct pktgen_proc *proc)
{
	if (!proc)
		return;
	if (proc->started && !pktgen_proc_ended(proc))
		pktgen_proc_stop(proc);
	if (proc->started)
		pthread_join(proc->starter, NULL);
	if (proc->folder >= 0)
		close(proc->folder);
	free(proc);
}

/* The number after `name`; false if there is none. */
static bool find_number(const char *text, const char *name, uint64_t *ret)
{
	const char *at = strstr(text, name);
	char *end;

	if (!at)
		return false;
	*ret = strtoull(at + strlen(name), &end, 10);
	return end != at + strlen(name);
}

static int add_counts(struct pktgen_counts *counts, const char *text)
{
	const char *current = strstr(text, "Current:");
	uint64_t sent, errors, started_us, ended_us, idle_us;

	if (!current || !find_number(current, "pkts-sofar: ", &sent) ||
	    !find_number(current, "errors: ", &errors) ||
	    !find_number(current, "started: ", &started_us) ||
	    !find_number(current, "stopped: ", &ended_us) ||
	    !find_number(current, "idle: ", &idle_us))
		return -EBADMSG;
	counts->sent += sent;
	counts->errors += errors;
	if (!started_us || ended_us < started_us)
		return 0;
	if (!counts->started_ns || started_us * 1000 < counts->started_ns)
		counts->started_ns = started_us * 1000;
	if (ended_us * 1000 > counts->ended_ns)
		counts->ended_ns = ended_us * 1000;
	if (idle_us < ended_us - started_us)
		counts->busy_ns += (ended_us - started_us - idle_us) * 1000;
	return 0;
}

int pktgen_proc_read(const struct pktgen_proc *proc, struct pktgen_counts *ret, struct err *err)
{
	char name[PKTGEN_NAME_BYTES], text[4096];

	*ret = (struct pktgen_counts){ .sent = 0 };
	for (size_t i = 0; i < proc->threads; i++) {
		_close_ int fd = -1;
		ssize_t length;

		name_of(proc, i, name);
		fd = openat(proc->folder, name, O_RDONLY | O_CLOEXEC);
		length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (length < 0)
			return err_errno(err, -errno, "pktgen: read %s", name);
		text[length] = '\0';
		if (add_counts(ret, text))
			return err_set(err, -EBADMSG, "pktgen: %s says nothing of its packets",
				       name);
	}
	return 0;
}
