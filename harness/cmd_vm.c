// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/vm.h"
#include "harness/vm_shell.h"

#include <stdio.h>
#include <string.h>

static enum outcome list_kernels(void)
{
	struct vm_kernel *kernels = NULL;
	struct err err = {};
	size_t count = 0;

	if (vm_kernel_list(&kernels, &count, &err))
		return cmd_fail(&err);
	for (size_t i = 0; i < count; i++) {
		printf("%-8s %-28s %s\n", kernels[i].version, kernels[i].release,
		       kernels[i].package ? kernels[i].package : "");
		vm_kernel_done(&kernels[i]);
	}
	if (!count)
		printf("no kernels yet: labrun vm fetch 6.1\n");
	free(kernels);
	return OUTCOME_OK;
}

static enum outcome fetch_kernels(int count, char **versions)
{
	struct err err = {};

	for (int i = 0; i < count; i++) {
		struct vm_kernel kernel = {};

		if (vm_kernel_fetch(versions[i], &err) ||
		    vm_kernel_find(&kernel, versions[i], NULL, &err))
			return cmd_fail(&err);
		printf("%s: %s\n", versions[i], kernel.release);
		vm_kernel_done(&kernel);
	}
	return OUTCOME_OK;
}

static enum outcome open_shell(const char *name)
{
	struct vm_kernel kernel = {};
	struct err err = {};
	int status = 0, code = vm_kernel_find(&kernel, name, NULL, &err);

	if (!code)
		code = vm_shell_run(&kernel, &status, &err);
	vm_kernel_done(&kernel);
	return code ? cmd_fail(&err) : (enum outcome)(OUTCOME_COMMAND + status);
}

static const char *const subverbs[] = { "list", "fetch", "shell", NULL };

const struct cmd_manual cmd_manual_vm = {
	.subverbs = subverbs,
	.operand = CMD_KERNEL,
	.text = "list: the kernels at hand. fetch: gets Debian's kernel of a version, such as 6.1, "
		"and "
		"unpacks it into the cache; nothing is installed. shell: a guest with that kernel "
		"(6.1), in which all of labrun's verbs work; it ends with the status of its shell.",
};

enum outcome cmd_vm(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list_kernels();
	if (argc > 2 && !strcmp(argv[1], "fetch"))
		return fetch_kernels(argc - 2, argv + 2);
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "shell"))
		return open_shell(argc == 3 ? argv[2] : "6.1");
	return cmd_usage("vm", "list, or fetch a version, or shell");
}
