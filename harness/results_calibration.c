// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/results.h"

#include <string.h>

#define COLUMNS 5 /* of calibration.csv, before the kernel */

static int read_block(const struct csv *csv, struct probe_block *block, struct err *err)
{
	static const char *const conditions[] = { "off", "empty", "full", "span" };
	uint64_t round;
	size_t condition = 0;
	int code = csv_uint(csv, 0, UINT32_MAX, "round", &round, err);

	while (condition < ARRAY_SIZE(conditions) && strcmp(conditions[condition], csv->fields[1]))
		condition++;
	if (!code && condition == ARRAY_SIZE(conditions))
		code = csv_fault(csv, err, "condition: \"%.20s\" is none of off, empty, full, span",
				 csv->fields[1]);
	*block = (struct probe_block){ .condition = condition };
	if (!code)
		code = csv_uint(csv, 2, UINT64_MAX, "packets", &block->packets, err);
	if (!code)
		code = csv_uint(csv, 3, UINT64_MAX, "events", &block->events, err);
	if (!code)
		code = csv_uint(csv, 4, UINT64_MAX, "packet_ns", &block->packet_ns, err);
	if (!code)
		block->round = round;
	if (!code && csv->count > COLUMNS)
		snprintf(block->kernel, sizeof(block->kernel), "%s", csv->fields[COLUMNS]);
	return code;
}

static int open_calibration(struct csv *csv, const char *dir, struct err *err)
{
	int code = csv_open(csv, dir, "calibration.csv", "round,condition,packets,events,packet_ns",
			    false, err);

	/* Only where kernels are a factor there is one column more. */
	if (!code && (csv->count > COLUMNS + 1 ||
		      (csv->count > COLUMNS && strcmp(csv->fields[COLUMNS], "kernel"))))
		code = csv_fault(csv, err, "after packet_ns comes kernel or nothing");
	return code;
}

int result_calibration_read(struct probe_block **ret, size_t *ret_count, const char *dir,
			    struct err *err)
{
	_csv_ struct csv csv = { 0 };
	_free_ struct probe_block *blocks = NULL;
	size_t count = 0;
	int code = open_calibration(&csv, dir, err);

	if (code)
		return code;
	while ((code = csv_next(&csv, err)) > 0) {
		blocks = reallocarray(blocks, count + 1, sizeof(*blocks));
		if (!blocks)
			abort();
		code = read_block(&csv, &blocks[count++], err);
		if (code)
			return code;
	}
	if (code)
		return code;
	*ret = steal_ptr(blocks);
	*ret_count = count;
	return 0;
}
