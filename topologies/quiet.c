// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "topologies/lab_internal.h"
#include "topologies/netns.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/*
 * A fresh namespace copies some of this from the host's first one, and the host's choices must not
 * show in a measurement. As few as will do: in the presence of n other namespaces the kernel's
 * search for one of these files takes n steps, which for 1000 nodes is 0.2 s a setting. What keeps
 * a device without IPv6 addresses quiet is therefore set by netlink: see rtnl_set_no_link_local().
 */
struct setting {
	const char *name, *value;
	bool ipv6; /* only for nodes that have IPv6 addresses */
};

static const struct setting settings[] = {
	{ "ipv4/conf/all/rp_filter", "0", false },
	{ "ipv4/conf/default/rp_filter", "0", false },
	{ "ipv4/ip_forward", "0", false },
	{ "ipv6/conf/all/disable_ipv6", "0", true },
	{ "ipv6/conf/default/disable_ipv6", "0", true },
	/*
	 * Joining the solicited-node group of each address is reported twice (RFC 3810, 6.1), and
	 * nothing turns that off; so the two follow at once and are over when quiet_settle() is.
	 */
	{ "ipv6/conf/default/mldv2_unsolicited_report_interval", "1", true },
};

/* Fresh namespaces are all alike: what the first one has already need not be written to any. */
struct quiet {
	bool known[ARRAY_SIZE(settings)], skip[ARRAY_SIZE(settings)];
};

struct quiet *quiet_new(struct arena *arena)
{
	return arena_alloc(arena, sizeof(struct quiet));
}

static void find_out(struct quiet *quiet, size_t index)
{
	const struct setting *setting = &settings[index];
	char value[64];
	int code = netns_sysctl_read(setting->name, value, sizeof(value));

	quiet->known[index] = true;
	quiet->skip[index] = code == 0 && strcmp(value, setting->value) == 0;
}

int quiet_apply(struct quiet *quiet, bool ipv6, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int code;

		if (settings[i].ipv6 && !ipv6)
			continue;
		if (!quiet->known[i])
			find_out(quiet, i);
		if (quiet->skip[i])
			continue;
		code = netns_sysctl_write(settings[i].name, settings[i].value);
		if (code < 0)
			return err_errno(err, code, "write %s to /proc/sys/net/%s",
					 settings[i].value, settings[i].name);
	}
	return 0;
}

/*
 * A report waits for the next tick but two at most (mld_ifc_start_work), there are two for the
 * groups' start and two for their change, and the carrier comes up by a work item before that:
 * under 20 ticks in all, 200 ms at 100 Hz. Nothing to wait on shows when the last has gone.
 */
void quiet_settle(void)
{
	struct timespec left = { .tv_nsec = 200 * 1000 * 1000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}
