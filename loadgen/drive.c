// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/drive.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#define DRIVE_ANSWERED UINT64_MAX
#define DRIVE_BUFFER_BYTES (8 << 20)

/* What drive_wait() waits for besides the time; else the index of one packet. */
#define AWAIT_NOTHING UINT64_MAX
#define AWAIT_ALL (UINT64_MAX - 1)

static uint64_t timeout_ns(const struct drive *drive)
{
	return drive->pass->common->timeout_ms * 1000000;
}

void drive_take_answer(struct drive *drive, uint64_t index, uint64_t now_ns)
{
	struct load_report *report = drive->report;
	uint64_t sent_ns;

	if (index >= drive->pass->count || !drive->sent_ns[index])
		return;
	sent_ns = drive->sent_ns[index];
	if (sent_ns == DRIVE_ANSWERED) {
		atomic_fetch_add_explicit(&report->duplicates, 1, memory_order_relaxed);
		return;
	}
	drive->sent_ns[index] = DRIVE_ANSWERED;
	drive->outstanding--;
	if (now_ns - sent_ns > timeout_ns(drive)) {
		atomic_fetch_add_explicit(&report->late_replies, 1, memory_order_relaxed);
		return;
	}
	load_round_trip_ns(report)[index] = now_ns - sent_ns;
	atomic_fetch_add_explicit(&report->received, 1, memory_order_relaxed);
}

void drive_take_reply(struct drive *drive, const void *payload, size_t payload_bytes,
		      uint64_t now_ns)
{
	struct stamp stamp;

	if (stamp_find(payload, payload_bytes, drive->pass->magic, &stamp) &&
	    stamp.direction == drive->reply_direction)
		drive_take_answer(drive, stamp.sequence - drive->pass->first_sequence, now_ns);
}

bool drive_is_outstanding(const struct drive *drive, uint64_t index)
{
	return drive->sent_ns[index] && drive->sent_ns[index] != DRIVE_ANSWERED;
}

/* Who stops sending still waits for the replies to what was sent. */
static bool is_satisfied(const struct drive *drive, uint64_t awaited)
{
	if (awaited == AWAIT_ALL)
		return !drive->outstanding;
	if (load_is_stopped(drive->report))
		return true;
	if (awaited == AWAIT_NOTHING)
		return false;
	return drive->sent_ns[awaited] == DRIVE_ANSWERED;
}

static bool sleep_until_readable(const struct drive *drive, uint64_t sleep_ns)
{
	struct pollfd pollfd = { .fd = drive->wait_fd, .events = POLLIN };
	struct timespec timeout = { .tv_sec = (time_t)(sleep_ns / 1000000000),
				    .tv_nsec = (long)(sleep_ns % 1000000000) };

	return ppoll(&pollfd, 1, &timeout, NULL) > 0;
}

/*
 * Waits until time_ns, or less if what is awaited comes, taking replies all the while; sleeps at
 * most until wake_ns. The socket is read before sleeping, since on veth the reply is often there
 * when the send returns and a ppoll() in between would count as round trip; and it is read while
 * spinning, since a reply left lying until the next send would look up to PACE_SPIN_NS slower than
 * it was. That costs the send one fruitless recv(), some 0.2 us of lateness, and only while
 * something is outstanding.
 */
static uint64_t drive_wait(struct drive *drive, uint64_t time_ns, uint64_t wake_ns,
			   uint64_t awaited)
{
	uint64_t now_ns;

	while ((now_ns = pace_now_ns()) < time_ns && !is_satisfied(drive, awaited)) {
		if (drive->outstanding && drive->receive(drive))
			continue;
		if (now_ns < wake_ns) {
			if (sleep_until_readable(drive, wake_ns - now_ns))
				drive->receive(drive);
		} else if (!drive->outstanding) {
			return pace_spin_until(time_ns);
		}
	}
	return now_ns;
}

/*
 * now_ns was read just before, so the round trip begins with the system call. A failed send is
 * counted and passed over: sending again would break the schedule.
 */
