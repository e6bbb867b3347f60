/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A load: traffic from one node to another on a schedule of *intended* send times, so that a late
 * send is seen as such (lateness = actual - intended) and does not hide behind its own delay.
 *
 * Each load runs in child processes, one in the namespace of `from` (drive), and where the kernel
 * does not answer by itself one in that of `to` (serve). They report through shared memory; their
 * end, by exit or signal, is seen through a pidfd. Times are CLOCK_MONOTONIC nanoseconds.
 */

#include "harness/cpus.h"
#include "harness/err.h"
#include "harness/field.h"
#include "loadgen/load_spent.h"
#include "loadgen/spread.h"

#include <stdatomic.h>
#include <stdbool.h>

struct lab;
struct topology;

/* Where a load's packets end. */
enum load_sink {
	LOAD_SINK_AUTO, /* in a file only: the kind's own receiver, or xdp_drop if it has none */
	LOAD_SINK_SOCKET, /* the kind's own receiver, or whoever answers */
	LOAD_SINK_XDP_DROP, /* see sink.h */
	LOAD_SINK_STAMPED,
};

/* How a packet of a load that was dropped is known to be one. */
enum load_marking {
	LOAD_STAMPED,
	/* Its packets are not linear, or have another's mark: every one in the lab without a stamp
	 * is taken for its own. */
	LOAD_UNSTAMPED,
	LOAD_STREAM, /* what it counts are not packets: drops are not its loss */
};

/* The fields every load has, whatever its kind. */
struct load_common {
	const char *from, *to; /* nodes */
	struct address address; /* destination; AF_UNSPEC: the first of `to`'s in `family` */
	int family; /* 0: ipv4, 1: ipv6 */
	int sink; /* enum load_sink */
	struct rate rate; /* in place of interval_us, if given */
	uint64_t interval_us; /* between intended sends; 0: each when the last is answered */
	uint64_t timeout_ms; /* how long after its send a reply still counts */
};
extern const struct field load_common_fields[];

/* In memory shared by driver, server and harness. Arrays have `count` places, by sequence. */
struct load_report {
	uint64_t count; /* 0: of a bulk load */
	_Atomic uint64_t sent, received, duplicates, late_replies, send_errors;
	_Atomic uint64_t served; /* requests that reached a server */
	_Atomic bool stop; /* see load_is_stopped() */
	char error[256]; /* why a child gave up; empty if it did not */
	_Atomic uint64_t served_bytes; /* of a stream */
	uint64_t started_ns, ended_ns; /* of the sending alone; of a stream till all is delivered */
	uint64_t driver_cpu_ns, server_cpu_ns; /* user and system, softirq in their time too */
	struct load_spent driver, server; /* until their end: what they began with */
	bool served_by_us; /* there was a server */
	struct spread lateness_ns; /* of every packet, whatever the kind keeps of each */
	struct spread connect_ns; /* of connections that are opened when a request is due */
	struct spread one_way_ns; /* kernel's receipt minus intended send; empty if not asked for */
	/* Of a load of new flows only: packets whose flow the kernel may have known already, and
	 * flows that its conntrack gave up or refused. */
	uint64_t known_flows, lost_flows;
	int64_t realtime_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC, where one_way_ns is */
	/* Then, unless the load is bulk, two arrays: see load_lateness_ns(). */
	uint64_t values[];
};

/* For drivers, between two sends: whether to send no more. A signal ends a sleep meanwhile. */
static inline bool load_is_stopped(const struct load_report *report)
{
	return atomic_load_explicit(&report->stop, memory_order_relaxed);
}

/* Actual minus intended send time; UINT64_MAX: never sent. */
uint64_t *load_lateness_ns(struct load_report *report);
/* From just before the send to the reply's receipt; UINT64_MAX: no reply (one-way: all). */
uint64_t *load_round_trip_ns(struct load_report *report);

/* One pass: warm-up, a readiness check, or a batch. */
struct load_pass {
	const struct load_common *common;
	const void *params; /* of the kind */
	const struct lab *lab; /* for drive(): load_start() fills it in */
	struct address source, destination; /* resolved, prefix_length full */
	enum load_sink sink;
	uint64_t magic; /* see struct stamp */
	uint64_t count; /* packets or requests; at most, if there is a duration */
	uint64_t interval_ps; /* between intended sends; 0: flat out, or at the reply's heels */
	uint64_t duration_ns; /* 0: until `count` are sent */
	uint64_t seed; /* of what varies from packet to packet */
	uint32_t first_sequence; /* STAMP_WARMUP for passes that are not measured */
	uint64_t start_ns; /* intended time of the first send; 0: now */
	const struct cpus *cpus; /* NULL: wherever the kernel runs them */
};

