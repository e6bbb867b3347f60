/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The sending side's loop, the same for every load: send each packet at its intended time, take
 * replies in between, wait for the last ones, keep the report. What a packet is, the load says in
 * three callbacks, with `struct drive` embedded first in its own state.
 *
 * Runs in the driver's process, in the namespace of `from`, for one pass.
 */

#include "loadgen/load.h"
#include "loadgen/pace.h"
#include "loadgen/stamp.h"

struct drive {
	const struct load_pass *pass;
	struct load_report *report;
	bool expects_reply;
	enum stamp_direction reply_direction;
	int wait_fd; /* readable when a reply is there; -1: none expected */

	/* Makes the packet ready, so that only the send itself is left at the intended time. */
	void (*prepare)(struct drive *drive, uint64_t index);
	/* 0 or a negative errno. */
	int (*send)(struct drive *drive, uint64_t index);
	/* Takes what is queued without waiting; whether there was something. */
	bool (*receive)(struct drive *drive);

	/* drive_run()'s own. */
	struct pace pace;
	uint64_t *sent_ns; /* by index; 0: not sent, DRIVE_ANSWERED: reply seen */
	uint64_t last_sent_ns;
	uint64_t outstanding; /* sent, and neither reply nor late reply seen */
	int first_error;
};

int drive_run(struct drive *drive, struct err *err);

/* For receive(): an L4 payload and when it came. Ignored unless it answers this pass. */
void drive_take_reply(struct drive *drive, const void *payload, size_t payload_bytes,
		      uint64_t now_ns);
/* Likewise, where a reply bears no stamp and shows by other means which packet it answers. */
void drive_take_answer(struct drive *drive, uint64_t index, uint64_t now_ns);
/* Whether it was sent, and no reply seen, in time or late. */
bool drive_is_outstanding(const struct drive *drive, uint64_t index);

/* The sequence of the packet with that index, as in its stamp. */
static inline uint32_t drive_sequence(const struct drive *drive, uint64_t index)
{
	return drive->pass->first_sequence + (uint32_t)index;
}

/* Returns the length; the wildcard of `family` if the address is AF_UNSPEC. */
socklen_t drive_sockaddr(const struct address *address, sa_family_t family, uint16_t port,
			 struct sockaddr_storage *ret);

/* A socket buffer that overflows would be the generator's loss, not the datapath's. */
void drive_enlarge_buffer(int fd);
