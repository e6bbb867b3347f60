// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor NODES QUEUES: what the kernel itself takes to build the hub. The same namespaces, names,
 * links, addresses and devices brought up as in hub-1000.json, by requests that are laid out once
 * and sent many at a time, without a file to read, a check, an answer for each or any memory.
 * QUEUES 0 leaves their number to the kernel, as `ip link add` does: it makes one for each CPU,
 * then takes all but one away again, and waits for two RCU grace periods a link.
 *
 * To be run in fresh network and mount namespaces with a /run of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUB_FIRST_INDEX 10
#define LEAF_INDEX 2
#define BATCH_BYTES 32768
#define REQUEST_MAX 512

struct batch {
	int socket;
	size_t bytes;
	unsigned char data[BATCH_BYTES];
	struct nlmsghdr *last;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void flush(struct batch *batch)
{
	unsigned char answer[4096];
	struct nlmsghdr *header = (void *)answer;
	ssize_t bytes;

	if (!batch->bytes)
		return;
	batch->last->nlmsg_flags |= NLM_F_ACK;
	if (send(batch->socket, batch->data, batch->bytes, 0) != (ssize_t)batch->bytes)
		die("send");
	bytes = recv(batch->socket, answer, sizeof(answer), 0);
	if (bytes < (ssize_t)sizeof(*header) || header->nlmsg_type != NLMSG_ERROR)
		die("recv");
	errno = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
	if (errno)
		die("netlink");
	batch->bytes = 0;
}

static void *append(struct batch *batch, size_t bytes)
{
	unsigned char *at = (unsigned char *)batch->last + NLMSG_ALIGN(batch->last->nlmsg_len);

	memset(at, 0, NLMSG_ALIGN(bytes));
	batch->last->nlmsg_len = NLMSG_ALIGN(batch->last->nlmsg_len) + (uint32_t)bytes;
	batch->bytes = (size_t)(at - batch->data) + NLMSG_ALIGN(bytes);
	return at;
}

static void begin(struct batch *batch, uint16_t type, uint16_t flags, const void *head,
		  size_t bytes)
{
	if (batch->bytes + REQUEST_MAX > BATCH_BYTES)
		flush(batch);
	batch->last = (void *)(batch->data + batch->bytes);
	*batch->last = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN,
					  .nlmsg_type = type,
					  .nlmsg_flags = NLM_F_REQUEST | flags };
	memcpy(append(batch, bytes), head, bytes);
}

static struct rtattr *put(struct batch *batch, uint16_t type, const void *value, size_t bytes)
{
	struct rtattr *attribute = append(batch, RTA_LENGTH(bytes));

	*attribute = (struct rtattr){ .rta_len = (uint16_t)RTA_LENGTH(bytes), .rta_type = type };
	memcpy(RTA_DATA(attribute), value, bytes);
	return attribute;
}

static void close_nest(struct batch *batch, struct rtattr *nest)
{
	nest->rta_len = (uint16_t)(batch->data + batch->bytes - (unsigned char *)nest);
}

static void put_end(struct batch *batch, const char *name, int namespace, uint32_t queues)
{
	put(batch, IFLA_IFNAME, name, strlen(name) + 1);
	put(batch, IFLA_NET_NS_FD, &namespace, sizeof(namespace));
	if (!queues)
		return;
	put(batch, IFLA_NUM_TX_QUEUES, &queues, sizeof(queues));
	put(batch, IFLA_NUM_RX_QUEUES, &queues, sizeof(queues));
}

static void add_veth(struct batch *batch, int index, int hub, int leaf, uint32_t queues)
{
	struct ifinfomsg near = { .ifi_index = HUB_FIRST_INDEX + index };
	struct ifinfomsg far = { .ifi_index = LEAF_INDEX };
	struct rtattr *info, *data, *peer;
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "v%d", index);
	begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &near, sizeof(near));
	put_end(batch, name, hub, queues);
	info = put(batch, IFLA_LINKINFO, "", 0);
	put(batch, IFLA_INFO_KIND, "veth", 5);
	data = put(batch, IFLA_INFO_DATA, "", 0);
	peer = put(batch, VETH_INFO_PEER, &far, sizeof(far));
	put_end(batch, "eth0", leaf, queues);
	close_nest(batch, peer);
	close_nest(batch, data);
	close_nest(batch, info);
}

static void set_up(struct batch *batch, int index)
{
	struct ifinfomsg info = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	begin(batch, RTM_NEWLINK, 0, &info, sizeof(info));
}

static void add_address(struct batch *batch, unsigned node)
{
	struct ifaddrmsg info = { .ifa_family = AF_INET,
				  .ifa_prefixlen = 15,
				  .ifa_index = LEAF_INDEX };
	uint32_t address = htonl(0xc6120000u + node);

	begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	put(batch, IFA_LOCAL, &address, sizeof(address));
	put(batch, IFA_ADDRESS, &address, sizeof(address));
}

static int new_namespace(const char *name)
{
	char path[64], source[64];
	int fd, file;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	if (unshare(CLONE_NEWNET))
		die("unshare");
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	if (fd < 0 || file < 0 || mount(source, path, NULL, MS_BIND, NULL))
		die(path);
	close(file);
	return fd;
}

static void enter(struct batch *batch, int namespace)
{
	if (setns(namespace, CLONE_NEWNET))
		die("setns");
	batch->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (batch->socket < 0)
		die("socket");
}

static void leave(struct batch *batch)
{
	flush(batch);
	close(batch->socket);
}

int main(int argc, char **argv)
{
	static struct batch batch;
	int count = argc == 3 ? atoi(argv[1]) : 0, hub, *leaves;
	uint32_t queues = argc == 3 ? (uint32_t)atoi(argv[2]) : 0;
	struct rlimit files = { (rlim_t)count + 64, (rlim_t)count + 64 };
	char name[32];

	if (count < 1 || mkdir("/run/netns", 0755) || setrlimit(RLIMIT_NOFILE, &files))
		die("floor NODES QUEUES");
	leaves = calloc((size_t)count, sizeof(*leaves));
	hub = new_namespace("hub");
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		leaves[i] = new_namespace(name);
	}
	enter(&batch, hub);
	for (int i = 0; i < count; i++)
		add_veth(&batch, i, hub, leaves[i], queues);
	set_up(&batch, 1);
	for (int i = 0; i < count; i++)
		set_up(&batch, HUB_FIRST_INDEX + i);
	leave(&batch);
	for (int i = 0; i < count; i++) {
		enter(&batch, leaves[i]);
		set_up(&batch, 1);
		add_address(&batch, (unsigned)i);
		set_up(&batch, LEAF_INDEX);
		leave(&batch);
	}
	return 0;
}
