/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <signal.h>
#include <stdbool.h>

/*
 * Signals that ask for an end: SIGINT, SIGTERM, SIGHUP. In the sandbox they are blocked, so that
 * one stays pending until the run looks, between two steps, and nothing is done in a handler.
 */
void interrupt_fill(sigset_t *set);
bool interrupt_pending(void);