struct load_ops {
	struct kind kind;
	bool of_pktgen; /* its packets bear pktgen's header in place of our stamp */
	bool bare_replies; /* they bear no stamp: no probe can follow them */
	bool of_new_flows; /* each packet is the first of its flow: see known_flows */
	/*
	 * Whether with these params there may be too many packets to keep the times of each: the
	 * report then has spreads and counts only. NULL: never. Such a load is one-way.
	 */
	bool (*is_bulk)(const struct load_common *common, const void *params);
	/* Whether with these params each request has a reply. NULL: always. */
	bool (*expects_reply)(const void *params);
	/* For the doctor, in a namespace of its own: tries what it needs of the kernel beyond
	 * sockets. NULL: nothing. */
	int (*available)(struct err *err);
	/* NULL: LOAD_STAMPED. */
	enum load_marking (*marking)(const void *params);
	/* How many flows its packets are of; NULL: one. */
	uint64_t (*flow_count)(const void *params);
	/*
	 * Whether a request may have to wait for its turn: then the time from when it was due to
	 * its reply is a series too.
	 */
	bool queues;
	/* How many CPUs it sends from, if it binds its threads to those that pass->cpus says. NULL:
	 * it has one, which drive() is called on. */
	uint64_t (*thread_count)(const void *params);
	/* From the IP header on, for the check against the path's MTU and rates in bits. */
	uint64_t (*packet_bytes)(const struct load_common *common, const void *params);
	/* What a rate in bits is of, if not of frames. */
	uint64_t (*rate_bytes)(const struct load_common *common, const void *params);
	/* Checks what the tables cannot; faults as a message, NULL if fine. */
	const char *(*check)(const struct load_common *common, const void *params);
	/*
	 * What the files alone show of what preflight() would refuse. The pass has its addresses
	 * and its sink, and no more. NULL: nothing.
	 */
	int (*suits)(const struct load_pass *pass, const struct topology *topology,
		     struct err *err);
	/*
	 * Before anything is forked or sent, at home: whether what the lab has will do for this
	 * pass. A fault says the node:device and what to set. NULL: it will always.
	 */
	int (*preflight)(const struct load_pass *pass, const struct lab *lab, struct err *err);
	/*
	 * In the `to` namespace, before the fork, so that nothing is sent too early: makes the
	 * sockets. NULL, or -1 with no error set: needs no server. Then serve() runs in a child
	 * until it is killed. Not called where the pass has a sink other than a socket.
	 */
	int (*listen)(const struct load_pass *pass, struct err *err);
	int (*serve)(int listener, const struct load_pass *pass, struct load_report *report);
	/* In the `from` namespace, in a child: sends `count` and waits for the replies. */
	int (*drive)(const struct load_pass *pass, struct load_report *report, struct err *err);
};

bool load_expects_reply(const struct load_ops *ops, const void *params);
/* What AUTO means for this load; a message, NULL if fine, where it cannot have that sink. */
const char *load_choose_sink(const struct load_ops *ops, const struct load_common *common,
			     const void *params, enum load_sink *ret);
/* Whether a process of its own receives. */
bool load_has_receiver(const struct load_ops *ops, enum load_sink sink);
/* Of the processes; CPU_ANY of a driver that places its threads itself. */
uint64_t load_driver_cpu(const struct load_ops *ops, const struct load_pass *pass);
uint64_t load_receiver_cpu(const struct load_pass *pass);
/* Of those that it binds its threads to, which follow each other: 0 unless asked for. */
uint64_t load_first_cpu(const struct load_pass *pass);
uint64_t load_thread_count(const struct load_ops *ops, const void *params);
bool load_is_bulk(const struct load_ops *ops, const struct load_common *common, const void *params);
/* By rate or interval_us; rates in bits are of frames without FCS, or see rate_bytes. */
uint64_t load_interval_ps(const struct load_ops *ops, const struct load_common *common,
			  const void *params);

extern const struct kind *const load_kinds[]; /* NULL-terminated; each heads a struct load_ops */

/*
 * A running pass. load_start() forks; load_fd() becomes readable when the driver has ended;
 * load_finish() reaps both children and hands over the report (owned by the load until
 * load_free()). load_free() kills what still runs: fine at any time, NULL too.
 */
struct load;
int load_start(struct load **ret, const struct load_ops *ops, const struct load_pass *pass,
	       const struct lab *lab, struct err *err);
int load_fd(const struct load *load);
/* As far as it is, while it runs: all of it still moves, and the arrays may have gaps. */
struct load_report *load_peek(struct load *load);
/* Ends the sending before its time: load_finish() then hands over what was done until now. */
void load_stop(struct load *load);
int load_finish(struct load *load, struct load_report **ret, struct err *err);
void load_free(struct load *load);
