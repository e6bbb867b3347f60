// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/tcp_flow.h"

#include "harness/splitmix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct tcp_content *tcp_content_new(uint64_t seed)
{
	struct tcp_content *content = malloc(sizeof(*content));

	if (!content)
		return NULL;
	for (size_t i = 0; i < TCP_CONTENT_PERIOD; i++)
		content->bytes[i] = content->bytes[i + TCP_CONTENT_PERIOD] =
			(char)splitmix_next(&seed);
	return content;
}

static uint64_t at_most_a_period(uint64_t bytes)
{
	return bytes < TCP_CONTENT_PERIOD ? bytes : TCP_CONTENT_PERIOD;
}

int64_t tcp_flow_send(struct tcp_flow *flow, const struct tcp_content *content, uint64_t most)
{
	uint64_t sent = 0;

	while (sent < most) {
		ssize_t bytes =
			send(flow->fd, content->bytes + flow->sent_bytes % TCP_CONTENT_PERIOD,
			     at_most_a_period(most - sent), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (bytes < 0)
			return errno == EAGAIN || errno == EINTR ? (int64_t)sent : -errno;
		sent += (uint64_t)bytes;
		flow->sent_bytes += (uint64_t)bytes;
	}
	return (int64_t)sent;
}

int64_t tcp_flow_receive(struct tcp_flow *flow, struct tcp_content *content, uint64_t most)
{
	const char *expected = content->bytes + flow->received_bytes % TCP_CONTENT_PERIOD;
	ssize_t bytes = recv(flow->fd, content->buffer, at_most_a_period(most), MSG_DONTWAIT);

	if (bytes < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	flow->ended = !bytes;
	if (memcmp(content->buffer, expected, (size_t)bytes))
		return -EBADMSG;
	flow->received_bytes += (uint64_t)bytes;
	return bytes;
}
