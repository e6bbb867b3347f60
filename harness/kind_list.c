// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/probe.h"
#include "harness/experiment.h"
#include "harness/kinds.h"
#include "loadgen/load.h"
#include "topologies/topology.h"

/*
 * The one place where the words of kinds.h become objects. No constructors, no linker sections:
 * the order is visible, and a static archive cannot drop one.
 */

#define DECLARE_DEVICE(name) extern const struct device_ops device_##name;
#define DECLARE_FEATURE(name) extern const struct feature_ops feature_##name;
#define DECLARE_LOAD(name) extern const struct load_ops load_##name;
#define DECLARE_PROBE(name) extern const struct probe_ops probe_##name;
#define DECLARE_CLAIM(name) extern const struct kind claim_##name;

#define DEVICE_HEAD(name) &device_##name.kind,
#define FEATURE_HEAD(name) &feature_##name.kind,
#define LOAD_HEAD(name) &load_##name.kind,
#define PROBE_HEAD(name) &probe_##name.kind,
#define CLAIM_HEAD(name) &claim_##name,

DEVICE_KINDS(DECLARE_DEVICE)
FEATURE_KINDS(DECLARE_FEATURE)
LOAD_KINDS(DECLARE_LOAD)
PROBE_KINDS(DECLARE_PROBE)
CLAIM_KINDS(DECLARE_CLAIM)

const struct kind *const device_kinds[] = { DEVICE_KINDS(DEVICE_HEAD) NULL };
const struct kind *const feature_kinds[] = { FEATURE_KINDS(FEATURE_HEAD) NULL };
const struct kind *const load_kinds[] = { LOAD_KINDS(LOAD_HEAD) NULL };
const struct kind *const probe_kinds[] = { PROBE_KINDS(PROBE_HEAD) NULL };
const struct kind *const claim_kinds[] = { CLAIM_KINDS(CLAIM_HEAD) NULL };
