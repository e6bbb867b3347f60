// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/sync_stream.h"

#include "harness/cleanup.h"
#include "topologies/netns.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* A step of some minutes, at the default interval. After that nothing is sent any more. */
#define PACKETS_MAX 1000000
#define PATIENCE_NS 1000000000ull
/* A new identifier each, then a new sequence number. */
#define IDENTIFIERS 65536

struct sync_stream {
	pthread_t thread;
	int fd;
	struct sockaddr_in to;
	uint64_t start_ns, interval_ns;
	_Atomic bool stop;
	_Atomic uint64_t sent;
	_Atomic uint64_t received_ns[PACKETS_MAX]; /* 0: not yet */
};

uint64_t sync_stream_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t due_ns(const struct sync_stream *stream, uint64_t index)
{
	return stream->start_ns + index * stream->interval_ns;
}

static uint16_t checksum(const struct icmphdr *header)
{
	uint16_t words[sizeof(*header) / 2];
	uint32_t sum = 0;

	memcpy(words, header, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* What could not be sent is as lost as what was not answered. */
static void send_one(struct sync_stream *stream, uint64_t index)
{
	struct icmphdr header = { .type = ICMP_ECHO };

	header.un.echo.id = htons((uint16_t)(index % IDENTIFIERS));
	header.un.echo.sequence = htons((uint16_t)(index / IDENTIFIERS));
	header.checksum = checksum(&header);
	sendto(stream->fd, &header, sizeof(header), MSG_DONTWAIT, (const void *)&stream->to,
	       sizeof(stream->to));
}

static void receive_all(struct sync_stream *stream)
{
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
	} reply;

	while (recv(stream->fd, &reply, sizeof(reply), MSG_DONTWAIT) == sizeof(reply)) {
		uint64_t index = ntohs(reply.icmp.un.echo.id) +
				 (uint64_t)ntohs(reply.icmp.un.echo.sequence) * IDENTIFIERS;

		if (reply.icmp.type == ICMP_ECHOREPLY && index < stream->sent &&
		    !stream->received_ns[index])
			stream->received_ns[index] = sync_stream_now_ns();
	}
}

static void *run(void *context)
{
	struct sync_stream *stream = context;

	while (!stream->stop) {
		uint64_t now_ns = sync_stream_now_ns(), next = stream->sent;
		uint64_t next_ns = next < PACKETS_MAX ? due_ns(stream, next) : now_ns + 1000000;

		if (next < PACKETS_MAX && next_ns <= now_ns) {
			stream->sent = next + 1;
			send_one(stream, next);
		} else {
			const struct timespec wait = { .tv_nsec = (long)(next_ns - now_ns) };

			ppoll(&(struct pollfd){ stream->fd, POLLIN, 0 }, 1, &wait, NULL);
		}
		receive_all(stream);
	}
	return NULL;
}

/* Above whatever else wants the CPU: a packet that is late because its sender had to wait for the
 * tool would say nothing of the path. */
static int start_thread(struct sync_stream *stream)
{
	const struct sched_param priority = { .sched_priority = 50 };
	pthread_attr_t attributes;
	int code;

	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &priority);
	code = pthread_create(&stream->thread, &attributes, run, stream);
	pthread_attr_destroy(&attributes);
	return -code;
}

static int open_socket(int netns_fd, struct err *err)
{
	_netns_home_ int home = netns_current();
	int fd, code = netns_enter(netns_fd, err);

	if (code)
		return code;
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	return fd < 0 ? err_errno(err, -errno, "raw socket") : fd;
}

int sync_stream_start(struct sync_stream **ret, int netns_fd, const struct address *to,
		      uint64_t interval_us, struct err *err)
{
	struct sync_stream *stream = calloc(1, sizeof(*stream));
	int code;

	if (!stream)
		return err_set(err, -ENOMEM, "out of memory");
	stream->fd = open_socket(netns_fd, err);
	if (stream->fd < 0) {
		code = stream->fd;
		free(stream);
		return code;
	}
	stream->to.sin_family = AF_INET;
	memcpy(&stream->to.sin_addr, to->bytes, sizeof(stream->to.sin_addr));
	stream->interval_ns = interval_us * 1000;
	stream->start_ns = sync_stream_now_ns();
	code = start_thread(stream);
	if (code) {
		close(stream->fd);
		free(stream);
		return err_errno(err, code, "start a thread of real-time priority");
	}
	*ret = stream;
	return 0;
}

static uint64_t count_until(const struct sync_stream *stream, uint64_t time_ns)
{
	uint64_t index = time_ns <= stream->start_ns
				 ? 0
				 : (time_ns - stream->start_ns) / stream->interval_ns + 1;

	return index < PACKETS_MAX ? index : PACKETS_MAX;
}

static void await(struct sync_stream *stream, uint64_t from, uint64_t to)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t deadline_ns = sync_stream_now_ns() + PATIENCE_NS;

	for (uint64_t i = from; i < to; i++)
		while (!stream->received_ns[i] && sync_stream_now_ns() < deadline_ns)
			nanosleep(&nap, NULL);
}

struct sync_stall sync_stream_stall(struct sync_stream *stream, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t from = count_until(stream, from_ns), to = count_until(stream, to_ns);
	struct sync_stall stall = { 0 };

	await(stream, from, to);
	for (uint64_t i = from; i < to; i++) {
		uint64_t received_ns = stream->received_ns[i], took_ns;

		if (!received_ns) {
			stall.lost++;
			continue;
		}
		took_ns = received_ns - due_ns(stream, i);
		stall.answered++;
		stall.longest_ns = took_ns > stall.longest_ns ? took_ns : stall.longest_ns;
	}
	return stall;
}

void sync_stream_stop(struct sync_stream *stream)
{
	if (!stream)
		return;
	stream->stop = true;
	pthread_join(stream->thread, NULL);
	close(stream->fd);
	free(stream);
}
