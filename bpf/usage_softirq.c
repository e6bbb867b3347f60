// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/usage_softirq.h"

#include "bpf/calibrate.h"
#include "bpf/program.h"
#include "bpf/usage.skel.h"
#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "loadgen/stamp.h"
#include "topologies/lab.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define PROGRAM_COUNT 4
#define TRIALS 64
#define TRIAL_PACKETS 20

enum attached { DETACHED, ATTACHED_EMPTY, ATTACHED_FULL };

struct usage_softirq {
	struct usage_bpf *skeleton;
	struct calibrate calibrate;
	struct bpf_link *links[PROGRAM_COUNT];
	enum attached attached;
	uint32_t home_inode; /* of the namespace that we are in */
	uint64_t missed_before;
	bool apart; /* the kernel charges softirqs to nobody */
};

static void get_programs(const struct usage_softirq *softirq, enum attached which,
			 struct bpf_program *ret[PROGRAM_COUNT])
{
	const struct usage_bpf *skeleton = softirq->skeleton;
	bool full = which == ATTACHED_FULL;

	ret[0] = full ? skeleton->progs.usage_softirq_entry : skeleton->progs.empty_softirq_entry;
	ret[1] = full ? skeleton->progs.usage_softirq_exit : skeleton->progs.empty_softirq_exit;
	ret[2] = full ? skeleton->progs.usage_netif_receive_skb
		      : skeleton->progs.empty_netif_receive_skb;
	ret[3] = full ? skeleton->progs.usage_napi_poll : skeleton->progs.empty_napi_poll;
}

static void detach(struct usage_softirq *softirq)
{
	for (size_t i = 0; i < PROGRAM_COUNT; i++) {
		bpf_link__destroy(softirq->links[i]);
		softirq->links[i] = NULL;
	}
	softirq->attached = DETACHED;
}

static int attach(struct usage_softirq *softirq, enum attached which, struct err *err)
{
	struct bpf_program *programs[PROGRAM_COUNT];

	if (softirq->attached == which)
		return 0;
	detach(softirq);
	get_programs(softirq, which, programs);
	for (size_t i = 0; i < PROGRAM_COUNT && which != DETACHED; i++) {
		softirq->links[i] = bpf_program__attach(programs[i]);
		if (!softirq->links[i])
			return err_errno(err, -errno, "usage: attach %s",
					 bpf_program__name(programs[i]));
	}
	softirq->attached = which;
	return 0;
}

void usage_softirq_close(struct usage_softirq *softirq)
{
	if (!softirq)
		return;
	detach(softirq);
	usage_bpf__destroy(softirq->skeleton);
	free(softirq);
}

static void cleanup_softirq(struct usage_softirq **softirq)
{
	usage_softirq_close(*softirq);
}

/* There they are threads that others interrupt: from entry to exit is not their time. */
static int refuse_realtime(struct err *err)
{
	struct utsname name;

	if (uname(&name) || !strstr(name.version, "PREEMPT_RT"))
		return 0;
	return err_need(err,
			"usage: on a PREEMPT_RT kernel softirqs are interrupted by others: how "
			"long they take cannot be told");
}

static int load(struct usage_softirq *softirq, struct err *err)
{
	int code;

	libbpf_set_print(NULL);
	softirq->skeleton = usage_bpf__open();
	if (!softirq->skeleton)
		return err_errno(err, -errno, "usage: open the programs");
	code = usage_bpf__load(softirq->skeleton);
	if (code == -EPERM)
		return err_need(err, "usage: this kernel lets only root load tracing programs "
				     "(CAP_BPF, CAP_PERFMON): run as root");
	if (code == -ESRCH || code == -ENOENT)
		return err_need(err, "usage: this kernel has no BTF for its tracepoints "
				     "(CONFIG_DEBUG_INFO_BTF)");
	return code ? err_errno(err, code, "usage: load the programs") : 0;
}

static int find_home(struct usage_softirq *softirq, struct err *err)
{
	struct stat status;

	if (stat("/proc/self/ns/net", &status) && stat("/proc/thread-self/ns/net", &status))
		return err_errno(err, -errno, "usage: /proc/self/ns/net");
	softirq->home_inode = (uint32_t)status.st_ino;
	return 0;
}

static int attach_condition(void *probe, int condition, struct err *err)
{
	static const enum attached which[] = {
		[BLOCK_OFF] = DETACHED,
		[BLOCK_EMPTY] = ATTACHED_EMPTY,
		[BLOCK_FULL] = ATTACHED_FULL,
	};
	struct usage_softirq *softirq = probe;

	memset(softirq->skeleton->bss->cpus, 0, sizeof(softirq->skeleton->bss->cpus));
	return attach(softirq, which[condition], err);
}

static uint64_t count_events(void *probe)
{
	const struct usage_softirq *softirq = probe;
	uint64_t events = 0;

	for (size_t i = 0; i < USAGE_MAX_CPUS; i++)
		events += softirq->skeleton->bss->cpus[i].events;
	return events;
}

