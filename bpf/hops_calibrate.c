// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a firing of the probe costs: see calibrate.h. Attached is what the jobs will attach; each
 * packet over loopback crosses all tracepoints but GRO's once.
 */
#include "bpf/calibrate.h"
#include "bpf/hops_log.h"

#include "bpf/hops.skel.h"

static int attach(void *probe, int condition, struct err *err)
{
	static const enum hops_attach which[] = {
		[BLOCK_OFF] = HOPS_DETACHED,
		[BLOCK_EMPTY] = HOPS_EMPTY,
		[BLOCK_FULL] = HOPS_FULL,
	};
	struct hops *hops = probe;
	int code = hops_attach(hops, which[condition], hops->calibrated_functions, err);

	hops_log_reset(hops);
	return code;
}

/* With those beyond a log that is too small. */
static uint64_t count_events(void *probe)
{
	struct hops_totals totals = hops_log_totals(probe);

	return totals.logged + totals.ring_drops;
}

int hops_calibrate(struct probe *probe, struct probe_block *blocks, size_t max, struct err *err)
{
	struct hops *hops = (struct hops *)probe;
	size_t room = hops->events_per_cpu / HOP_FUNCTION_COUNT;
	const struct calibrate calibrate = {
		.name = "hops",
		.magic = hops->skeleton->rodata->stamp_magic,
		.packets = room < CALIBRATE_PACKETS ? room + 1 : CALIBRATE_PACKETS,
		.attach = attach,
		.events = count_events,
		.probe = hops,
	};

	return calibrate_by_echo(&calibrate, blocks, max, err);
}
