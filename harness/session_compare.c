// SPDX-License-Identifier: GPL-2.0-only
#include "harness/session_compare.h"

#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/compare.h"

#include <math.h>

enum outcome session_compare(const char *dir, bool told)
{
	_json_ json_t *comparison = NULL;
	struct err err = {};

	if (compare_folders(&comparison, dir, NULL, NAN, &err))
		return cmd_fail(&err);
	if (told) {
		printf("\n");
		compare_text(comparison, stdout);
	}
	return compare_regressed(comparison) ? OUTCOME_CLAIM_FAILS : OUTCOME_OK;
}
