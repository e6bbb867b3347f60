// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/rtnl.h"

#include "harness/cleanup.h"
#include "topologies/rtnl_message.h"

#include <errno.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/socket.h>
#include <stdarg.h>
#include <string.h>

#define ANSWER_BYTES 16384

/* libnl's codes map many errnos to one; we hand it none of ours, so these are its own faults. */
static int errno_of(int nle)
{
	switch (nle < 0 ? -nle : nle) {
	case NLE_SUCCESS:
		return 0;
	case NLE_INTR:
		return -EINTR;
	case NLE_BAD_SOCK:
		return -EBADF;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_MSGSIZE:
	case NLE_MSG_OVERFLOW:
	case NLE_MSG_TRUNC:
		return -EMSGSIZE;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_AF_NOSUPPORT:
		return -EAFNOSUPPORT;
	case NLE_OBJ_NOTFOUND:
	case NLE_NODEV:
		return -ENODEV;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_PROTO_MISMATCH:
		return -EPROTONOSUPPORT;
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOADDR:
		return -EADDRNOTAVAIL;
	case NLE_INVAL:
	case NLE_RANGE:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static void set_option(struct nl_sock *socket, int option)
{
	int on = 1;

	/* Both only make answers shorter or wordier. */
	(void)setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, option, &on, sizeof(on));
}

int rtnl_open(struct rtnl **ret, struct err *err)
{
	_free_ struct rtnl *rtnl = malloc(sizeof(*rtnl));
	int code;

	if (!rtnl)
		return err_errno(err, -ENOMEM, "netlink");
	rtnl->count = rtnl->bytes = 0;
	rtnl->sequence = 1;
	rtnl->link.message = NULL;
	rtnl->socket = nl_socket_alloc();
	if (!rtnl->socket)
		return err_errno(err, -ENOMEM, "netlink");
	code = errno_of(nl_connect(rtnl->socket, NETLINK_ROUTE));
	if (code < 0) {
		nl_socket_free(rtnl->socket);
		return err_errno(err, code, "open a netlink socket");
	}
	nl_socket_disable_msg_peek(rtnl->socket);
	nl_socket_set_msg_buf_size(rtnl->socket, ANSWER_BYTES);
	/* The kernel has answered when a request is sent: there is nothing to wait for. */
	nl_socket_set_nonblocking(rtnl->socket);
	set_option(rtnl->socket, NETLINK_EXT_ACK);
	set_option(rtnl->socket, NETLINK_CAP_ACK);
	*ret = steal_ptr(rtnl);
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	if (rtnl->link.message)
		nlmsg_free(rtnl->link.message);
	nl_socket_free(rtnl->socket);
	free(rtnl);
}

struct nl_msg *rtnl_message(int type, int flags, const void *header, size_t bytes)
{
	struct nl_msg *message = nlmsg_alloc_size(2048);

	if (!message || !nlmsg_put(message, 0, 0, type, 0, NLM_F_REQUEST | flags) ||
	    nlmsg_append(message, (void *)header, bytes, NLMSG_ALIGNTO) < 0)
		abort();
	return message;
}

void rtnl_message_put(struct nl_msg *message, int attribute, const void *value, size_t bytes)
{
	if (nla_put(message, attribute, (int)bytes, value) < 0)
		abort();
}

struct nlattr *rtnl_message_nest(struct nl_msg *message, int attribute)
{
	struct nlattr *nest = nla_nest_start(message, attribute);

	if (!nest)
		abort();
	return nest;
}

struct rtnl_request rtnl_about(const char *format, ...)
{
	struct rtnl_request about = { .need = NULL };
	va_list args;

	va_start(args, format);
	vsnprintf(about.what, sizeof(about.what), format, args);
	va_end(args);
	return about;
}

int rtnl_queue(struct rtnl *rtnl, struct nl_msg *message, const struct rtnl_request *about,
	       struct err *err)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	size_t bytes = NLMSG_ALIGN(header->nlmsg_len);
	int code = 0;

	if (rtnl->count == RTNL_BATCH_REQUESTS || rtnl->bytes + bytes > RTNL_BATCH_BYTES)
		code = rtnl_flush(rtnl, err);
	if (code == 0) {
		header->nlmsg_seq = rtnl->sequence + (uint32_t)rtnl->count;
		memcpy(rtnl->batch + rtnl->bytes, header, header->nlmsg_len);
		rtnl->requests[rtnl->count++] = *about;
		rtnl->bytes += bytes;
	}
	nlmsg_free(message);
	return code;
}

