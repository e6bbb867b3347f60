// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/load.h"

#include "harness/cleanup.h"
#include "loadgen/load_spent.h"
#include "loadgen/pace.h"
#include "topologies/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* How long a one-way server may see nothing new before the rest counts as lost ... */
#define LOAD_QUIET_NS 50000000
/* ... and how long it may take to get to what is in its socket's buffer. */
#define LOAD_BACKLOG_NS 2000000000

/* What a driver that is asked to stop may take for the last replies, or to end what it has set
 * going elsewhere. */
#define LOAD_STOP_MS 2000

/* What listen() returns where the kernel answers; so does a load without listen(). */
#define LOAD_NO_SERVER (-1)

struct child {
	pid_t pid; /* 0: not there, or reaped */
	int pidfd;
};

struct load {
	const struct load_ops *ops;
	bool expects_reply;
	bool stopped; /* before its time */
	int listener; /* the server's socket, to see whether it is behind; -1: not of interest */
	struct child driver, server;
	struct load_report *report;
	size_t report_bytes;
};

uint64_t *load_lateness_ns(struct load_report *report)
{
	return report->values;
}

uint64_t *load_round_trip_ns(struct load_report *report)
{
	return report->values + report->count;
}

static void cleanup_load(struct load **load)
{
	load_free(*load);
}

static int node_fd(const struct lab *lab, const char *name, struct err *err)
{
	long node = topology_find_node(lab_topology(lab), name);

	if (node < 0)
		return err_set(err, -ENOENT, "there is no node '%s'", name);
	return lab_node_fd(lab, (size_t)node);
}