int usage_softirq_open(struct usage_softirq **ret, uint64_t magic, struct err *err)
{
	__attribute__((cleanup(cleanup_softirq))) struct usage_softirq *softirq =
		calloc(1, sizeof(*softirq));
	int code;

	if (!softirq)
		return err_set(err, -ENOMEM, "usage: out of memory");
	softirq->calibrate = (struct calibrate){ .name = "usage",
						 .magic = magic,
						 .packets = CALIBRATE_PACKETS,
						 .attach = attach_condition,
						 .events = count_events,
						 .probe = softirq };
	code = refuse_realtime(err);
	if (!code)
		code = find_home(softirq, err);
	if (!code)
		code = load(softirq, err);
	if (!code)
		*ret = steal_ptr(softirq);
	return code;
}

static int enter(const struct usage_softirq *softirq, uint32_t inode, struct err *err)
{
	const struct usage_node none = {};

	if (bpf_map_update_elem(bpf_map__fd(softirq->skeleton->maps.nodes), &inode, &none, BPF_ANY))
		return err_errno(err, -errno, "usage: enter the lab's namespaces");
	return 0;
}

static int enter_all(const struct usage_softirq *softirq, const struct lab *lab, struct err *err)
{
	size_t count = lab ? lab_topology(lab)->nodes.count : 0;
	int map = bpf_map__fd(softirq->skeleton->maps.nodes), code;
	uint32_t key;

	while (!bpf_map_get_next_key(map, NULL, &key))
		bpf_map_delete_elem(map, &key);
	code = enter(softirq, softirq->home_inode, err);
	for (size_t i = 0; i < count && !code; i++)
		code = enter(softirq, lab_node_inode(lab, i), err);
	return code;
}

static struct usage_node read_node(const struct usage_softirq *softirq, uint32_t inode)
{
	struct usage_node node = {};

	bpf_map_lookup_elem(bpf_map__fd(softirq->skeleton->maps.nodes), &inode, &node);
	return node;
}

/* How much of the time that a few packets over loopback took was not charged to us, and how much
 * was softirqs'. */
static int try_charging(const struct usage_softirq *softirq, int fd, uint64_t *ret_uncharged_ns,
			uint64_t *ret_softirq_ns, struct err *err)
{
	const struct stamp stamp = { .magic = softirq->calibrate.magic };
	uint64_t before_ns = usage_softirq_of_home(softirq).borrowed_ns;
	uint64_t begun_ns = pace_now_ns(), cpu_ns = pace_cpu_ns(), took_ns;
	int code = 0;

	for (size_t i = 0; i < TRIAL_PACKETS && !code; i++)
		code = calibrate_echo(&softirq->calibrate, fd, &stamp, err);
	cpu_ns = pace_cpu_ns() - cpu_ns;
	took_ns = pace_now_ns() - begun_ns;
	*ret_uncharged_ns = took_ns > cpu_ns ? took_ns - cpu_ns : 0;
	*ret_softirq_ns = usage_softirq_of_home(softirq).borrowed_ns - before_ns;
	return code;
}

/*
 * Nobody says how a kernel charges softirqs, so it is tried. In the trial with the least that was
 * not charged to us nobody else was on this CPU: it is next to nothing, or all that softirqs took.
 */
static int find_charging(struct usage_softirq *softirq, struct err *err)
{
	_close_ int fd = calibrate_open_echo(&softirq->calibrate, err);
	uint64_t least_ns = UINT64_MAX;
	int code = fd < 0 ? fd : attach(softirq, ATTACHED_FULL, err);

	for (size_t i = 0; i < TRIALS && !code; i++) {
		uint64_t uncharged_ns, softirq_ns;

		code = try_charging(softirq, fd, &uncharged_ns, &softirq_ns, err);
		if (code || uncharged_ns >= least_ns)
			continue;
		least_ns = uncharged_ns;
		softirq->apart = uncharged_ns > softirq_ns / 2;
	}
	return code;
}

int usage_softirq_calibrate(struct usage_softirq *softirq, struct probe_block *blocks, size_t max,
			    struct err *err)
{
	int count, code = enter_all(softirq, NULL, err);

	if (!code)
		code = find_charging(softirq, err);
	if (code)
		return code;
	count = calibrate_by_echo(&softirq->calibrate, blocks, max, err);
	return count;
}

bool usage_softirq_is_charged(const struct usage_softirq *softirq)
{
	return !softirq->apart;
}

static uint64_t count_missed(const struct usage_softirq *softirq)
{
	struct bpf_program *programs[PROGRAM_COUNT];
	uint64_t missed = 0;

	get_programs(softirq, ATTACHED_FULL, programs);
	for (size_t i = 0; i < PROGRAM_COUNT; i++)
		missed += program_missed(programs[i]);
	return missed;
}

int usage_softirq_start(struct usage_softirq *softirq, const struct lab *lab, struct err *err)
{
	int code = attach(softirq, ATTACHED_FULL, err);

	if (!code)
		code = enter_all(softirq, lab, err);
	softirq->missed_before = count_missed(softirq);
	return code;
}

struct usage_node usage_softirq_of_node(const struct usage_softirq *softirq, const struct lab *lab,
					size_t node)
{
	return read_node(softirq, lab_node_inode(lab, node));
}

struct usage_node usage_softirq_of_home(const struct usage_softirq *softirq)
{
	return read_node(softirq, softirq->home_inode);
}

uint64_t usage_softirq_missed(const struct usage_softirq *softirq)
{
	return count_missed(softirq) - softirq->missed_before;
}
