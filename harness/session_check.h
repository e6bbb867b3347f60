/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/session.h"

/* What can be known not to go before the probes are calibrated, and a folder is made. */
int session_check(const struct plan *plan, const struct session_options *options, struct err *err);
