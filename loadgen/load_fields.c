// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/load.h"

#define ETHERNET_HEADER_BYTES 14

static const char *const families[] = { "ipv4", "ipv6", NULL };

/* In the order of enum load_sink. */
static const char *const sinks[] = { "auto", "socket", "xdp_drop", "stamped", NULL };

const struct field load_common_fields[] = {
	{
		.name = "from",
		.type = FIELD_NAME,
		.offset = offsetof(struct load_common, from),
		.help = "The node that sends.",
	},
	{
		.name = "to",
		.type = FIELD_NAME,
		.offset = offsetof(struct load_common, to),
		.help = "The node that answers or receives.",
	},
	{
		.name = "address",
		.type = FIELD_ADDRESS,
		.offset = offsetof(struct load_common, address),
		.optional = true,
		.help = "Where packets are sent to, if not to the first address of `to`.",
	},
	{
		.name = "family",
		.type = FIELD_CHOICE,
		.offset = offsetof(struct load_common, family),
		.fallback = "\"ipv4\"",
		.choices = families,
		.help = "Which of the nodes' addresses are used.",
	},
	{
		.name = "sink",
		.type = FIELD_CHOICE,
		.offset = offsetof(struct load_common, sink),
		.fallback = "\"auto\"",
		.choices = sinks,
		.help = "Where one-way packets end: at the load's own socket, at an XDP program "
			"that "
			"counts them, or at one that checks every byte, order and duplicates; "
			"auto: "
			"the socket, or xdp_drop if the load has none.",
	},
	{
		.name = "rate",
		.type = FIELD_RATE,
		.offset = offsetof(struct load_common, rate),
		.optional = true,
		.help = "How fast, in place of interval_us: \"10kpps\", \"1.5Mpps\", \"300Mbit\" "
			"(of "
			"frames without FCS), or \"max\".",
	},
	{
		.name = "interval_us",
		.type = FIELD_UINT,
		.offset = offsetof(struct load_common, interval_us),
		.optional = true,
		.min = 0,
		.max = 60000000,
		.unit = "us",
		.help = "Time between intended sends, 1000 if there is no rate; 0: each as soon as "
			"the last is answered.",
	},
	{
		.name = "timeout_ms",
		.type = FIELD_UINT,
		.offset = offsetof(struct load_common, timeout_ms),
		.fallback = "1000",
		.min = 1,
		.max = 60000,
		.unit = "ms",
		.help = "How long after its request a reply still counts.",
	},
	FIELD_END,
};

bool load_expects_reply(const struct load_ops *ops, const void *params)
{
	return !ops->expects_reply || ops->expects_reply(params);
}

const char *load_choose_sink(const struct load_ops *ops, const struct load_common *common,
			     const void *params, enum load_sink *ret)
{
	bool answered = load_expects_reply(ops, params);

	*ret = (enum load_sink)common->sink;
	if (*ret == LOAD_SINK_AUTO)
		*ret = answered || ops->listen ? LOAD_SINK_SOCKET : LOAD_SINK_XDP_DROP;
	if (answered && *ret != LOAD_SINK_SOCKET)
		return "its packets are answered: only those of a one-way load can end in a sink";
	if (!answered && !ops->listen && *ret == LOAD_SINK_SOCKET)
		return "it has no receiver of its own: xdp_drop or stamped";
	return NULL;
}

bool load_has_receiver(const struct load_ops *ops, enum load_sink sink)
{
	return ops->listen && sink <= LOAD_SINK_SOCKET;
}

uint64_t load_driver_cpu(const struct load_ops *ops, const struct load_pass *pass)
{
	return pass->cpus && !ops->thread_count ? pass->cpus->load : CPU_ANY;
}

uint64_t load_receiver_cpu(const struct load_pass *pass)
{
	return pass->cpus ? pass->cpus->receiver : CPU_ANY;
}

uint64_t load_first_cpu(const struct load_pass *pass)
{
	return pass->cpus && pass->cpus->load != CPU_ANY ? pass->cpus->load : 0;
}

uint64_t load_thread_count(const struct load_ops *ops, const void *params)
{
	return ops->thread_count ? ops->thread_count(params) : 1;
}

bool load_is_bulk(const struct load_ops *ops, const struct load_common *common, const void *params)
{
	return ops->is_bulk && ops->is_bulk(common, params);
}

uint64_t load_interval_ps(const struct load_ops *ops, const struct load_common *common,
			  const void *params)
{
	if (common->rate.unit == RATE_NONE)
		return common->interval_us * 1000000;
	if (ops->rate_bytes)
		return quantity_interval_ps(&common->rate, ops->rate_bytes(common, params));
	return quantity_interval_ps(&common->rate,
				    ops->packet_bytes(common, params) + ETHERNET_HEADER_BYTES);
}
