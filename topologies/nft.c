// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/nft.h"

#include <errno.h>

int nft_load(const char *rules, size_t bytes, struct proc_spent *spent, struct err *err)
{
	const char *const argv[] = { "nft", "-f", "-", NULL };
	const struct proc proc = {
		.argv = argv,
		.input = rules,
		.input_bytes = bytes,
		.netns_fd = -1,
		.spent = spent,
	};

	if (!proc_exists(argv[0]))
		return err_need(err, "nft is not installed (apt install nftables)");
	return proc_run(&proc, err);
}
