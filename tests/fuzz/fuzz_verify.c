// SPDX-License-Identifier: GPL-2.0-only
/*
 * Result folders from strangers, through the verbs that write: `make fuzz`. verify with its second
 * making, plot, report into the folder. gnuplot is hidden: its scripts are written, not drawn.
 */
#include "tests/fuzz/mutate.h"

#include "harness/plot.h"
#include "harness/report_page.h"
#include "harness/verify.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *dir;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	make_base();
	make_seed_folders();
	write_seed_inputs(result_files);
	dir = path_of(fuzz_base, "folder");
	if (mkdir(dir, 0700) || setenv("PATH", "/nonexistent", 1) || setenv("TMPDIR", fuzz_base, 1))
		abort();
	return setenv("LABRUN_DATA", ".", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_free_ char *plots = path_of(dir, "plots");
	_json_ json_t *report = NULL;
	struct err err = { 0 };
	int code;

	file_remove_tree(plots);
	write_folder(dir, result_files, data, size);
	code = verify_folder(&report, dir, &err);
	if (!code)
		verify_text(report, nowhere());
	expect_words(code, &err);
	expect_words(plot_folder(dir, &err), &err);
	expect_words(report_page_add(dir, &err), &err);
	return 0;
}
