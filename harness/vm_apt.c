// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_apt.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm_cache.h"

#include <errno.h>
#include <string.h>

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
/* In seconds: apt-get may wait for ever, on a full disk for one. */
#define TOOL_LIMIT "1800"

/*
 * Read after the system's own configuration, which may hold a proxy. Its hooks are for its own
 * state and must not run. Names are relative to the folder that apt is run in: the cache's name may
 * hold characters that have a meaning here.
 */
static const char apt_conf[] = "#clear APT::Update;\n"
			       "#clear DPkg;\n"
			       "#clear Dir::Cache;\n"
			       "Dir::Etc::sourcelist \"./sources.list\";\n"
			       "Dir::Etc::sourceparts \"/dev/null\";\n"
			       "Dir::Etc::preferences \"/dev/null\";\n"
			       "Dir::Etc::preferencesparts \"/dev/null\";\n"
			       "Dir::State \"./state\";\n"
			       "Dir::State::lists \"lists\";\n"
			       "Dir::State::status \"/dev/null\";\n"
			       "Dir::Cache \"./cache\";\n"
			       "Dir::Cache::archives \"archives\";\n"
			       "APT::Architecture \"amd64\";\n"
			       "APT::Architectures { \"amd64\"; };\n"
			       /* Its download user cannot enter a folder in someone's home. */
			       "APT::Sandbox::User \"root\";\n"
			       "APT::Get::AllowUnauthenticated \"false\";\n"
			       "APT::Update::Error-Mode \"any\";\n"
			       "Acquire::AllowInsecureRepositories \"false\";\n"
			       "Acquire::GzipIndexes \"false\";\n"
			       "Acquire::Languages \"none\";\n"
			       "Acquire::Retries \"2\";\n";

/*
 * Which of Debian's suites has a kernel. The newer kernels of a suite's backports stay out where
 * another suite has them as its own: 6.12 built for bookworm crashes in guests of bookworm's QEMU.
 */
struct suite {
	const char *version, *suite;
	bool security; /* its newest are in the security archive */
};

static const struct suite suites[] = {
	{ "5.10", "bullseye", true },
	{ "6.1", "bookworm", true },
	{ "6.12", "trixie", true },
	{ NULL, "trixie-backports", false },
};

static const struct suite *suite_of(const char *version)
{
	const struct suite *suite = suites;

	while (suite->version && strcmp(version, suite->version) &&
	       !vm_release_is_of(version, suite->version))
		suite++;
	return suite;
}

static char *without_slash(char *uri)
{
	size_t length = strlen(uri);

	while (length > 0 && uri[length - 1] == '/')
		uri[--length] = '\0';
	return uri;
}

/* Where this machine gets Debian from; "" if apt has not fetched its lists. */
static int ask_archive(const char *label, char *uri, size_t size, struct err *err)
{
	_free_ char *filter = NULL;
	const char *const argv[] = {
		"apt-get",	  "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
		"Origin: Debian", filter,	  NULL
	};
	const char *asked[ARRAY_SIZE(argv)];

	if (asprintf(&filter, "Label: %s", label) < 0)
		abort();
	memcpy(asked, argv, sizeof(argv));
	asked[6] = filter;
	uri[0] = '\0';
	return proc_first_line(&(struct proc){ .argv = asked, .netns_fd = -1 }, uri, size, err);
}

/* Without lists: of the first source, if that is a Debian archive by its folder's name. */
static int guess_archive(char *uri, size_t size, struct err *err)
{
	static const char *const argv[] = { "apt-get", "--print-uris", "update", NULL };
	char *end;
	int code = proc_first_line(&(struct proc){ .argv = argv, .netns_fd = -1 }, uri, size, err);

	if (code)
		return code;
	end = strstr(uri, "/dists/");
	if (uri[0] != '\'' || !end) {
		uri[0] = '\0';
		return 0;
	}
	*end = '\0';
	memmove(uri, uri + 1, strlen(uri));
	end = strrchr(uri, '/');
	if (!end || strcmp(end, "/debian"))
		uri[0] = '\0';
	return 0;
}

