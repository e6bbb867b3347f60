// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/offloads.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

struct offload {
	const char *name;
	size_t offset;
	uint32_t set, get;
};

#define OFFLOAD(member, command)                                                                   \
	{                                                                                          \
		.name = #member, .offset = offsetof(struct topo_offloads, member),                 \
		.set = ETHTOOL_S##command, .get = ETHTOOL_G##command                               \
	}

/* Those first that others need: segmentation wants scatter-gather and checksums. */
static const struct offload offloads_table[] = {
	OFFLOAD(sg, SG),
	OFFLOAD(tx_checksum, TXCSUM),
	OFFLOAD(rx_checksum, RXCSUM),
	OFFLOAD(tso, TSO),
	OFFLOAD(gso, GSO),
	OFFLOAD(gro, GRO),
};

/* 1: on, 0: off, -1: as it is. */
static int wish(const struct topo_offloads *offloads, const struct offload *offload)
{
	int value;

	memcpy(&value, (const char *)offloads + offload->offset, sizeof(value));
	return value - OFFLOAD_OFF;
}

bool offloads_wanted(const struct topo_offloads *offloads)
{
	for (size_t i = 0; i < ARRAY_SIZE(offloads_table); i++)
		if (wish(offloads, &offloads_table[i]) >= 0)
			return true;
	return false;
}

static int ethtool_request(int socket_fd, const char *device, void *request)
{
	struct ifreq ifreq = { .ifr_data = request };

	snprintf(ifreq.ifr_name, sizeof(ifreq.ifr_name), "%s", device);
	return ioctl(socket_fd, SIOCETHTOOL, &ifreq) < 0 ? -errno : 0;
}

static int ethtool(int socket_fd, const char *device, uint32_t command, uint32_t *value)
{
	struct ethtool_value request = { .cmd = command, .data = *value };
	int code = ethtool_request(socket_fd, device, &request);

	*value = request.data;
	return code;
}

static int set_all(int socket_fd, const char *device, const struct topo_offloads *offloads,
		   struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(offloads_table); i++) {
		const struct offload *offload = &offloads_table[i];
		int wanted = wish(offloads, offload), code;
		uint32_t value = wanted > 0;

		if (wanted < 0)
			continue;
		code = ethtool(socket_fd, device, offload->set, &value);
		if (code < 0)
			return err_errno(err, code, "turn %s %s on '%s'", offload->name,
					 wanted ? "on" : "off", device);
	}
	return 0;
}

/* The kernel accepts a wish and drops it silently where another offload that it needs is off. */
static int check_all(int socket_fd, const char *device, const struct topo_offloads *offloads,
		     struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(offloads_table); i++) {
		const struct offload *offload = &offloads_table[i];
		int wanted = wish(offloads, offload), code;
		uint32_t value = 0;

		if (wanted < 0)
			continue;
		code = ethtool(socket_fd, device, offload->get, &value);
		if (code < 0)
			return err_errno(err, code, "read %s of '%s'", offload->name, device);
		if ((value != 0) != (wanted != 0))
			return err_set(err, -EOPNOTSUPP, "turn %s %s on '%s': it stays %s",
				       offload->name, wanted ? "on" : "off", device,
				       value ? "on" : "off");
	}
	return 0;
}

int offloads_set(const char *device, const struct topo_offloads *offloads, struct err *err)
{
	_close_ int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code;

	if (socket_fd < 0)
		return err_errno(err, -errno, "offloads of '%s': socket", device);
	code = set_all(socket_fd, device, offloads, err);
	return code < 0 ? code : check_all(socket_fd, device, offloads, err);
}

int offloads_read(const char *device, struct offloads_state *ret, struct err *err)
{
	_close_ int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	uint32_t gro = 0;
	int code;

	if (socket_fd < 0)
		return err_errno(err, -errno, "offloads of '%s': socket", device);
	code = ethtool(socket_fd, device, ETHTOOL_GGRO, &gro);
	if (!code)
		code = ethtool_request(socket_fd, device, &channels);
	if (code < 0)
		return err_errno(err, code, "read GRO and queues of '%s'", device);
	*ret = (struct offloads_state){
		.gro = gro,
		.rx_queues = channels.rx_count + channels.combined_count,
		.tx_queues = channels.tx_count + channels.combined_count,
	};
	return 0;
}
