#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes results/reference/<kernel>/<experiment>/ again, from exact runs: about 30 s each.
#
#   tests/reference.sh [EXPERIMENT...]     LABRUN=build/labrun KERNEL=6.1 FOLDER=results/reference
set -eu

labrun=${LABRUN:-build/labrun}
kernel=${KERNEL:-6.1}
folder=${FOLDER:-results/reference}/$kernel
[ $# -gt 0 ] || set -- bridge nat routed uplink vxlan vxlan-direct
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for name; do
	run=$work/$name
	to=$folder/$name
	status=0
	"$labrun" run --vm="$kernel" --exact --no-charts --quiet --out "$run" "$name" \
		>/dev/null || status=$?
	# 1: a claim fails, which is a result like any other.
	[ $status -le 1 ] || exit $status
	rm -rf "$to"
	mkdir -p "$to"
	cp "$run/summary.json" "$run/experiment.json" "$run/topology.json" "$to"
	# The machine around the guest has no part in the digits: not even its name is kept.
	jq '{vm}' "$run/environment.json" >"$to/fingerprint.json"
	# By this name labrun compare asks for it.
	ln -s fingerprint.json "$to/environment.json"
	echo "$to"
done
