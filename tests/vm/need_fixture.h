/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What every test in guests needs. */

#include "harness/proc.h"
#include "harness/vm.h"
#include "tests/test.h"

#define QEMU "qemu-system-x86_64"

static inline void need_kernel(const char *name)
{
	struct vm_kernel kernel = {};
	struct err err = {};

	if (!proc_exists(QEMU))
		skip_because(QEMU " is not installed");
	if (vm_kernel_find(&kernel, name, NULL, &err))
		skip_because("%s", err.text);
	vm_kernel_done(&kernel);
}
