// SPDX-License-Identifier: GPL-2.0-only
/* Checked bytes through a pair of sockets that stand for a connection. */
#include "loadgen/tcp_flow.h"
#include "tests/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	struct tcp_flow a, b;
	struct tcp_content *content;
};

static struct pair pair_open(void)
{
	struct pair pair = { .content = tcp_content_new(7) };
	int fds[2];

	assert_non_null(pair.content);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pair.a.fd = fds[0];
	pair.b.fd = fds[1];
	return pair;
}

static void pair_close(struct pair *pair)
{
	close(pair->a.fd);
	close(pair->b.fd);
	free(pair->content);
}

/* Both ways, in pieces of every size, several periods of the content long. */
static void test_all_arrives(void **state)
{
	struct pair pair = pair_open();
	uint64_t left = 5 * TCP_CONTENT_PERIOD + 17, got = 0;

	(void)state;
	for (uint64_t piece = 1; left; piece = piece * 3 + 1) {
		int64_t sent = tcp_flow_send(&pair.a, pair.content, piece < left ? piece : left);

		assert_true(sent >= 0);
		left -= (uint64_t)sent;
		for (int64_t bytes = 1; bytes > 0; got += (uint64_t)bytes) {
			bytes = tcp_flow_receive(&pair.b, pair.content, piece);
			assert_true(bytes >= 0);
		}
	}
	assert_int_equal(got, 5 * TCP_CONTENT_PERIOD + 17);
	assert_int_equal(pair.a.sent_bytes, got);
	assert_int_equal(pair.b.received_bytes, got);
	assert_int_equal(tcp_flow_send(&pair.b, pair.content, 100), 100);
	assert_int_equal(tcp_flow_receive(&pair.a, pair.content, 60), 60);
	assert_int_equal(tcp_flow_receive(&pair.a, pair.content, 60), 40);
	assert_int_equal(tcp_flow_receive(&pair.a, pair.content, 60), 0);
	assert_false(pair.a.ended);
	pair_close(&pair);
}

/* Nobody reads: it takes what there is room for and does not wait. */
static void test_a_full_socket(void **state)
{
	struct pair pair = pair_open();
	int64_t sent = tcp_flow_send(&pair.a, pair.content, 1u << 30);

	(void)state;
	assert_true(sent > 0 && sent < 1 << 30);
	assert_int_equal(tcp_flow_send(&pair.a, pair.content, 1), 0);
	assert_int_equal(pair.a.sent_bytes, sent);
	pair_close(&pair);
}

/* What a whole segment less or twice would be, and one bit. */
static void test_wrong_bytes(void **state)
{
	static const uint64_t leaps[] = { 1, 16, 1448, 4096, 65536 };

	(void)state;
	for (size_t i = 0; i < sizeof(leaps) / sizeof(leaps[0]); i++) {
		struct pair pair = pair_open();

		pair.a.sent_bytes = leaps[i];
		assert_int_equal(tcp_flow_send(&pair.a, pair.content, 100), 100);
		assert_int_equal(tcp_flow_receive(&pair.b, pair.content, 100), -EBADMSG);
		pair_close(&pair);
	}
	for (int bit = 0; bit < 8; bit++) {
		struct pair pair = pair_open();
		char bytes[100];

		memcpy(bytes, pair.content->bytes, sizeof(bytes));
		bytes[bit * 12] ^= (char)(1 << bit);
		assert_int_equal(send(pair.a.fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		assert_int_equal(tcp_flow_receive(&pair.b, pair.content, 100), -EBADMSG);
		assert_int_equal(pair.b.received_bytes, 0);
		pair_close(&pair);
	}
}

static void test_the_end(void **state)
{
	struct pair pair = pair_open();

	(void)state;
	assert_int_equal(tcp_flow_send(&pair.a, pair.content, 10), 10);
	assert_int_equal(shutdown(pair.a.fd, SHUT_WR), 0);
	assert_int_equal(tcp_flow_receive(&pair.b, pair.content, 100), 10);
	assert_false(pair.b.ended);
	assert_int_equal(tcp_flow_receive(&pair.b, pair.content, 100), 0);
	assert_true(pair.b.ended);
	close(pair.b.fd);
	pair.b.fd = dup(pair.a.fd);
	assert_int_equal(tcp_flow_send(&pair.a, pair.content, 10), -EPIPE);
	pair_close(&pair);
}

static void test_seeds_differ(void **state)
{
	struct tcp_content *a = tcp_content_new(1), *b = tcp_content_new(1),
			   *c = tcp_content_new(2);

	(void)state;
	assert_memory_equal(a->bytes, b->bytes, sizeof(a->bytes));
	assert_memory_not_equal(a->bytes, c->bytes, 64);
	free(a);
	free(b);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_arrives),  cmocka_unit_test(test_a_full_socket),
		cmocka_unit_test(test_wrong_bytes),  cmocka_unit_test(test_the_end),
		cmocka_unit_test(test_seeds_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
