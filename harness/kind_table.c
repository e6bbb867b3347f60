// SPDX-License-Identifier: GPL-2.0-only
#include "harness/kind_table.h"

#include "bpf/probe.h"
#include "harness/experiment.h"

const struct kind_family kind_families[] = {
	{ "load", load_kinds, load_common_fields },
	{ "probe", probe_kinds, NULL },
	{ "device", device_kinds, NULL },
	{ "feature", feature_kinds, NULL },
	{ "claim", claim_kinds, NULL },
	{ NULL, NULL, NULL },
};
