// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/sink.h"

#include "bpf/sink.skel.h"
#include "harness/cleanup.h"
#include "topologies/netns.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/mman.h>

struct sink {
	struct sink_bpf *skeleton;
	struct sink_flow *flows; /* mapped */
	size_t flow_slots, cpu_count;
	int link;
	bool native;
};

static void cleanup_sink(struct sink **sink)
{
	sink_close(*sink);
}

void sink_close(struct sink *sink)
{
	if (!sink)
		return;
	if (sink->link >= 0)
		close(sink->link);
	if (sink->flows)
		munmap(sink->flows, sink->flow_slots * sizeof(*sink->flows));
	sink_bpf__destroy(sink->skeleton);
	free(sink);
}

bool sink_is_native(const struct sink *sink)
{
	return sink->native;
}

/* Half full at most, so that a flow is found near its place. */
static size_t slots_for(const struct sink_setup *setup)
{
	size_t slots = 64;

	while (setup->kind == SINK_STAMPED && slots < 2 * (size_t)setup->flows)
		slots *= 2;
	return slots;
}

static int load(struct sink *sink, const struct sink_setup *setup, struct err *err)
{
	struct sink_bpf *skeleton = sink_bpf__open();
	int code;

	sink->skeleton = skeleton;
	if (!skeleton)
		return err_errno(err, -errno, "open the programs");
	sink->flow_slots = slots_for(setup);
	skeleton->rodata->stamp_magic = setup->magic;
	skeleton->rodata->of_pktgen = setup->of_pktgen;
	skeleton->rodata->first_sequence = setup->first_sequence;
	skeleton->rodata->sequence_count = setup->count;
	skeleton->rodata->flow_mask = (uint32_t)sink->flow_slots - 1;
	bpf_map__set_max_entries(skeleton->maps.flows, (uint32_t)sink->flow_slots);
	bpf_program__set_autoload(skeleton->progs.sink_drop, setup->kind == SINK_XDP_DROP);
	bpf_program__set_autoload(skeleton->progs.sink_stamped, setup->kind == SINK_STAMPED);
	code = sink_bpf__load(skeleton);
	if (code == -EPERM)
		return err_need(err, "this kernel lets only root load XDP programs (CAP_BPF, "
				     "CAP_NET_ADMIN): run as root");
	if (code)
		return err_errno(err, code, "load the program");
	sink->flows = mmap(NULL, sink->flow_slots * sizeof(*sink->flows), PROT_READ | PROT_WRITE,
			   MAP_SHARED, bpf_map__fd(skeleton->maps.flows), 0);
	if (sink->flows == MAP_FAILED) {
		sink->flows = NULL;
		return err_errno(err, -errno, "map the table of flows");
	}
	return 0;
}

static int attach_as(struct sink *sink, const struct sink_setup *setup, unsigned mode)
{
	const struct bpf_program *program = setup->kind == SINK_STAMPED
						    ? sink->skeleton->progs.sink_stamped
						    : sink->skeleton->progs.sink_drop;
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);

	return bpf_link_create(bpf_program__fd(program), setup->ifindex, BPF_XDP, &opts);
}

/* A driver has no native XDP, or none for this MTU or these queues. */
static int attach(struct sink *sink, const struct sink_setup *setup, struct err *err)
{
	_netns_home_ int home = netns_current();
	int code = home < 0 ? err_errno(err, home, "open the own network namespace")
			    : netns_enter(setup->netns_fd, err);

	if (code)
		return code;
	sink->link = attach_as(sink, setup, XDP_FLAGS_DRV_MODE);
	sink->native = sink->link >= 0;
	if (sink->link == -EBUSY || sink->link == -EEXIST)
		return err_set(err, sink->link, "the device has an XDP program already");
	if (sink->link < 0)
		sink->link = attach_as(sink, setup, XDP_FLAGS_SKB_MODE);
	return sink->link < 0 ? err_errno(err, sink->link, "attach to device %d", setup->ifindex)
			      : 0;
}

int sink_open(struct sink **ret, const struct sink_setup *setup, struct err *err)
{
	struct sink *sink __attribute__((cleanup(cleanup_sink))) = calloc(1, sizeof(*sink));
	int code;

	*ret = NULL;
	if (!sink)
		return err_errno(err, -ENOMEM, "sink");
	sink->link = -1;
	sink->cpu_count = (size_t)libbpf_num_possible_cpus();
	if (sink->cpu_count > SINK_MAX_CPUS)
		return err_need(err, "sink: more than %d CPUs", SINK_MAX_CPUS);
	if (setup->flows > SINK_MAX_FLOWS)
		return err_set(err, -E2BIG, "sink: %u flows, at most %u", setup->flows,
			       SINK_MAX_FLOWS);
	libbpf_set_print(NULL);
	code = load(sink, setup, err);
	if (!code)
		code = attach(sink, setup, err);
	if (code)
		return err_wrap(err, code, "sink");
	*ret = steal_ptr(sink);
	return 0;
}

/* They are written meanwhile. */
static uint64_t read_live(const __u64 *count)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED);
}

void sink_read(const struct sink *sink, struct sink_counts *ret)
{
	__u64 *sums = (__u64 *)ret;

	memset(ret, 0, sizeof(*ret));
	for (size_t cpu = 0; cpu < sink->cpu_count; cpu++) {
		const __u64 *counts = (const __u64 *)&sink->skeleton->bss->counts[cpu];

		for (size_t i = 0; i < sizeof(*ret) / sizeof(*sums); i++)
			sums[i] += read_live(&counts[i]);
	}
}

void sink_reset(struct sink *sink)
{
	memset(sink->skeleton->bss->counts, 0, sizeof(sink->skeleton->bss->counts));
	memset(sink->skeleton->bss->window, 0, sizeof(sink->skeleton->bss->window));
	memset(sink->flows, 0, sink->flow_slots * sizeof(*sink->flows));
}

void sink_read_flows(const struct sink *sink, uint64_t expected, struct sink_flows *ret)
{
	*ret = (struct sink_flows){};
	for (size_t i = 0; i < sink->flow_slots; i++) {
		uint64_t packets = read_live(&sink->flows[i].packets);

		if (!packets)
			continue;
		if (!ret->seen || packets < ret->fewest)
			ret->fewest = packets;
		if (packets > ret->most)
			ret->most = packets;
		ret->incomplete += packets < expected;
		ret->seen++;
	}
}
