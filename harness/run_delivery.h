/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Where a one-way load's packets got to: into a sink at the receiving device, if the load has one,
 * and, of a bulk load, where the kernel dropped the others, by name. Made once a run; attached to a
 * lab for a job; then begin and end around each pass. All of it does nothing for a load whose
 * packets are answered.
 */

#include "harness/plan.h"
#include "harness/samples.h"

struct drop;
struct lab;
struct load_report;
struct run_delivery;

struct run_delivery *run_delivery_new(uint64_t magic);
void run_delivery_free(struct run_delivery *delivery); /* NULL is fine; detaches */

int run_delivery_attach(struct run_delivery *delivery, const struct experiment *experiment,
			const struct lab *lab, struct err *err);
/* NULL is fine. */
void run_delivery_detach(struct run_delivery *delivery);

int run_delivery_begin(struct run_delivery *delivery, struct err *err);
/* Waits for what is on its way; where there is a sink, says in the report what it received. */
int run_delivery_end(struct run_delivery *delivery, struct load_report *report, struct err *err);
/* Where packets of the pass that ended were dropped; the delivery's own until the next begins. */
const struct drop *run_delivery_drops(const struct run_delivery *delivery, size_t *ret_count);
/* "nat:eth0 (netfilter_drop)": where most of the last pass was dropped, "" if that is not known. */
#define RUN_DELIVERY_WHERE_BYTES 200
void run_delivery_where(struct run_delivery *delivery, char text[static RUN_DELIVERY_WHERE_BYTES]);

/* What a one-way load's receiver has so far, while packets come. */
uint64_t run_delivery_peek(const struct run_delivery *delivery, const struct load_report *report);
/*
 * Counters of the last pass: "drop.NODE.DEVICE.WHERE" for each place, what the sink found wrong,
 * and as "unaccounted" what was sent and is neither delivered nor dropped anywhere.
 */
void run_delivery_record(const struct run_delivery *delivery, const struct load_report *report,
			 const struct job *job, struct samples *samples);
