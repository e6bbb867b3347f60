# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # sourced by run.sh, which sets these
# The load xdp's generator beside the barest loop over live frames there can be, and beside trafgen.

generators=$(dirname "$labrun")/tests/bench/generators

# value NAME COLUMN
value() { awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$work/generators"; }

# rate NAME: both figures of one sender
rate() { printf '%.2f Mpps, %.0f ns CPU' "$(value "$1" 2)" "$(value "$1" 3)"; }

bench_beside() { # what, ours, peer, by which column, aim
	local ratio

	[ -n "$(value "$3" 2)" ] || { row "$1" "$(rate "$2")" "$3: not installed" "" "$5"; return; }
	if [ "$4" = cpu ]; then
		ratio=$(calc %.2f "$(value "$3" 3) / $(value "$2" 3)")
	else
		ratio=$(calc %.2f "$(value "$2" 2) / $(value "$3" 2)")
	fi
	row "$1" "$(rate "$2")" "$3: $(rate "$3")" "$ratio" "$5"
}

bench_paced() { # name, pps
	row "$1: rate, lateness p50 / p99 / max" \
		"$(value "$1" 2) Mpps, $(value "$1" 5) / $(value "$1" 6) / $(value "$1" 7) ns" "" \
		"$(calc %.5f "$(value "$1" 2) * 1e6 / $2")" "within 0.1 %"
}

if [ ! -x "$generators" ]; then
	cannot "$generators is not built: make bench"
elif ! "$generators" "${BENCH_PACKETS:-1000000}" "$rounds" >"$work/generators" 2>"$work/out"; then
	cannot "generators: $(why)"
else
	bench_beside "a million flows, stamps, checksums: CPU" million-flows bare cpu ">= 0.90"
	bench_beside "- in random order: CPU" million-flows-random bare cpu ">= 0.90"
	bench_beside "- TCP over IPv6: CPU" million-flows-tcp-ipv6 bare cpu ">= 0.90"
	bench_beside "- frames of 1514 bytes: CPU" million-flows-1514 bare-1514 cpu ">= 0.90"
	bench_beside "a million flows against one: rate" million-flows one-flow rate ">= 0.90"
	bench_beside "two threads against one: rate" two-threads million-flows rate ">= 1.7"
	bench_beside "against trafgen: CPU" million-flows trafgen cpu ">= 8"
	bench_paced paced-10kpps 10000
	bench_paced paced-100kpps 100000
	bench_paced paced-1Mpps 1000000
	bench_paced paced-3Mpps 3000000
fi
