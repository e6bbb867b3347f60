/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Topologies from texts. */

#include "harness/cleanup.h"
#include "tests/test.h"
#include "topologies/topology.h"

/* A document and what it was parsed into; both end with the test. */
struct parsed {
	json_t *json;
	struct arena *arena;
	struct diag *diag;
	const struct topology *topology;
};

static inline struct parsed parse(const char *text)
{
	struct parsed parsed = { .arena = arena_new(), .diag = diag_new("t.json", NULL, 0) };
	json_error_t error;

	parsed.json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!parsed.json)
		fail_msg("%s", error.text);
	parsed.topology = topology_parse(parsed.json, parsed.arena, parsed.diag);
	return parsed;
}

static inline struct parsed parse_good(const char *text)
{
	struct parsed parsed = parse(text);

	if (diag_count(parsed.diag))
		fail_msg("%s: %s", diag_get(parsed.diag, 0)->path,
			 diag_get(parsed.diag, 0)->message);
	return parsed;
}

static inline void parsed_done(struct parsed *parsed)
{
	diag_free(parsed->diag);
	arena_free(parsed->arena);
	json_decref(parsed->json);
}
#define _parsed_ __attribute__((cleanup(parsed_done)))
