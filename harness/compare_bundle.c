// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_internal.h"

#include "harness/cleanup.h"
#include "harness/folder.h"

#include <errno.h>
#include <string.h>

#define BLOCK_BYTES (64u << 10)

static char *member_path(const char *path, const char *name)
{
	char *text;

	if (asprintf(&text, "%s%s%s", path, *path ? "." : "", name) < 0)
		abort();
	return text;
}

static void differ_objects(json_t *list, const char *path, const json_t *base, const json_t *new)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)base, name, value) {
		_free_ char *member = member_path(path, name);

		compare_differences(list, member, value, json_object_get(new, name));
	}
	json_object_foreach ((json_t *)new, name, value) {
		_free_ char *member = member_path(path, name);

		if (!json_object_get(base, name))
			compare_differences(list, member, NULL, value);
	}
}

static void differ_arrays(json_t *list, const char *path, const json_t *base, const json_t *new)
{
	for (size_t i = 0; i < json_array_size(base); i++) {
		_free_ char *member = NULL;

		if (asprintf(&member, "%s[%zu]", path, i) < 0)
			abort();
		compare_differences(list, member, json_array_get(base, i), json_array_get(new, i));
	}
}

/* Arrays of different lengths differ as a whole: one item more would shift all that follow. */
void compare_differences(json_t *list, const char *path, const json_t *base, const json_t *new)
{
	json_t *difference;

	if (base && new &&json_equal(base, new))
		return;
	if (json_is_object(base) && json_is_object(new)) {
		differ_objects(list, path, base, new);
	} else if (json_is_array(base) && json_is_array(new) &&
		   json_array_size(base) == json_array_size(new)) {
		differ_arrays(list, path, base, new);
	} else {
		difference = json_pack("{s:s}", "member", path);
		if (base)
			json_object_set(difference, "base", (json_t *)base);
		if (new)
			json_object_set(difference, "new", (json_t *)new);
		json_array_append_new(list, difference);
	}
}

static int check_fingerprints(const struct result_folder *folder, struct err *err)
{
	const json_t *list = json_object_get(folder->environment, "vm"), *kernel;
	size_t i;

	if (!json_is_array(list) || !json_array_size(list))
		return err_usage(err,
				 "%s/environment.json: \"vm\" is not a list of the kernels' "
				 "fingerprints",
				 folder->dir);
	json_array_foreach (list, i, kernel)
		/* Nothing is equal to nothing, and would promise equal digits. */
		if (!json_object_size(kernel))
			return err_usage(err,
					 "%s/environment.json: vm[%zu] is not an object with "
					 "members",
					 folder->dir, i);
	return 0;
}

static void differ_fingerprints(const struct compare *compare, json_t *list)
{
	const json_t *base = json_object_get(compare->base.environment, "vm");
	const json_t *new = json_object_get(compare->new.environment, "vm");
	size_t count = json_array_size(base);

	if (json_array_size(new) > count)
		count = json_array_size(new);
	for (size_t i = 0; i < count; i++) {
		char path[40] = "";

		if (count > 1)
			snprintf(path, sizeof(path), "vm[%zu]", i);
		compare_differences(list, path, json_array_get(base, i), json_array_get(new, i));
	}
}

static FILE *open_side(const struct result_folder *folder, const char *name, bool *ret_missing,
		       struct err *err)
{
	int fd = folder_open_file(folder->dir, name, err);

	*ret_missing = fd == -ENOENT;
	return fd < 0 ? NULL : fdopen(fd, "r");
}

static bool streams_equal(FILE *base, FILE *new)
{
	_free_ char *left = malloc(BLOCK_BYTES), *right = malloc(BLOCK_BYTES);
	size_t left_bytes, right_bytes;

	if (!left || !right)
		abort();
	do {
		left_bytes = fread(left, 1, BLOCK_BYTES, base);
		right_bytes = fread(right, 1, BLOCK_BYTES, new);
		if (left_bytes != right_bytes || memcmp(left, right, left_bytes))
			return false;
	} while (left_bytes == BLOCK_BYTES);
	return true;
}

/* A file that neither side has is equal. */
int compare_files_equal(const struct compare *compare, const char *name, bool *ret_equal,
			struct err *err)
{
	bool base_missing, new_missing;
	_fclose_ FILE *base = open_side(&compare->base, name, &base_missing, err);
	_fclose_ FILE *new = NULL;

	if (!base && !base_missing)
		return -EINVAL;
	new = open_side(&compare->new, name, &new_missing, err);
	if (!new && !new_missing)
		return -EINVAL;
	*ret_equal = base && new ? streams_equal(base, new) : base_missing &&new_missing;
	if ((base && ferror(base)) || (new &&ferror(new)))
		return err_set(err, -EIO, "cannot read '%s' of either folder", name);
	return 0;
}

/* The further topologies of a sweep are named by their cells; here only whether they differ. */
static int differ_topologies(const struct compare *compare, json_t *list, struct err *err)
{
	int code = 0;

	compare_differences(list, "topology", compare->base.topology, compare->new.topology);
	for (size_t i = 1; i < compare->pair_count && !code; i++) {
		bool equal = true;
		char name[48];

		snprintf(name, sizeof(name), "topology-%zu.json", i);
		code = compare_files_equal(compare, name, &equal, err);
		if (!equal)
			json_array_append_new(list, json_pack("{s:s}", "member", name));
	}
	return code;
}

int compare_bundle(struct compare *compare, bool *ret_equal, struct err *err)
{
	json_t *list = json_array();
	json_t *bundle = json_pack("{s:b, s:o}", "equal", 0, "differences", list);
	int code;

	json_object_set_new(compare->report, "bundle", bundle);
	code = check_fingerprints(&compare->base, err);
	if (!code)
		code = check_fingerprints(&compare->new, err);
	if (code)
		return code;
	differ_fingerprints(compare, list);
	compare_differences(list, "experiment", compare->base.experiment, compare->new.experiment);
	code = differ_topologies(compare, list, err);
	*ret_equal = !json_array_size(list);
	json_object_set_new(bundle, "equal", json_boolean(*ret_equal));
	return code;
}
