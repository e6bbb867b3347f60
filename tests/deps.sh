#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what building and testing need and is not there yet (Debian 12).
set -eu

packages="gcc libc6-dev make pkg-config clang libclang-rt-14-dev bpftool libbpf-dev libnl-3-dev
	libnl-route-3-dev libjansson-dev libcmocka-dev nftables iproute2 iputils-ping gnuplot-nox
	fonts-dejavu-core procps tcpdump iptables"
# for --vm: the guests, and unpacking their kernels
packages="$packages qemu-system-x86 xz-utils zstd lz4 debian-archive-keyring"
# for `make style` and `make bench`
packages="$packages clang-format universal-ctags bpftrace jq netsniff-ng"
# the reader of captures
packages="$packages tshark"
# readers of the manual, a shell that completes, checkers of packages and workflows
packages="$packages mandoc man-db groff-base bsdextrautils zsh python3 python3-yaml dpkg-dev"
# A browser to look at reports: 120 MB to fetch and 360 MB on disk, so only when asked for.
[ -z "${LABRUN_DEPS_BROWSER:-}" ] || packages="$packages chromium"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "deps: not a Debian system; these packages' counterparts are needed:" $packages >&2
	exit 0
fi
missing=""
for package in $packages; do
	case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
	*"ok installed") ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing:$missing" >&2
	echo "deps: as root: apt-get install$missing" >&2
	exit 1
fi
echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
apt-get -qq install -y --no-install-recommends $missing >/dev/null 2>&1 || {
	apt-get -qq update
	apt-get -qq install -y --no-install-recommends $missing >/dev/null
}