static int report_map(struct load *load, uint64_t count, struct err *err)
{
	struct load_report *report;
	size_t value_bytes;

	if (__builtin_mul_overflow(count, 2 * sizeof(uint64_t), &value_bytes) ||
	    __builtin_add_overflow(value_bytes, sizeof(*report), &load->report_bytes))
		return err_set(err, -EOVERFLOW, "too many packets for one pass");
	report = mmap(NULL, load->report_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (report == MAP_FAILED)
		return err_errno(err, -errno, "memory for a report of %zu bytes",
				 load->report_bytes);
	load->report = report;
	report->count = count;
	memset(report->values, 0xff, value_bytes);
	return 0;
}

/* The calling thread comes back home, whether or not there is a listener. */
static int listen_in_node(int ns_fd, const struct load_ops *ops, const struct load_pass *pass,
			  int *ret_listener, struct err *err)
{
	_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	_close_ int listener = LOAD_NO_SERVER;

	*ret_listener = LOAD_NO_SERVER;
	if (!ops->listen)
		return 0;
	if (home < 0)
		return err_errno(err, -errno, "open the own network namespace");
	if (setns(ns_fd, CLONE_NEWNET))
		return err_errno(err, -errno, "enter the namespace of '%s'", pass->common->to);
	/* -1 is -EPERM as well as "no server": an error has words. */
	err->text[0] = '\0';
	listener = ops->listen(pass, err);
	if (setns(home, CLONE_NEWNET))
		return err_errno(err, -errno, "return from the namespace of '%s'",
				 pass->common->to);
	if (listener < 0 && (listener != LOAD_NO_SERVER || err->text[0]))
		return err_wrap(err, listener, "listen in '%s'", pass->common->to);
	*ret_listener = steal_fd(&listener);
	return 0;
}

/* In the parent 1, in the child 0. */
static int child_fork(struct child *child, struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(err, -errno, "fork");
	if (pid == 0)
		return 0;
	child->pid = pid;
	/* Not reaped yet, so the number cannot be another's already. */
	child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (child->pidfd < 0)
		return err_errno(err, -errno, "pidfd_open");
	return 1;
}

static void child_reap(struct child *child, int *ret_status, struct rusage *ret_usage)
{
	while (child->pid && wait4(child->pid, ret_status, 0, ret_usage) < 0 && errno == EINTR)
		;
	if (child->pidfd >= 0)
		close(child->pidfd);
	*child = (struct child){ .pidfd = -1 };
}

static void child_end(struct child *child, int *ret_status, struct rusage *ret_usage)
{
	if (child->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
	else if (child->pid)
		kill(child->pid, SIGKILL);
	child_reap(child, ret_status, ret_usage);
}

static void wake(int signal)
{
	(void)signal;
}

static int child_settle(pid_t parent, int ns_fd, uint64_t cpu, struct load *load, struct err *err)
{
	const struct sigaction wakes = { .sa_handler = wake };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before the prctl. */
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	/* The default 50 us would be nearly all of PACE_SPIN_NS. */
	prctl(PR_SET_TIMERSLACK, 1);
	/* Ctrl-C reaches a terminal's whole process group; when we end is up to the parent. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* Without SA_RESTART, it ends a sleep: see load_stop(). */
	sigaction(SIGTERM, &wakes, NULL);
	/* The parent reads its signals from a descriptor and has them blocked. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (cpus_pin(cpu, err))
		return -EINVAL;
	/* fork() does not copy page tables of shared memory; a fault at each page costs time. */
	madvise(load->report, load->report_bytes, MADV_POPULATE_WRITE);
	if (setns(ns_fd, CLONE_NEWNET))
		return err_errno(err, -errno, "enter the namespace");
	return 0;
}

/* The first to give up says why: the other's failure follows from it. */
static _Noreturn void child_exit(struct load_report *report, const char *who, int error,
				 const struct err *err)
{
	if (error && !report->error[0])
		snprintf(report->error, sizeof(report->error), "%s: %.200s", who, err->text);
	_exit(error ? EXIT_FAILURE : EXIT_SUCCESS);
}

static _Noreturn void server_main(struct load *load, const struct load_pass *pass, struct err *err)
{
	int error = load->ops->serve(load->listener, pass, load->report);

	if (error)
		err_errno(err, error, "serve");
	child_exit(load->report, "server", error, err);
}

static int start_server(struct load *load, const struct load_pass *pass, const struct lab *lab,
			struct err *err)
{
	pid_t parent = getpid();
	int ns_fd = node_fd(lab, pass->common->to, err);
	int result;

	if (ns_fd < 0)
		return ns_fd;
	result = listen_in_node(ns_fd, load->ops, pass, &load->listener, err);
	if (result || load->listener < 0)
		return result;
	result = child_fork(&load->server, err);
	/* Open elsewhere, it would take connections that nobody serves once the server is dead. */
	if (result && load->expects_reply)
		close(steal_fd(&load->listener));
	if (result)
		return result < 0 ? result : 0;
	result = child_settle(parent, ns_fd, load_receiver_cpu(pass), load, err);
	if (result)
		child_exit(load->report, "server", result, err);
	load_spent_begin(&load->report->server);
	server_main(load, pass, err);
}

static int start_driver(struct load *load, const struct load_pass *pass, const struct lab *lab,
			struct err *err)
{
	struct load_pass own = *pass;
	pid_t parent = getpid();
	int ns_fd = node_fd(lab, pass->common->from, err);
	int result;

	if (ns_fd < 0)
		return ns_fd;
	own.lab = lab;
	result = child_fork(&load->driver, err);
	if (result)
		return result < 0 ? result : 0;
	result = child_settle(parent, ns_fd, load_driver_cpu(load->ops, pass), load, err);
	load_spent_begin(&load->report->driver);
	if (!result)
		result = load->ops->drive(&own, load->report, err);
	load_spent_end(&load->report->driver);
	child_exit(load->report, "driver", result, err);
}

int load_start(struct load **ret, const struct load_ops *ops, const struct load_pass *pass,
	       const struct lab *lab, struct err *err)
{
	struct load *load __attribute__((cleanup(cleanup_load))) = calloc(1, sizeof(*load));
	int result;

	*ret = NULL;
	if (!load)
		return err_errno(err, -ENOMEM, "load '%s'", ops->kind.name);
	load->ops = ops;
	load->driver.pidfd = load->server.pidfd = load->listener = -1;
	load->expects_reply = load_expects_reply(ops, pass->params);
	result = report_map(load, load_is_bulk(ops, pass->common, pass->params) ? 0 : pass->count,
			    err);
	if (!result && ops->preflight)
		result = ops->preflight(pass, lab, err);
	if (!result && pass->sink <= LOAD_SINK_SOCKET)
		result = start_server(load, pass, lab, err);
	if (!result)
		result = start_driver(load, pass, lab, err);
	if (result)
		return err_wrap(err, result, "load '%s'", ops->kind.name);
	*ret = steal_ptr(load);
	return 0;
}

int load_fd(const struct load *load)
{
	return load->driver.pidfd;
}

struct load_report *load_peek(struct load *load)
{
	return load->report;
}

void load_stop(struct load *load)
{
	struct pollfd ended = { .fd = load->driver.pidfd, .events = POLLIN };

	load->stopped = true;
	atomic_store(&load->report->stop, true);
	syscall(SYS_pidfd_send_signal, load->driver.pidfd, SIGTERM, NULL, 0);
	if (poll(&ended, 1, LOAD_STOP_MS) != 1)
		syscall(SYS_pidfd_send_signal, load->driver.pidfd, SIGKILL, NULL, 0);
	if (!load->report->ended_ns)
		load->report->ended_ns = pace_now_ns();
}

static bool is_backlogged(const struct load *load)
{
	int bytes = 0;

	return !ioctl(load->listener, FIONREAD, &bytes) && bytes > 0;
}

/*
 * One-way packets may still be on their way, or in the server's buffer, when the driver has sent
 * its last: what moved within the quiet time is waited for, what did not is lost. A server that
 * another program keeps off the CPU has lost nothing yet, hence the look at its buffer.
 */
static void wait_for_server(const struct load *load)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t seen = 0, begun_ns = pace_now_ns(), now_ns = begun_ns, moved_ns = begun_ns;

	while (now_ns - moved_ns < LOAD_QUIET_NS && now_ns - begun_ns < LOAD_BACKLOG_NS) {
		uint64_t served = atomic_load(&load->report->served);

		/* What is in the buffer then are duplicates. */
		if (served >= atomic_load(&load->report->sent) && !is_backlogged(load))
			return;
		nanosleep(&nap, NULL);
		now_ns = pace_now_ns();
		if (served != seen || is_backlogged(load))
			moved_ns = now_ns;
		seen = served;
	}
}

static void server_end(struct load *load, int *ret_status)
{
	pid_t pid = load->server.pid;
	struct rusage usage;

	if (pid)
		load_spent_end_of(&load->report->server, pid);
	child_end(&load->server, ret_status, &usage);
	if (pid) {
		load_spent_peak(&load->report->server, &usage);
		load->report->served_by_us = true;
	}
	/* The last descriptor of the socket, whose port the next pass wants. */
	if (load->listener >= 0)
		close(steal_fd(&load->listener));
}

static int judge(const struct load *load, int driver_status, int server_status, struct err *err)
{
	const char *name = load->ops->kind.name;

	if (load->report->error[0])
		return err_set(err, -EIO, "load '%s': %.255s", name, load->report->error);
	if (WIFSIGNALED(driver_status) && !load->stopped)
		return err_set(err, -EIO, "load '%s': driver ended by signal %d", name,
			       WTERMSIG(driver_status));
	if (WIFEXITED(driver_status) && WEXITSTATUS(driver_status))
		return err_set(err, -EIO, "load '%s': driver gave up", name);
	/* SIGKILL is how it is meant to end. */
	if (WIFSIGNALED(server_status) && WTERMSIG(server_status) != SIGKILL)
		return err_set(err, -EIO, "load '%s': server ended by signal %d", name,
			       WTERMSIG(server_status));
	return 0;
}

int load_finish(struct load *load, struct load_report **ret, struct err *err)
{
	struct load_report *report = load->report;
	int driver_status = 0, server_status = 0;
	struct rusage unused;

	child_reap(&load->driver, &driver_status, &unused);
	if (load->server.pid && !load->expects_reply)
		wait_for_server(load);
	server_end(load, &server_status);
	/* A driver that knows better, of the sending alone, has said so. */
	if (!report->driver_cpu_ns)
		report->driver_cpu_ns = report->driver.cpu_ns;
	report->server_cpu_ns = report->server.cpu_ns;
	if (!load->expects_reply)
		atomic_store(&report->received, atomic_load(&report->served));
	*ret = report;
	return judge(load, driver_status, server_status, err);
}

void load_free(struct load *load)
{
	struct rusage unused;
	int status;

	if (!load)
		return;
	child_end(&load->driver, &status, &unused);
	server_end(load, &status);
	if (load->report)
		munmap(load->report, load->report_bytes);
	free(load);
}
