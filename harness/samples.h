/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Every value measured, raw, in the order it came, with the counters beside it. Append only.
 * A series is a name with a direction and a unit; its index is given out on first use.
 */

#include <stddef.h>
#include <stdint.h>

enum direction { DIRECTION_REQUEST, DIRECTION_REPLY, DIRECTION_BOTH, DIRECTION_COUNT };
extern const char *const direction_names[]; /* "request", "reply", "both" */

struct series {
	char *name;
	const char *unit; /* a literal: "ns", "instructions", "pps", "bytes" */
	enum direction direction;
};

struct sample {
	uint32_t cell, batch, iteration, series;
	double value;
};

struct counter {
	uint32_t cell, batch;
	char *name;
	double value;
};

/*
 * Counters by these names are the loss accounting of a cell. All but sent, received and background
 * are losses: any beyond the declared tolerance makes the measurement invalid.
 */
#define LOSS_COUNTERS(X)                                                                           \
	X(sent) /* handed to the kernel by the load */                                             \
	X(received) /* replies, or one-way deliveries */                                           \
	X(background) /* other packets seen in the lab's namespaces, not lost by us */             \
	X(unanswered) /* sent, no reply in time */                                                 \
	X(incomplete) /* a packet whose hop chain is not whole, per direction */                   \
	X(misordered) /* a whole chain whose times run backwards */                                \
	X(duplicates) /* a point seen twice by one packet */                                       \
	X(damaged) /* arrived, but not as they were sent: by a sink that checks */                 \
	X(unstamped) /* could be ours but its stamp cannot be read: paged or fragmented */         \
	X(foreign) /* our stamp outside the lab's namespaces */                                    \
	X(ring_drops) /* the log was full */                                                       \
	X(map_errors) /* a map update failed */                                                    \
	X(missed) /* the kernel did not run the probe: recursion */                                \
	X(known_flows) /* meant to be a flow's first packet, and conntrack may have known it */    \
	X(lost_flows) /* conntrack had no room for a flow, or gave up another for it */            \
	X(unaccounted) /* |interface counter - packets traced| at the path's devices */

#define LOSS_ENUM(name) LOSS_##name,
enum loss { LOSS_COUNTERS(LOSS_ENUM) LOSS_COUNT };
extern const char *const loss_names[LOSS_COUNT];

struct samples;

struct samples *samples_new(void);
void samples_free(struct samples *samples);

uint32_t samples_series(struct samples *samples, const char *name, enum direction direction,
			const char *unit);
void samples_add(struct samples *samples, uint32_t cell, uint32_t batch, uint32_t iteration,
		 uint32_t series, double value);
/* Adds up when the same name comes again for the same cell and batch. */
void samples_count(struct samples *samples, uint32_t cell, uint32_t batch, const char *name,
		   double value);

size_t samples_series_count(const struct samples *samples);
const struct series *samples_get_series(const struct samples *samples, uint32_t index);
size_t samples_size(const struct samples *samples);
const struct sample *samples_get(const struct samples *samples, size_t index);
size_t samples_counter_count(const struct samples *samples);
const struct counter *samples_get_counter(const struct samples *samples, size_t index);
