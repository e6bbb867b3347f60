# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # sourced by run.sh, which sets these
# Generators in a guest of one CPU in exact mode: virtual time is instructions, so that a rate of N
# packets a second is 10^9 / N instructions a packet. They are all that the CPU did meanwhile: making
# the packet, the veth pair, the receiving side up to the XDP program that drops it, and what the
# guest does besides. Instructions are not time: no caches, no stalls.

exact_kernel=6.1

# value NAME: instructions a packet, of the mean over seeds
instructions() {
	jq -r --arg name "$1" '.cells[] | select(.factors.load == $name)
		| 1e9 / (.series[] | select(.name == "delivered") | .mean)' "$work/exact/summary.json"
}

bench_instructions() { # what, ours, peer
	row "$1" "$(calc %.0f "$(instructions "$2")")" "$3: $(calc %.0f "$(instructions "$3")")" \
		"$(calc %.2f "$(instructions "$3") / $(instructions "$2")")" ""
}

bench_exact() {
	run_labrun --vm=$exact_kernel --exact --no-charts --out "$work/exact" "$here/pktgen.json" || return
	bench_instructions "instructions a packet on $exact_kernel, a million flows" million-flows one-flow
	bench_instructions "- against pktgen" million-flows pktgen
	bench_instructions "- against UDP by sendmmsg, 64 a call" million-flows sendmmsg
}

bench_exact
