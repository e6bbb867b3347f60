// SPDX-License-Identifier: GPL-2.0-only
#include "harness/environment_build.h"

#include "harness/cleanup.h"
#include "harness/proc.h"
#include "harness/sha256.h"
#include "version.h"

#include <string.h>
#include <unistd.h>

#define OWN_PROGRAM "/proc/self/exe"
#define HASH_SHOWN 8

/* "labrun v0.9-12-gabc1234" */
static int ask_version(const char *path, char *version, size_t size, struct err *err)
{
	const char *const argv[] = { path, "--version", NULL };
	const struct proc proc = { .argv = argv, .netns_fd = -1 };
	static const char head[] = "labrun ";
	int code = proc_first_line(&proc, version, size, err);

	if (code || strncmp(version, head, strlen(head)))
		return err_usage(err, "'%.200s' is no build of labrun: %s", path,
				 code ? err->text : "its --version says something else");
	memmove(version, version + strlen(head), strlen(version + strlen(head)) + 1);
	return 0;
}

int environment_build(json_t **ret, const char *path, struct err *err)
{
	char hash[SHA256_TEXT_BYTES], version[200] = LABRUN_VERSION;
	int code = path && access(path, X_OK) ? err_usage(err, "there is no program '%.200s'", path)
					      : 0;

	if (!code && path)
		code = ask_version(path, version, sizeof(version), err);
	if (!code)
		code = sha256_file(path ? path : OWN_PROGRAM, hash, err);
	if (!code)
		*ret = json_pack("{s:s, s:s}", "version", version, "sha256", hash);
	if (!code && !*ret)
		code = err_usage(err, "'%.200s': its version is not UTF-8", path ? path : "");
	return code;
}

char *environment_build_name(const json_t *build)
{
	const char *version = json_string_value(json_object_get(build, "version"));
	const char *hash = json_string_value(json_object_get(build, "sha256"));
	char *name;

	if (!version || !hash)
		return NULL;
	if (asprintf(&name, "%.100s %.*s", version, HASH_SHOWN, hash) < 0)
		abort();
	return name;
}