static void drive_send(struct drive *drive, uint64_t index, uint64_t intended_ns, uint64_t now_ns)
{
	int error = drive->send(drive, index);

	if (error) {
		if (!drive->first_error)
			drive->first_error = error;
		atomic_fetch_add_explicit(&drive->report->send_errors, 1, memory_order_relaxed);
		return;
	}
	drive->sent_ns[index] = now_ns;
	drive->last_sent_ns = now_ns;
	load_lateness_ns(drive->report)[index] = now_ns - intended_ns;
	spread_add(&drive->report->lateness_ns, now_ns - intended_ns);
	atomic_fetch_add_explicit(&drive->report->sent, 1, memory_order_relaxed);
	if (drive->expects_reply) {
		drive->outstanding++;
		drive->receive(drive);
	}
}

/* Open loop: the schedule stands, however late a send was and whether or not replies come. */
static void drive_scheduled(struct drive *drive)
{
	const struct pace *pace = &drive->pace;
	uint64_t intended_ns, now_ns;

	for (uint64_t index = 0; index < drive->pass->count; index++) {
		drive->prepare(drive, index);
		intended_ns = pace_intended_ns(pace, index);
		now_ns = drive_wait(drive, intended_ns, pace_wake_ns(pace, index), AWAIT_NOTHING);
		if (load_is_stopped(drive->report))
			return;
		drive_send(drive, index, intended_ns, now_ns);
	}
}

/*
 * Closed loop: a send is due when the one before is answered or given up, so lateness is only the
 * time from there to the system call.
 */
static void drive_unscheduled(struct drive *drive)
{
	uint64_t due_ns, now_ns, deadline_ns;

	drive_wait(drive, drive->pace.start_ns, pace_wake_ns(&drive->pace, 0), AWAIT_NOTHING);
	for (uint64_t index = 0; index < drive->pass->count && !load_is_stopped(drive->report);
	     index++) {
		due_ns = pace_now_ns();
		drive->prepare(drive, index);
		now_ns = pace_now_ns();
		drive_send(drive, index, due_ns, now_ns);
		deadline_ns = now_ns + timeout_ns(drive);
		if (drive->expects_reply && drive->sent_ns[index])
			drive_wait(drive, deadline_ns, deadline_ns, index);
	}
}

/*
 * Counted from the actual last send: a late one gets its full time too. What is queued then is
 * taken as well, so that duplicates and late replies that are in are counted.
 */
static void drive_wait_last(struct drive *drive)
{
	uint64_t deadline_ns = drive->last_sent_ns + timeout_ns(drive);

	if (!drive->expects_reply)
		return;
	drive_wait(drive, deadline_ns, deadline_ns, AWAIT_ALL);
	while (drive->receive(drive))
		;
}

int drive_run(struct drive *drive, struct err *err)
{
	const struct load_pass *pass = drive->pass;
	size_t bytes = (pass->count + 1) * sizeof(*drive->sent_ns);

	/* Populated, so that no page fault comes between a send and its reply. */
	drive->sent_ns = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (drive->sent_ns == MAP_FAILED)
		return err_errno(err, -errno, "memory for %zu bytes of send times", bytes);
	drive->pace.interval_ps = pass->interval_ps;
	drive->pace.start_ns = pass->start_ns ? pass->start_ns : pace_now_ns();
	drive->report->started_ns = drive->pace.start_ns;
	if (drive->pace.interval_ps)
		drive_scheduled(drive);
	else
		drive_unscheduled(drive);
	drive->report->ended_ns = pace_now_ns();
	drive_wait_last(drive);
	munmap(drive->sent_ns, bytes);
	if (drive->first_error && !atomic_load(&drive->report->sent))
		return err_errno(err, drive->first_error, "nothing could be sent");
	return 0;
}

socklen_t drive_sockaddr(const struct address *address, sa_family_t family, uint16_t port,
			 struct sockaddr_storage *ret)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(port) };

	*ret = (struct sockaddr_storage){ 0 };
	if (family == AF_INET6) {
		if (address->family == family)
			memcpy(&ipv6.sin6_addr, address->bytes, sizeof(ipv6.sin6_addr));
		memcpy(ret, &ipv6, sizeof(ipv6));
		return sizeof(ipv6);
	}
	if (address->family == family)
		memcpy(&ipv4.sin_addr, address->bytes, sizeof(ipv4.sin_addr));
	memcpy(ret, &ipv4, sizeof(ipv4));
	return sizeof(ipv4);
}

void drive_enlarge_buffer(int fd)
{
	int bytes = DRIVE_BUFFER_BYTES;

	/* Without the capability the system's own maximum has to do. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}
