// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where packets are received. A veth's, a bridge's or a tunnel's receiving softirq runs on the CPU
 * that has sent; Receive Packet Steering (Documentation/networking/scaling.rst) hands a packet over
 * to another one's backlog as soon as it has been received, before any protocol or bridge sees it.
 * What could be challenged: handing over costs an interrupt between CPUs, which is then in the
 * segment between `rx` and `deliver`. That is what such a placement costs.
 *
 * A device's poll itself (GRO, XDP) comes before that and stays with the sender. Threaded NAPI
 * would move it, but its threads cannot be pinned from within a PID namespace.
 */
#include "topologies/lab_internal.h"

#include "harness/cleanup.h"
#include "topologies/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

/* sysfs shows the devices of the namespace in which it was mounted. This one is mounted nowhere: it
 * is gone with its descriptor. */
static int open_sysfs(struct err *err)
{
	_close_ int context = fsopen("sysfs", FSOPEN_CLOEXEC);
	int fd = -1;

	if (context >= 0 && !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? err_errno(err, -errno, "mount a sysfs for the node") : fd;
}

static int open_folder(int parent, const char *path, DIR **ret)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret = fd < 0 ? NULL : fdopendir(fd);
	return *ret ? 0 : -errno;
}

/* In groups of 32 bits, the highest first. */
static void format_mask(uint64_t cpu, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%x", 1u << cpu % 32);

	for (uint64_t i = 0; i < cpu / 32 && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, ",00000000");
}

static int steer_queue(int queues, const char *queue, uint64_t cpu, struct err *err)
{
	_close_ int fd = -1;
	char path[64], mask[512];

	snprintf(path, sizeof(path), "%.40s/rps_cpus", queue);
	format_mask(cpu, mask, sizeof(mask));
	fd = openat(queues, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_need(err, "cpus.softirq: this kernel does not steer packets "
				     "(CONFIG_RPS)");
	if (fd >= 0 && write(fd, mask, strlen(mask)) == (ssize_t)strlen(mask))
		return 0;
	if (errno == EINVAL)
		return err_need(err,
				"cpus.softirq: the kernel hands no packets to CPU %llu, which is "
				"isolated (isolcpus, nohz_full)",
				(unsigned long long)cpu);
	return err_errno(err, -errno, "steer the queue %s", queue);
}

static int steer_device(int devices, const char *device, uint64_t cpu, struct err *err)
{
	_closedir_ DIR *queues = NULL;
	const struct dirent *queue;
	char path[300];
	int code;

	snprintf(path, sizeof(path), "%s/queues", device);
	code = open_folder(devices, path, &queues);
	if (code)
		return err_errno(err, code, "the queues of '%s'", device);
	while (!code && (queue = readdir(queues)))
		if (!strncmp(queue->d_name, "rx-", 3))
			code = steer_queue(dirfd(queues), queue->d_name, cpu, err);
	return code ? err_wrap(err, code, "device '%s'", device) : 0;
}

static int steer_node(int fd, uint64_t cpu, struct err *err)
{
	_close_ int sysfs = -1;
	_closedir_ DIR *devices = NULL;
	const struct dirent *device;
	int code = netns_enter(fd, err);

	if (code)
		return code;
	sysfs = open_sysfs(err);
	if (sysfs < 0)
		return sysfs;
	code = open_folder(sysfs, "class/net", &devices);
	if (code)
		return err_errno(err, code, "the devices of the node");
	while (!code && (device = readdir(devices)))
		if (*device->d_name != '.')
			code = steer_device(dirfd(devices), device->d_name, cpu, err);
	return code;
}

int lab_steer(const struct lab *lab, uint64_t cpu, struct err *err)
{
	_netns_home_ int home = netns_current();

	if (home < 0)
		return err_errno(err, home, "open /proc/thread-self/ns/net");
	for (size_t i = 0; i < lab->node_count; i++) {
		int code = steer_node(lab->nodes[i].fd, cpu, err);

		if (code)
			return err_wrap(err, code, "node '%s'", lab_topo_node(lab, i)->name);
	}
	return 0;
}