static int find_archive(char *uri, size_t size, struct err *err)
{
	int code = ask_archive("Debian", uri, size, err);

	if (!code && !uri[0])
		code = guess_archive(uri, size, err);
	if (code == -ENOENT)
		return err_need(err, "apt-get is not installed: give a kernel by its path instead");
	if (code)
		return code;
	/* It goes into a line of words; nothing that would end one. */
	if (strpbrk(uri, " \t[]#'\""))
		uri[0] = '\0';
	if (!uri[0])
		return err_need(err,
				"apt has no Debian archive here: run 'apt-get update' once, or "
				"give a kernel by its path");
	without_slash(uri);
	return 0;
}

static int write_in(const char *folder, const char *name, const char *text, struct err *err)
{
	_free_ char *path = vm_path(folder, name);

	return file_write(path, text, strlen(text), err);
}

static int write_sources(const char *folder, const struct suite *suite, struct err *err)
{
	static const char line[] = "deb [arch=amd64 target=Packages signed-by=" KEYRING "] ";
	char archive[256], security[256] = "";
	_free_ char *text = NULL, *more = NULL;
	int code = find_archive(archive, sizeof(archive), err);

	if (!code && suite->security)
		code = ask_archive("Debian-Security", security, sizeof(security), err);
	if (code)
		return code;
	if (strpbrk(security, " \t[]#'\""))
		security[0] = '\0';
	if (security[0] && asprintf(&more, "%s%s %s-security main\n", line, without_slash(security),
				    suite->suite) < 0)
		abort();
	if (asprintf(&text, "%s%s %s main\n%s", line, archive, suite->suite, more ? more : "") < 0)
		abort();
	return write_in(folder, "sources.list", text, err);
}

/* apt says what went wrong, then what came of it, each behind "E: " or "W: ". */
static const char *first_complaint(char *text)
{
	char *first = strstr(text, "E: "), *next;

	if (!first)
		return text;
	first += strlen("E: ");
	while ((next = strstr(first, " E: ")) || (next = strstr(first, " W: ")))
		*next = '\0';
	return first;
}

/* apt-get, inside of the folder. */
static int run_apt(const char *folder, const char *const *words, struct err *err)
{
	const char *argv[VM_APT_PACKAGES_MAX + 16] = { "env", "-C", folder,	 "timeout",
						       "-k",  "5",  TOOL_LIMIT,	 "apt-get",
						       "-qq", "-c", "./apt.conf" };
	struct err why = { 0 };
	size_t used = 11;
	int code;

	while (*words && used + 1 < ARRAY_SIZE(argv))
		argv[used++] = *words++;
	code = proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, &why);
	if (!code)
		return 0;
	/* The failing one is not the first program of the line. */
	return err_set(err, code, "apt-get: %s",
		       first_complaint(why.text + (strncmp(why.text, "env: ", 5) ? 0 : 5)));
}

const char *vm_apt_suite(const char *version)
{
	return suite_of(version)->suite;
}

int vm_apt_update(const char *folder, const char *version, struct err *err)
{
	static const char *const update[] = { "update", NULL };
	static const char *const folders[] = { VM_APT_LISTS "/partial", "cache/archives/partial" };
	int code = 0;

	if (access(KEYRING, R_OK))
		return err_need(err, "the package debian-archive-keyring is not installed");
	for (size_t i = 0; !code && i < ARRAY_SIZE(folders); i++) {
		_free_ char *path = vm_path(folder, folders[i]);

		code = file_make_dirs(path, NULL, err);
	}
	if (!code)
		code = write_in(folder, "apt.conf", apt_conf, err);
	if (!code)
		code = write_sources(folder, suite_of(version), err);
	return code ? code : run_apt(folder, update, err);
}

int vm_apt_download(const char *folder, const struct vm_package *const *packages, size_t count,
		    struct err *err)
{
	const char *words[VM_APT_PACKAGES_MAX + 2] = { "download" };
	char *names[VM_APT_PACKAGES_MAX] = { NULL };
	int code;

	for (size_t i = 0; i < count && i < ARRAY_SIZE(names); i++) {
		if (asprintf(&names[i], "%s=%s", packages[i]->name, packages[i]->version) < 0)
			abort();
		words[1 + i] = names[i];
	}
	code = run_apt(folder, words, err);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		free(names[i]);
	return code;
}
