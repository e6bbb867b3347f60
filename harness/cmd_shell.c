// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/sandbox.h"
#include "topologies/lab.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void tell(const struct topology *topology)
{
	const struct topo_node *nodes = topology->nodes.items;

	fprintf(stderr, "%s: nodes", topology->name);
	for (size_t i = 0; i < topology->nodes.count && i < 20; i++)
		fprintf(stderr, " %s", nodes[i].name);
	fprintf(stderr, "%s\nip netns exec NODE COMMAND runs something in one; exit ends it all\n",
		topology->nodes.count > 20 ? " ..." : "");
}

/*
 * Ctrl-C is the shell's own affair; SIGTERM and SIGHUP are meant for us and end it all. As the
 * sandbox's first process we inherit orphans, and reap them.
 */
static int wait_shell(pid_t pid, const sigset_t *set, struct err *err)
{
	int status = 0;
	pid_t ended;

	for (;;) {
		int signal = sigwaitinfo(set, NULL);

		if (signal == SIGTERM || signal == SIGHUP)
			return err_interrupted(err);
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == pid)
				return WIFEXITED(status) ? WEXITSTATUS(status)
							 : 128 + WTERMSIG(status);
	}
}

static int spawn(char *const *command, struct err *err)
{
	sigset_t set, none;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid < 0)
		return err_errno(err, -errno, "start a shell");
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(command[0], command);
		fprintf(stderr, "labrun: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	return wait_shell(pid, &set, err);
}

/* Inside the sandbox: the command's status, as a shell would give it. */
static int run_inside(const struct topology *topology, char **command, struct err *err)
{
	char *const shell[] = { getenv("SHELL") ? getenv("SHELL") : "/bin/sh", NULL };
	struct lab *lab = NULL;
	int code = lab_build(&lab, topology, err);

	if (!code)
		code = lab_name_nodes(lab, err);
	if (!code && !*command)
		tell(topology);
	setenv("LABRUN_TOPOLOGY", topology->name, 1);
	if (!code)
		code = spawn(*command ? command : shell, err);
	lab_free(lab);
	return code;
}

static enum outcome enter(const struct topology *topology, char **command)
{
	struct err err = {};
	int status, code = sandbox_enter(SANDBOX_NAMES, &status, &err);

	if (code < 0)
		return cmd_fail(&err);
	if (code == 0) {
		code = run_inside(topology, command, &err);
		if (code < 0)
			_exit(cmd_fail(&err));
		if (code == 128 + SIGINT)
			_exit(OUTCOME_INTERRUPTED);
		_exit(code ? OUTCOME_FAILED : OUTCOME_OK);
	}
	return cmd_ended(status);
}

const struct cmd_manual cmd_manual_shell = {
	.operand = CMD_TOPOLOGY,
	.runs_command = true,
	.text = "`ip netns exec NODE COMMAND` runs something in a node. Needs no root. With "
		"COMMAND it "
		"ends when that does.",
};

enum outcome cmd_shell(int argc, char **argv)
{
	_arena_ struct arena *arena = arena_new();
	struct document document = {};
	const struct topology *topology;
	_free_ char *path = NULL;
	enum outcome outcome = OUTCOME_USAGE;
	struct err err = {};

	if (argc < 2)
		return cmd_usage("shell", "which topology?");
	path = document_find_named_topology(argv[1], &err);
	if (!path || document_read(&document, path, &err))
		return cmd_fail(&err);
	if (document.json) {
		topology = topology_parse(document.json, arena, document.diag);
		if (!diag_count(document.diag))
			outcome = enter(topology,
					argv + (argc > 2 && !strcmp(argv[2], "--") ? 3 : 2));
	}
	diag_print(document.diag, stderr);
	document_done(&document);
	return outcome;
}