/* The kernel's own words on an error, "" if it said none. */
static const char *extended_words(const struct nlmsghdr *answer, const struct nlmsgerr *fault)
{
	size_t skip = sizeof(*fault);
	const struct nlattr *words;

	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(answer->nlmsg_flags & NLM_F_CAPPED))
		skip += fault->msg.nlmsg_len - sizeof(fault->msg);
	words = nlmsg_find_attr((struct nlmsghdr *)answer, (int)skip, NLMSGERR_ATTR_MSG);
	return words ? nla_data(words) : "";
}

static int report(const struct rtnl *rtnl, const struct nlmsghdr *answer,
		  const struct nlmsgerr *fault, struct err *err)
{
	size_t index = answer->nlmsg_seq - rtnl->sequence;
	const struct rtnl_request *about = &rtnl->requests[index];
	const char *words = extended_words(answer, fault);

	if (index >= rtnl->count)
		return err_errno(err, fault->error, "netlink");
	if (fault->error == about->harmless)
		return 0;
	/* The same errno also comes from a kind that is there and lacks an option. */
	if (about->need && fault->error == -EOPNOTSUPP && strcmp(words, "Unknown device type") == 0)
		return err_need(err, "%s: this kernel has no %s devices: %s", about->what,
				about->need, strerror(EOPNOTSUPP));
	if (*words)
		return err_set(err, fault->error, "%s: %s (%s)", about->what,
			       strerror(-fault->error), words);
	return err_errno(err, fault->error, "%s", about->what);
}

/* Only the last request asks for an answer, others give one when they fail: the first counts. */
static int read_answers(struct rtnl *rtnl, struct err *err)
{
	uint32_t last = rtnl->sequence + (uint32_t)rtnl->count - 1;
	int code = 0;

	for (;;) {
		_free_ unsigned char *bytes = NULL;
		struct sockaddr_nl from;
		struct nlmsghdr *answer;
		int left = nl_recv(rtnl->socket, &from, &bytes, NULL);

		/* Too little memory: so many failed that not all answers fit; the first of them do.
		 */
		if (left == 0 || left == -NLE_INTR || left == -NLE_NOMEM)
			continue;
		if (left < 0)
			return code ? code : err_errno(err, errno_of(left), "read from netlink");
		for (answer = (void *)bytes; nlmsg_ok(answer, left);
		     answer = nlmsg_next(answer, &left)) {
			const struct nlmsgerr *fault = nlmsg_data(answer);

			if (answer->nlmsg_type != NLMSG_ERROR)
				continue;
			if (fault->error && !code)
				code = report(rtnl, answer, fault, err);
			if (answer->nlmsg_seq == last)
				return code;
		}
	}
}

int rtnl_flush(struct rtnl *rtnl, struct err *err)
{
	struct nlmsghdr *message = (void *)rtnl->batch;
	size_t at = 0;
	int code;

	if (rtnl->count == 0)
		return 0;
	while (at + NLMSG_ALIGN(message->nlmsg_len) < rtnl->bytes) {
		at += NLMSG_ALIGN(message->nlmsg_len);
		message = (void *)(rtnl->batch + at);
	}
	message->nlmsg_flags |= NLM_F_ACK;
	code = nl_sendto(rtnl->socket, rtnl->batch, rtnl->bytes);
	if (code < 0)
		code = err_errno(err, errno_of(code), "write to netlink");
	else
		code = read_answers(rtnl, err);
	rtnl->sequence += (uint32_t)rtnl->count;
	rtnl->count = rtnl->bytes = 0;
	return code;
}

int rtnl_ask(struct rtnl *rtnl, struct nl_msg *message,
	     int (*parse)(const struct nlmsghdr *answer, void *context), void *context)
{
	_free_ unsigned char *bytes = NULL;
	struct nlmsghdr *answer;
	struct sockaddr_nl from;
	int code;

	nlmsg_hdr(message)->nlmsg_seq = rtnl->sequence++;
	code = nl_sendto(rtnl->socket, nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len);
	nlmsg_free(message);
	if (code < 0)
		return errno_of(code);
	do
		code = nl_recv(rtnl->socket, &from, &bytes, NULL);
	while (code == -NLE_INTR);
	if (code <= 0)
		return code ? errno_of(code) : -EIO;
	answer = (void *)bytes;
	if (!nlmsg_ok(answer, code))
		return -EIO;
	if (answer->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)nlmsg_data(answer))->error;
	return parse(answer, context);
}
