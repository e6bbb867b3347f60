/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A page as a real browser sees it: Chromium without a display. Its profile and whatever else it
 * writes goes below the folder that is given.
 */

#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#define BROWSER "chromium"

#define need_browser()                                                                             \
	do {                                                                                       \
		if (!proc_exists(BROWSER))                                                         \
			skip_because(BROWSER " is not installed "                                  \
					     "(LABRUN_DEPS_BROWSER=1 tests/deps.sh)");             \
	} while (0)

struct seen {
	char *dom, *log;
};

static inline void seen_done(struct seen *seen)
{
	free(seen->dom);
	free(seen->log);
}
#define _seen_ __attribute__((cleanup(seen_done)))

static inline char *browser_path(const char *base, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", base, name) > 0);
	return path;
}

/* In the child. Without its own sandbox, which root may not have. */
static inline void browser_exec(const char *base, const char *out, const char *log,
				const char *scheme, const char *what, const char *url)
{
	_free_ char *profile = NULL;

	setenv("HOME", base, 1);
	setenv("TMPDIR", base, 1);
	if (asprintf(&profile, "--user-data-dir=%s/profile", base) < 0 ||
	    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0 ||
	    dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO) < 0 ||
	    dup2(open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO) < 0)
		_exit(125);
	execlp("timeout", "timeout", "-k", "5", "90", BROWSER, "--headless", "--no-sandbox",
	       "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
	       "--window-size=1000,1600", "--virtual-time-budget=2000",
	       "--allow-file-access-from-files", "--enable-logging=stderr", profile, scheme, what,
	       url, NULL);
	_exit(127);
}

/* `what`: --dump-dom or --screenshot=FILE. */
static inline struct seen browse(const char *base, bool dark, const char *what, const char *page)
{
	_free_ char *out = browser_path(base, "dom"), *log = browser_path(base, "log");
	_free_ char *url = NULL;
	struct seen seen = {};
	struct err err = {};
	int status;
	pid_t child;

	assert_true(asprintf(&url, "file://%s", page) > 0);
	fflush(NULL);
	child = fork();
	if (!child)
		browser_exec(base, out, log,
			     dark ? "--blink-settings=preferredColorScheme=0"
				  : "--blink-settings=preferredColorScheme=1",
			     what, url);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (file_read(out, &seen.dom, NULL, &err) || file_read(log, &seen.log, NULL, &err))
		fail_msg("%s", err.text);
	if (status)
		fail_msg(BROWSER " ended with status %#x: %s", status, seen.log);
	return seen;
}
