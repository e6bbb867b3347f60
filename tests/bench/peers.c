// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bench/peers.h"

#include "harness/cleanup.h"
#include "tests/bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define UDP_BATCH 64
#define UDP_PAYLOAD (PEER_BYTES - 14 - 20 - 8)

#define RING_FRAMES 1024
#define RING_FRAME_BYTES 256
#define RING_OFFSET (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))

#define XSK_FRAMES 2048
#define XSK_CHUNK_BYTES 2048

/* UDP from 198.18.0.1 to .2, checksums left out: nobody looks at them. */
static const unsigned char frame[PEER_BYTES] = {
	0x02, 0, 0,  0,	 0, 0, 0x02, 0,	 0, 0, 0,   1,	0x08, 0, 0x45, 0, 0,	46,   0, 0,
	0,    0, 64, 17, 0, 0, 198,  18, 0, 1, 198, 18, 0,    2, 4,    0, 0x23, 0x28, 0, 26,
};

static int ok(int code)
{
	return code < 0 ? -errno : code;
}

static void *map_or_end(int fd, size_t bytes, off_t offset, const char *what)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, fd, offset);

	check(at == MAP_FAILED ? -errno : 0, what);
	return at;
}

static int open_udp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9000) };
	int fd = ok(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	check(fd, "UDP socket");
	inet_pton(AF_INET, "198.18.0.2", &to.sin_addr);
	check(ok(connect(fd, (void *)&to, sizeof(to))), "connect");
	return fd;
}

void peer_send_udp(uint64_t packets)
{
	static int fd = -1;
	static unsigned char payload[UDP_PAYLOAD];
	struct iovec part = { payload, sizeof(payload) };
	struct mmsghdr messages[UDP_BATCH];

	if (fd < 0)
		fd = open_udp();
	for (size_t i = 0; i < UDP_BATCH; i++)
		messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	while (packets) {
		unsigned batch = packets < UDP_BATCH ? (unsigned)packets : UDP_BATCH;
		int sent = ok(sendmmsg(fd, messages, batch, 0));

		check(sent, "sendmmsg");
		packets -= (uint64_t)sent;
	}
}

static unsigned char *open_ring(int *ret_fd)
{
	const struct tpacket_req request = { .tp_block_size = 4096,
					     .tp_block_nr = RING_FRAMES * RING_FRAME_BYTES / 4096,
					     .tp_frame_size = RING_FRAME_BYTES,
					     .tp_frame_nr = RING_FRAMES };
	const struct sockaddr_ll to = { .sll_family = AF_PACKET,
					.sll_protocol = htons(ETH_P_IP),
					.sll_ifindex = WIRE_OUT };
	int fd = ok(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)), version = TPACKET_V2, yes = 1;

	check(fd, "packet socket");
	check(ok(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version))),
	      "PACKET_VERSION");
	check(ok(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes))),
	      "PACKET_QDISC_BYPASS");
	check(ok(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request))),
	      "PACKET_TX_RING");
	check(ok(bind(fd, (const void *)&to, sizeof(to))), "bind a packet socket");
	*ret_fd = fd;
	return map_or_end(fd, RING_FRAMES * RING_FRAME_BYTES, 0, "map a packet socket's ring");
}

/* Half the ring is filled, and its sending waited for: what one call does is then a batch. */
void peer_send_ring(uint64_t packets)
{
	static unsigned char *ring;
	static int fd;
	static size_t next;

	if (!ring)
		ring = open_ring(&fd);
	while (packets) {
		uint64_t batch = packets < RING_FRAMES / 2 ? packets : RING_FRAMES / 2;

		for (uint64_t i = 0; i < batch; i++) {
			struct tpacket2_hdr *header = (void *)(ring + next * RING_FRAME_BYTES);

			memcpy((char *)header + RING_OFFSET, frame, PEER_BYTES);
			header->tp_len = PEER_BYTES;
			__atomic_store_n(&header->tp_status, TP_STATUS_SEND_REQUEST,
					 __ATOMIC_RELEASE);
			next = (next + 1) % RING_FRAMES;
		}
		check(ok((int)send(fd, NULL, 0, 0)), "send a packet socket's ring");
		packets -= batch;
	}
}

struct ring {
	uint32_t *producer, *consumer;
	void *entries;
};

struct xsk {
	int fd;
	struct ring tx, completed;
	uint32_t produced, reaped;
};

