/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/plan.h"

/*
 * Lays out the jobs: batch by batch, in each batch every cell once, in an order shuffled
 * (Fisher-Yates over splitmix64) by the experiment's seed, pairs as pairs, A B one time and B A the
 * next; and sums up what the loads will take.
 */
void plan_order(struct plan *plan);
