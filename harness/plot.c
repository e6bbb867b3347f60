// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/folder.h"
#include "harness/plot_charts.h"
#include "harness/proc.h"
#include "harness/results_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct chart {
	const char *name;
	int (*make)(const struct plot_data *data, char **ret_script, struct err *err);
};

/* Most of gnuplot's time goes into PNG: the charts are dealt to two of them. */
#define PAINTERS 2
#define MAX_CHARTS 12

struct painting {
	const char *names[MAX_CHARTS];
	size_t count;
};

static int open_folder(const char *path, int flags, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);

	if (fd >= 0)
		return fd;
	return errno == ENOTDIR || errno == ELOOP
		       ? err_usage(err, "'%s' is not a folder of its own", path)
		       : err_errno(err, -errno, "cannot open the folder '%s'", path);
}

/* What gnuplot writes goes through links, which a stranger's folder may hold. */
static int make_way(int fd, const char *name, struct err *err)
{
	static const char *const suffixes[] = { "svg", "png" };
	char image[64];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(image, sizeof(image), "%s.%s", name, suffixes[i]);
		if (unlinkat(fd, image, 0) && errno != ENOENT)
			return err_errno(err, -errno, "cannot replace '%s'", image);
	}
	return 0;
}

static int write_script(int fd, const char *name, const char *script, struct err *err)
{
	_fclose_ FILE *out = NULL;
	char file[64];

	snprintf(file, sizeof(file), "%s.gp", name);
	out = folder_create_file(fd, file);
	if (!out || fputs(script, out) < 0 || fflush(out))
		return err_errno(err, -errno, "cannot write '%s'", file);
	return make_way(fd, name, err);
}

/* Where the disk is full gnuplot ends half way, and says nothing. */
static int check_whole(int fd, const char *name, const char *suffix, const char *end,
		       struct err *err)
{
	char image[64], tail[16] = "";
	size_t length = strlen(end);
	_close_ int file = -1;
	struct stat status;

	snprintf(image, sizeof(image), "%s.%s", name, suffix);
	file = openat(fd, image, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file >= 0 && !fstat(file, &status) && status.st_size >= (off_t)length &&
	    pread(file, tail, length, status.st_size - (off_t)length) == (ssize_t)length &&
	    !memcmp(tail, end, length))
		return 0;
	return err_set(err, -EIO, "gnuplot left '%s' unfinished: is the disk full?", image);
}

static int check_images(int fd, const struct painting *painting, struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < painting->count && !code; i++) {
		code = check_whole(fd, painting->names[i], "svg", "</svg>\n\n", err);
		/* The last chunk's name, and its checksum. */
		if (!code)
			code = check_whole(fd, painting->names[i], "png", "IEND\xae\x42\x60\x82",
					   err);
	}
	return code;
}

/*
 * One gnuplot for the painter's share. The folder goes in as an argument, never as text of the
 * program: its name may hold anything. -d: no start-up file of the user has a say.
 */
static int paint_share(const char *dir, const struct painting *painting, size_t painter,
		       struct err *err)
{
	const char *const argv[] = { "gnuplot", "-d", "-c", "/dev/stdin", dir, NULL };
	_free_ char *program = NULL;
	size_t size;
	FILE *out = open_memstream(&program, &size);

	if (!out)
		abort();
	fputs("cd ARG1\n", out);
	for (size_t i = painter; i < painting->count; i += PAINTERS)
		fprintf(out, "load '%s.gp'\nreset session\n", painting->names[i]);
	fclose(out);
	return proc_run(
		&(struct proc){
			.argv = argv, .input = program, .input_bytes = size, .netns_fd = -1 },
		err);
}

/* In a child, which says what went wrong through the pipe. */
static pid_t start_painter(const char *dir, const struct painting *painting, size_t painter,
			   int to_parent)
{
	pid_t child = fork();
	struct err err = { 0 };

	if (child)
		return child;
	if (!paint_share(dir, painting, painter, &err))
		_exit(0);
	if (write(to_parent, err.text, strlen(err.text)) < 0)
		_exit(2);
	_exit(1);
}

static int wait_painter(pid_t child, int from_child, struct err *err)
{
	char text[sizeof(err->text)] = "";
	ssize_t length = read(from_child, text, sizeof(text) - 1);
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(err, -errno, "waiting for gnuplot");
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	return err_set(err, -EIO, "%s", length > 0 ? text : "gnuplot was killed");
}

