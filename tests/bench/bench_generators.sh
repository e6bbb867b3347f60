# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # sourced by run.sh, which sets these
# The load xdp's generator beside the barest loop over live frames there can be, and beside other
# ways to send, in frames of 60 bytes unless said otherwise. Rates are what arrived in the wall's
# time; each is the best of the rounds, and so is the CPU's time for a frame.

tools=$(dirname "$labrun")/tests/bench

# value NAME COLUMN
value() { awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$work/generators"; }

# rate NAME: both figures of one sender
rate() {
	local lost
	lost=$(value "$1" 4)
	printf '%.2f Mpps, %.0f ns CPU' "$(value "$1" 2)" "$(value "$1" 3)"
	[ "$lost" -eq 0 ] || printf ', %d lost' "$lost"
}

# In the ratio of rates more is better, and likewise in that of CPU's times, peer by ours.
bench_beside() { # what, ours, peer, aim
	[ -n "$(value "$3" 2)" ] || { row "$1" "$(rate "$2")" "$3: not installed" "" "$4"; return; }
	row "$1" "$(rate "$2")" "$3: $(rate "$3")" \
		"$(calc '%.2f (CPU %.2f)' "$(value "$2" 2) / $(value "$3" 2), $(value "$3" 3) / $(value "$2" 3)")" "$4"
}

# span NANOSECONDS
span() { awk -v ns="$1" 'BEGIN { if (ns < 10000) printf "%d ns", ns; else printf "%.1f us", ns / 1000 }'; }

bench_paced() { # name, what, pps, aim
	row "- at $2: rate; lateness p50, p99, max" \
		"$(value "$1" 2) Mpps; $(span "$(value "$1" 5)"), $(span "$(value "$1" 6)"), $(span "$(value "$1" 7)")" "" \
		"$(calc %.5f "$(value "$1" 2) * 1e6 / $3")" "$4"
}

bench_rates() {
	if [ ! -x "$tools/generators" ]; then
		cannot "$tools/generators is not built: make bench"
		return
	fi
	"$tools/generators" "${BENCH_PACKETS:-1000000}" "$rounds" >"$work/generators" 2>"$work/out" ||
		{ cannot "generators: $(why)"; return; }
	bench_beside "a million flows, stamps, checksums" million-flows bare ">= 0.90"
	bench_beside "- in random order" million-flows-random bare ">= 0.90"
	bench_beside "- TCP over IPv6, 90 bytes" million-flows-tcp-ipv6 bare ">= 0.90"
	bench_beside "- 1514 bytes" million-flows-1514 bare-1514 ">= 0.90"
	bench_beside "- against one flow" million-flows one-flow ">= 0.90"
	bench_beside "- on two CPUs against one" two-threads million-flows ">= 1.7"
	bench_beside "- against trafgen" million-flows trafgen ">= 8"
	bench_beside "- against AF_PACKET, TX ring" million-flows af-packet ""
	bench_beside "- against AF_XDP, copy mode" million-flows af-xdp ""
	bench_beside "- against UDP by sendmmsg, 64 a call" million-flows sendmmsg ""
	bench_paced paced-10kpps "10 kpps" 10000 "within 0.1 %; p99 < 1 us"
	bench_paced paced-100kpps "100 kpps" 100000 "within 0.1 %; p99 < 1 us"
	bench_paced paced-1Mpps "1 Mpps" 1000000 "within 0.1 %"
	bench_paced paced-3Mpps "3 Mpps" 3000000 ""
}

# held SINK FLOWS PACKETS: sets `total` and `maps`, bytes at the peak of all of labrun's processes
held() {
	local resident
	[ -x "$tools/held" ] || { cannot "$tools/held is not built: make bench"; return 1; }
	LABRUN=$labrun "$tools/held" load --kind xdp --from sender --to receiver --rate max --quiet \
		--sink "$1" --flows "$2" --count "$3" veth >"$work/held" 2>"$work/out" ||
		{ cannot "held: $(why)"; return 1; }
	read -r resident maps <"$work/held"
	total=$((resident + maps))
}

bench_held() { # what, sink, flows, packets, peer's name, flows, packets, aim
	local peer

	held "$2" "$6" "$7" || return
	peer=$total
	held "$2" "$3" "$4" || return
	row "$1" "$(calc '%.1f MiB, %.1f MiB of it BPF' "$total / 1048576, $maps / 1048576")" \
		"$5: $(calc '%.1f MiB' "$peer / 1048576")" \
		"$(calc '%+.1f MiB' "($total - $peer) / 1048576")" "$8"
}

bench_memory() {
	bench_held "memory of labrun load, a million flows" \
		xdp_drop 1000000 1000000 "one flow" 1 1000000 "< 64 MiB"
	bench_held "- each flow's order checked at the sink" \
		stamped 1000000 1000000 "one flow" 1 1000000 "< 64 MiB"
	bench_held "- ten million packets of a million flows" \
		xdp_drop 1000000 10000000 "a million packets" 1000000 1000000 "no more"
}

bench_rates
bench_memory
