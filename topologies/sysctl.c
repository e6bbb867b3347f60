// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"
#include "topologies/netns.h"

#include <stdio.h>

struct setting {
	const char *name, *value;
};

struct sysctl_params {
	struct list net; /* struct setting */
};

static const struct field value_element = {
	.name = "value",
	.type = FIELD_STRING,
	.offset = offsetof(struct setting, value),
	.help = "what is written to it",
};

static const struct field sysctl_fields[] = {
	{ .name = "net",
	  .type = FIELD_MAP,
	  .offset = offsetof(struct sysctl_params, net),
	  .fallback = "{}",
	  .max = 128,
	  .element = &value_element,
	  .size = sizeof(struct setting),
	  .help = "values by name below net., such as {\"ipv4.ip_default_ttl\": \"255\"}: those "
		  "that each network namespace has of its own" },
	FIELD_END
};

static int sysctl_build(struct build_node *node, const void *params, struct err *err)
{
	const struct sysctl_params *sysctl = params;
	const struct setting *settings = sysctl->net.items;

	(void)node;
	for (size_t i = 0; i < sysctl->net.count; i++) {
		char path[160];
		int code;

		snprintf(path, sizeof(path), "%s", settings[i].name);
		for (char *dot = path; *dot; dot++)
			*dot = *dot == '.' ? '/' : *dot;
		code = netns_sysctl_write(path, settings[i].value);
		if (code < 0)
			return err_errno(err, code, "write %s to net.%s", settings[i].value,
					 settings[i].name);
	}
	return 0;
}

const struct feature_ops feature_sysctl = {
	.kind = {
		.name = "sysctl",
		.help = "settings of the node's network stack",
		.example = "\"net\": {\"ipv4.ip_default_ttl\": \"255\"}",
		.fields = sysctl_fields,
		.params_size = sizeof(struct sysctl_params),
	},
	.build = sysctl_build,
};