static int paint(const char *dir, const struct painting *painting, struct err *err)
{
	_close_ int from_child = -1, to_parent = -1;
	int ends[2], code = 0, second = 0;
	pid_t child = -1;

	if (!painting->count)
		return 0;
	if (!proc_exists("gnuplot"))
		return err_need(err, "gnuplot is not installed (apt install gnuplot-nox)");
	if (painting->count > 1 && !pipe2(ends, O_CLOEXEC)) {
		from_child = ends[0];
		to_parent = ends[1];
		child = start_painter(dir, painting, 1, to_parent);
		close(steal_fd(&to_parent));
	}
	code = paint_share(dir, painting, 0, err);
	if (child > 0) {
		struct err other;

		second = wait_painter(child, from_child, code ? &other : err);
	} else if (painting->count > 1 && !code) {
		code = paint_share(dir, painting, 1, err);
	}
	return code ? code : second;
}

static int paint_all(const char *dir, int fd, const struct painting *painting, struct err *err)
{
	int code = paint(dir, painting, err);

	return code ? code : check_images(fd, painting, err);
}

static int draw_all(struct plot_data *data, const char *dir, struct err *err)
{
	static const struct chart charts[] = {
		{ "segments", chart_segments },
		{ "path", chart_path },
		{ "distribution", chart_distribution },
		{ "batches", chart_batches },
		{ "sweep", chart_sweep },
		{ "percentiles", chart_percentiles },
		{ "histogram", chart_histogram },
		{ "histogram_linear", chart_histogram_linear },
		{ "rates", chart_rates },
		{ "usage", chart_usage },
	};
	_close_ int fd = open_folder(dir, O_NOFOLLOW, err);
	struct painting painting = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(charts) && fd >= 0; i++) {
		_free_ char *script = NULL;
		int code = charts[i].make(data, &script, err);

		if (!code && script)
			code = write_script(fd, charts[i].name, script, err);
		if (code)
			return err_wrap(err, code, "chart %s", charts[i].name);
		if (script)
			painting.names[painting.count++] = charts[i].name;
	}
	return fd < 0 ? fd : paint_all(dir, fd, &painting, err);
}

static int plot_any(const char *dir, bool unfinished, struct err *err)
{
	_plot_data_ struct plot_data data = { 0 };
	_free_ char *into = NULL;
	int code = plot_data_read(&data, dir, unfinished, err);

	if (!code)
		code = plot_data_samples(&data, err);
	if (code)
		return code;
	if (asprintf(&into, "%s/plots", dir) < 0)
		abort();
	if (mkdir(into, 0777) && errno != EEXIST)
		return err_errno(err, -errno, "cannot make the folder '%s'", into);
	return draw_all(&data, into, err);
}

int plot_folder(const char *dir, struct err *err)
{
	int code = plot_any(dir, false, err);

	return code ? code : manifest_renew(dir, "plots/", err);
}

int plot_unfinished(const char *dir, struct err *err)
{
	return plot_any(dir, true, err);
}

static int compare_folders(const char *const *dirs, struct plot_data *folders, size_t count,
			   char **ret_script, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int code = plot_data_read(&folders[i], dirs[i], false, err);

		if (code)
			return code;
	}
	return chart_modes(folders, count, ret_script, err);
}

int plot_comparison(const char *const *dirs, size_t count, const char *out, struct err *err)
{
	struct plot_data *folders = calloc(count + 1, sizeof(*folders));
	struct painting painting = { .names = { "modes" }, .count = 1 };
	_free_ char *script = NULL;
	_close_ int fd = -1;
	int code;

	if (!folders)
		abort();
	code = compare_folders(dirs, folders, count, &script, err);
	for (size_t i = 0; i < count; i++)
		plot_data_done(&folders[i]);
	free(folders);
	if (!code && !script)
		code = err_usage(err, "none of these folders has segments to compare");
	if (!code)
		code = file_make_dirs(out, NULL, err);
	if (!code)
		code = fd = open_folder(out, 0, err);
	if (fd >= 0)
		code = write_script(fd, "modes", script, err);
	return code ? code : paint_all(out, fd, &painting, err);
}