static struct ring map_ring(int fd, const struct xdp_ring_offset *at, size_t entry_bytes,
			    uint64_t offset)
{
	char *start = map_or_end(fd, at->desc + XSK_FRAMES * entry_bytes, (off_t)offset,
				 "map an AF_XDP ring");

	return (struct ring){ (void *)(start + at->producer), (void *)(start + at->consumer),
			      start + at->desc };
}

static void register_frames(int fd)
{
	unsigned char *area = map_or_end(-1, XSK_FRAMES * XSK_CHUNK_BYTES, 0, "AF_XDP memory");
	const struct xdp_umem_reg memory = { .addr = (uint64_t)(uintptr_t)area,
					     .len = XSK_FRAMES * XSK_CHUNK_BYTES,
					     .chunk_size = XSK_CHUNK_BYTES };
	const int names[] = { XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_TX_RING };
	const uint32_t size = XSK_FRAMES;

	check(ok(setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof(memory))), "XDP_UMEM_REG");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check(ok(setsockopt(fd, SOL_XDP, names[i], &size, sizeof(size))), "AF_XDP rings");
	for (size_t i = 0; i < XSK_FRAMES; i++)
		memcpy(area + i * XSK_CHUNK_BYTES, frame, PEER_BYTES);
}

static struct xsk open_xsk(void)
{
	const struct sockaddr_xdp to = { .sxdp_family = AF_XDP,
					 .sxdp_flags = XDP_COPY,
					 .sxdp_ifindex = WIRE_OUT };
	struct xdp_mmap_offsets at;
	struct xsk xsk = { .fd = ok(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)) };

	check(xsk.fd, "AF_XDP socket");
	register_frames(xsk.fd);
	check(ok(getsockopt(xsk.fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &(socklen_t){ sizeof(at) })),
	      "XDP_MMAP_OFFSETS");
	xsk.tx = map_ring(xsk.fd, &at.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
	xsk.completed = map_ring(xsk.fd, &at.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
	check(ok(bind(xsk.fd, (const void *)&to, sizeof(to))), "bind an AF_XDP socket");
	return xsk;
}

/*
 * Every chunk has a place in the ring and is sent from there again once it has come back. What is
 * in it stays, which is less work than the others have: none of the cost is this side's.
 */
static uint32_t fill_xsk(struct xsk *xsk, uint64_t packets)
{
	uint32_t free = XSK_FRAMES - (xsk->produced - xsk->reaped);
	uint32_t batch = packets < free ? (uint32_t)packets : free;

	for (uint32_t i = 0; i < batch; i++) {
		uint32_t at = xsk->produced++ % XSK_FRAMES;

		((struct xdp_desc *)xsk->tx.entries)[at] =
			(struct xdp_desc){ .addr = (uint64_t)at * XSK_CHUNK_BYTES,
					   .len = PEER_BYTES };
	}
	__atomic_store_n(xsk->tx.producer, xsk->produced, __ATOMIC_RELEASE);
	return batch;
}

/* A call sends 32 or so and says EAGAIN while there are more. */
static void kick_xsk(struct xsk *xsk)
{
	int code = ok((int)sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0));

	if (code != -EAGAIN && code != -EBUSY && code != -ENOBUFS)
		check(code, "send from an AF_XDP socket");
	xsk->reaped = __atomic_load_n(xsk->completed.producer, __ATOMIC_ACQUIRE);
	__atomic_store_n(xsk->completed.consumer, xsk->reaped, __ATOMIC_RELEASE);
}

void peer_send_xsk(uint64_t packets)
{
	static struct xsk xsk = { .fd = -1 };

	if (xsk.fd < 0)
		xsk = open_xsk();
	while (packets || xsk.reaped != xsk.produced) {
		packets -= fill_xsk(&xsk, packets);
		kick_xsk(&xsk);
	}
}

static void exec_trafgen(uint64_t packets)
{
	char number[32];
	int null = open("/dev/null", O_RDWR);

	snprintf(number, sizeof(number), "%lu", packets);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	execlp("trafgen", "trafgen", "--dev", "out", "--cpus", "1", "--num", number,
	       "{ eth(da=02:00:00:00:00:00), ipv4(saddr=198.18.0.1, daddr=198.18.0.2), "
	       "udp(sp=1024, dp=9000), fill(0, 18) }",
	       NULL);
	_exit(127);
}

bool peer_send_trafgen(uint64_t packets)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		exec_trafgen(packets);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}
