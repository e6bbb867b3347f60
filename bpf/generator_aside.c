// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/generator_aside.h"

#include "topologies/netns.h"
#include "topologies/rtnl.h"

#include <errno.h>

int generator_attach_aside(struct bpf_program *program, int *ret_netns_fd, struct bpf_link **ret,
			   struct err *err)
{
	const struct rtnl_link ends[2] = {
		{ .name = "a", .kind = "veth", .ifindex = 2, .netns_fd = -1 },
		{ .name = "b", .kind = "veth", .ifindex = 3, .netns_fd = -1 },
	};
	_netns_home_ int home = netns_current();
	_rtnl_ struct rtnl *rtnl = NULL;
	int code = home < 0 ? err_errno(err, home, "open the network namespace")
			    : netns_new(ret_netns_fd, err);

	if (!code)
		code = rtnl_open(&rtnl, err);
	if (!code)
		code = rtnl_add_veth(rtnl, ends, err);
	if (!code)
		code = rtnl_flush(rtnl, err);
	if (code)
		return code;
	*ret = bpf_program__attach_xdp(program, ends[0].ifindex);
	return *ret ? 0 : err_errno(err, -errno, "attach to a veth of its own");
}
