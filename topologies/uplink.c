// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/uplink.h"

#include "harness/cleanup.h"
#include "topologies/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PCI_DEVICES "/sys/bus/pci/devices"
#define DRIVER "/sys/bus/virtio/drivers/virtio_net"
#define PATH_BYTES 512
#define NAME_BYTES 64

static const char *const slots[] = { "0000:00:" UPLINK_NEAR_SLOT ".0",
				     "0000:00:" UPLINK_FAR_SLOT ".0" };

int uplink_check(struct err *err)
{
	if (access(UPLINK_HOME, F_OK))
		return err_need(err, "a virtio uplink's devices are there only in a guest: run it "
				     "with --vm or --exact");
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), PCI_DEVICES "/%s", slots[i]);
		if (access(path, F_OK))
			return err_need(err, "this guest has no virtio devices for the uplink");
	}
	if (access(DRIVER, F_OK))
		return err_need(err, "this kernel has no virtio_net driver");
	return 0;
}

int uplink_hold(int *ret_fd, struct err *err)
{
	_close_ int fd = -1;
	int code = uplink_check(err);

	if (code < 0)
		return code;
	fd = open(UPLINK_HOME, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "open " UPLINK_HOME);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(err, errno == EWOULDBLOCK ? -EBUSY : -errno,
				 "another lab has the virtio uplink");
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* The one entry of a folder that begins so. */
static int find_entry(const char *folder, const char *prefix, char name[NAME_BYTES])
{
	_closedir_ DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.' && !strncmp(entry->d_name, prefix, strlen(prefix))) {
			snprintf(name, NAME_BYTES, "%.63s", entry->d_name);
			return 0;
		}
	return dir ? -ENODEV : -errno;
}

static int write_driver(const char *file, const char *device)
{
	char path[PATH_BYTES];
	_close_ int fd = -1;

	snprintf(path, sizeof(path), DRIVER "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, device, strlen(device)) < 0 ? -errno : 0;
}

static int read_ifindex(const char *folder, const char *name, int *ret)
{
	char path[PATH_BYTES], text[32] = "";
	_close_ int fd = -1;

	snprintf(path, sizeof(path), "%.300s/%s/ifindex", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	*ret = atoi(text);
	return *ret > 0 ? 0 : -ENODEV;
}

/*
 * The driver lets go of the device and takes it again: no MTU, offload, counter or name of an
 * earlier lab is left, wherever its namespace's end, which is not waited for, has put the old one.
 */
static int renew(const char *slot, int *ret_ifindex)
{
	char folder[PATH_BYTES], device[NAME_BYTES], name[NAME_BYTES];
	int code;

	snprintf(folder, sizeof(folder), PCI_DEVICES "/%s", slot);
	code = find_entry(folder, "virtio", device);
	if (code == 0)
		code = write_driver("unbind", device);
	/* Nobody's: a bind failed before. */
	if (code == 0 || code == -ENODEV)
		code = write_driver("bind", device);
	snprintf(folder, sizeof(folder), PCI_DEVICES "/%s/%s/net", slot, device);
	if (code == 0)
		code = find_entry(folder, "", name);
	return code < 0 ? code : read_ifindex(folder, name, ret_ifindex);
}

int uplink_make(int fd, const struct rtnl_link ends[2], struct err *err)
{
	_rtnl_ struct rtnl *rtnl = NULL;
	int code = netns_enter(fd, err);

	if (code == 0)
		code = rtnl_open(&rtnl, err);
	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(slots); i++) {
		int ifindex = 0;

		code = renew(slots[i], &ifindex);
		if (code < 0)
			return err_errno(err, code, "take virtio device %s for '%s'", slots[i],
					 ends[i].name);
		code = rtnl_move(rtnl, ifindex, &ends[i], err);
	}
	return code < 0 ? code : rtnl_flush(rtnl, err);
}
