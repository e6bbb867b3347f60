/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/field.h"

/* The families of kinds with their rows, for whatever walks over all of them. Ended by NULL. */
struct kind_family {
	const char *name; /* "device", "feature", "load", "probe", "claim" */
	const struct kind *const *kinds;
	const struct field *common; /* fields that each has beside its own, or NULL */
};

extern const struct kind_family kind_families[];
