// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/program.h"

#include "topologies/lab.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

uint64_t program_missed(const struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

int program_enter_nodes(int map_fd, const struct lab *lab, struct err *err)
{
	size_t count = lab_topology(lab)->nodes.count;
	uint32_t key;
	uint8_t yes = 1;

	while (!bpf_map_get_next_key(map_fd, NULL, &key))
		bpf_map_delete_elem(map_fd, &key);
	for (size_t i = 0; i < count; i++) {
		key = lab_node_inode(lab, i);
		if (bpf_map_update_elem(map_fd, &key, &yes, BPF_ANY))
			return err_errno(err, -errno, "enter the lab's namespaces");
	}
	return 0;
}

/* The last line but one is what the verifier refused; the last is its statistics. */
const char *program_refusal(char *log)
{
	char *last = NULL, *before = NULL;

	for (char *line = strtok_r(log, "\n", &log); line; line = strtok_r(NULL, "\n", &log)) {
		before = last;
		last = line;
	}
	return before ? before : last ? last : "";
}

static size_t log_bytes(const struct bpf_map *map)
{
	return (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
}

const void *program_map_log(const struct bpf_map *map)
{
	void *log = mmap(NULL, log_bytes(map), PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);

	return log == MAP_FAILED ? NULL : log;
}

void program_unmap_log(const struct bpf_map *map, const void *log)
{
	if (log)
		munmap((void *)log, log_bytes(map));
}
