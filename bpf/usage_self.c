// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/usage_self.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Documentation/filesystems/proc.rst: "Writing 5 resets the peak resident set size". */
int usage_self_forget_peak(void)
{
	_close_ int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, "5", 1) == 1 ? 0 : -errno;
}

uint64_t usage_self_peak_bytes(void)
{
	_fclose_ FILE *file = fopen("/proc/self/status", "re");
	uint64_t kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %" SCNu64 " kB", &kib) == 1)
			break;
	return kib * 1024;
}
