// SPDX-License-Identifier: GPL-2.0-only
#include "summary.h"

#include "harness/claim.h"
#include "harness/cleanup.h"
#include "harness/summary_json.h"

#include <string.h>

static const struct claim_row {
	const struct kind *kind;
	void (*evaluate)(const void *params, struct claim_job *job);
} claim_rows[] = {
#define CLAIM_ROW(name) { &claim_##name, claim_##name##_evaluate },
	CLAIM_KINDS(CLAIM_ROW)
};

static const char *const verdict_names[] = {
	[VERDICT_HOLDS] = "holds",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
	[VERDICT_FAILS] = "fails",
};

static const struct claim_row *find_row(const char *kind)
{
	for (size_t i = 0; kind && i < ARRAY_SIZE(claim_rows); i++)
		if (!strcmp(claim_rows[i].kind->name, kind))
			return &claim_rows[i];
	return NULL;
}

static bool mode_applies(const json_t *claim, const json_t *summary)
{
	const json_t *modes = json_object_get(claim, "modes");
	const json_t *mode = json_object_get(summary, "mode"), *item;
	size_t i;

	json_array_foreach (modes, i, item)
		if (json_equal(item, mode))
			return true;
	return json_array_size(modes) == 0;
}

/* The name of the test, and its own fields without what every claim has: `"test": "order"` with the
 * fields beside it, or all of it in an object, `"test": {"kind": "order", ...}`. */
static const char *split_test(const json_t *claim, json_t **ret_own)
{
	static const char *const common[] = { "id", "text", "modes", "test" };
	json_t *test = json_object_get(claim, "test");

	if (json_is_object(test)) {
		*ret_own = json_copy(test);
		json_object_del(*ret_own, "kind");
		return json_string_value(json_object_get(test, "kind"));
	}
	*ret_own = json_copy((json_t *)claim);
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		json_object_del(*ret_own, common[i]);
	return json_string_value(test);
}

/* NULL if they have faults, which become findings; an experiment that passed `check` has none. */
static const void *parse_params(const struct kind *kind, json_t *own, struct claim_job *job)
{
	void *params = arena_alloc(job->arena, kind->params_size);

	field_parse(kind->fields, own, NULL, params, job->arena, job->diag);
	claim_check(kind, own, NULL, job->arena, job->diag);
	for (size_t i = 0; i < diag_count(job->diag); i++) {
		const struct diag_fault *fault = diag_get(job->diag, i);

		claim_find(job, NULL, VERDICT_INCONCLUSIVE, "%s%s%s",
			   fault->place == DIAG_VALUE ? fault->path : "",
			   fault->place == DIAG_VALUE && *fault->path ? ": " : "", fault->message);
	}
	return diag_count(job->diag) ? NULL : params;
}

/* `own` must outlive the job: parameters borrow from it. */
static void evaluate_test(const char *kind, json_t *own, struct claim_job *job)
{
	const struct claim_row *row = find_row(kind);
	const void *params;

	if (!row) {
		claim_find(job, NULL, VERDICT_INCONCLUSIVE, "there is no test \"%s\"",
			   kind ? kind : "");
		return;
	}
	params = parse_params(row->kind, own, job);
	if (params)
		row->evaluate(params, job);
}

static void cleanup_findings(struct findings **findings)
{
	findings_free(*findings);
}

static json_t *or_null(json_t *json)
{
	return json ? json_incref(json) : json_null();
}

static json_t *evaluate_claim(const json_t *claim, const json_t *summary)
{
	__attribute__((cleanup(cleanup_findings))) struct findings *findings = findings_new();
	_arena_ struct arena *arena = arena_new();
	_diag_ struct diag *diag = diag_new("claim", NULL, 0);
	struct claim_job job = { .cells = json_object_get(summary, "cells"),
				 .findings = findings,
				 .arena = arena,
				 .diag = diag };
	_free_ char *detail = NULL;
	_json_ json_t *own = NULL;
	const char *kind = split_test(claim, &own);

	evaluate_test(kind, own, &job);
	detail = findings_detail(findings);
	return json_pack("{s:o, s:o, s:s, s:o}", "id", or_null(json_object_get(claim, "id")),
			 "text", or_null(json_object_get(claim, "text")), "verdict",
			 verdict_names[findings_verdict(findings)], "detail", summary_text(detail));
}

static void withhold(json_t *verdict, const struct shard *shard)
{
	json_object_set_new(verdict, "verdict", json_string(verdict_names[VERDICT_INCONCLUSIVE]));
	json_object_set_new(verdict, "detail",
			    json_sprintf("shard %u of %u: judged on the whole, by labrun merge",
					 shard->index, shard->count));
}

json_t *claims_evaluate(const json_t *experiment, const json_t *summary)
{
	const json_t *claims = json_object_get(experiment, "claims"), *claim;
	const struct shard shard = shard_read(json_object_get(summary, "shard"));
	json_t *verdicts = json_array(), *verdict;
	size_t i;

	json_array_foreach (claims, i, claim)
		if (mode_applies(claim, summary))
			json_array_append_new(verdicts, evaluate_claim(claim, summary));
	json_array_foreach (verdicts, i, verdict)
		if (shard.count)
			withhold(verdict, &shard);
	return verdicts;
}
