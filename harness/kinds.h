/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Every kind there is. A new one is its own file and one word here: validation, `labrun list`,
 * `describe`, the JSON Schema and the tests follow from the tables.
 */

#define DEVICE_KINDS(X) X(bridge) X(vxlan) X(vlan) X(macvlan) X(ipvlan) X(dummy)
#define FEATURE_KINDS(X) X(forward) X(masquerade) X(firewall) X(sysctl) X(proxy)
#define PROBE_KINDS(X) X(hops) X(chain) X(sync) X(usage)
#define LOAD_KINDS(X) X(ping) X(udp) X(tcp) X(xdp) X(pktgen) X(services)
#define CLAIM_KINDS(X) X(order) X(ratio) X(within) X(flat) X(linear) X(crossover)

#define KIND_INDEX_device(name) DEVICE_##name,
#define KIND_INDEX_feature(name) FEATURE_##name,

enum device_index { DEVICE_KINDS(KIND_INDEX_device) DEVICE_COUNT };
enum feature_index { FEATURE_KINDS(KIND_INDEX_feature) FEATURE_COUNT };
