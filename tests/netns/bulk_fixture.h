/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Experiments of loads alone, of which a batch gives one value of each series. */

#include "harness/cleanup.h"
#include "tests/test.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static inline bool is_search(const char *experiment)
{
	_json_ json_t *json = json_load_file(experiment, 0, NULL);

	return json_object_get(json, "search");
}

static inline bool is_bulk(const char *experiment)
{
	_json_ json_t *json = json_load_file(experiment, 0, NULL);
	json_t *load = json_object_get(json, "load");

	return json_object_get(json, "search") ||
	       !strcmp(json_string_value(json_object_get(load, "kind")), "xdp") ||
	       !strcmp(json_string_value(json_object_get(load, "rate")) ?: "", "max");
}

/* Of thousands of services: tests/netns/test_run_kube.c runs it with few. */
static inline bool is_kube(const char *experiment)
{
	_json_ json_t *json = json_load_file(experiment, 0, NULL);

	return !strcmp(json_string_value(json_object_get(json, "topology")) ?: "", "kube-proxy");
}
