// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/sync_memory.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define ROOT "/sys/fs/cgroup"
#define OWN ROOT "/labrun-sync"

static bool is_of_type(const char *path, long first, long second)
{
	struct statfs status;

	return statfs(path, &status) == 0 && (status.f_type == first || status.f_type == second);
}

/* A system that runs from its initramfs is one that was booted for this. */
static bool is_guest(void)
{
	return is_of_type("/", RAMFS_MAGIC, TMPFS_MAGIC) &&
	       is_of_type(ROOT, CGROUP2_SUPER_MAGIC, CGROUP2_SUPER_MAGIC);
}

static int write_text(const char *path, const char *text, struct err *err)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_errno(err, -errno, "write %s to %s", text, path);
	return 0;
}

int sync_memory_enter(struct sync_memory *memory, struct err *err)
{
	int code;

	if (!is_guest())
		return 0;
	code = write_text(ROOT "/cgroup.subtree_control", "+memory", err);
	if (!code && mkdir(OWN, 0755) < 0 && errno != EEXIST)
		code = err_errno(err, -errno, "make the cgroup %s", OWN);
	if (!code)
		code = write_text(OWN "/cgroup.procs", "0", err);
	memory->entered = !code;
	return code;
}

int sync_memory_read(const struct sync_memory *memory, uint64_t *ret_bytes, struct err *err)
{
	_fclose_ FILE *file = memory->entered ? fopen(OWN "/memory.stat", "re") : NULL;
	uint64_t kernel = 0, own = 0, value;
	char line[128], name[64];

	if (!file)
		return err_errno(err, -errno, "read %s", OWN "/memory.stat");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %" SCNu64, name, &value) != 2)
			continue;
		if (!strcmp(name, "kernel"))
			kernel = value;
		else if (!strcmp(name, "kernel_stack") || !strcmp(name, "pagetables"))
			own += value;
	}
	*ret_bytes = kernel > own ? kernel - own : 0;
	return 0;
}

void sync_memory_leave(struct sync_memory *memory)
{
	struct err ignored;

	if (!memory->entered)
		return;
	write_text(ROOT "/cgroup.procs", "0", &ignored);
	rmdir(OWN);
	memory->entered = false;
}
