# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What being watched adds to a round trip: client - router - server, without probes, with labrun's,
# and with bpftrace printing the same six tracepoints (tracer.bt). The load and its clock are the
# same in all three. Each round has all three, in turning order, and differences are taken within it.

router_file=$here/router.json

p50_of() { jq -r '.cells[0].series[] | select(.name == "rtt") | .p50' "$1/summary.json"; }

# tracefs, where tracepoints are found, is not mounted everywhere; here only bpftrace sees it.
start_tracer() {
	local tries=0

	unshare -m sh -c 'mount -t tracefs none /sys/kernel/tracing; exec "$@"' sh \
		bpftrace "$here/tracer.bt" >"$work/trace" 2>"$work/trace.err" &
	tracer_pid=$!
	until grep -q '^ready' "$work/trace"; do
		tries=$((tries + 1))
		if [ $tries -gt 150 ] || ! kill -0 "$tracer_pid" 2>/dev/null; then
			cannot "bpftrace: $(tail -1 "$work/trace.err")"
			return 1
		fi
		sleep 0.1
	done
}

stop_tracer() {
	kill -INT "$tracer_pid"
	wait "$tracer_pid"
	tracer_pid=""
}

measure() { # condition, round
	local out=$work/tracing.$1.$2

	case $1 in
	off) run_labrun --out "$out" --set 'probes=[]' "$router_file" || return ;;
	hops) run_labrun --out "$out" "$router_file" || return ;;
	bpftrace)
		start_tracer || return
		run_labrun --out "$out" --set 'probes=[]' "$router_file" || return
		stop_tracer
		grep -c '^\[' "$work/trace" >>"$work/bpftrace.events"
		! grep -q '^Lost' "$work/trace" "$work/trace.err" || echo lost >>"$work/bpftrace.lost"
		;;
	esac
	p50_of "$out" >>"$work/$1.p50"
}

# Warm-up packets are printed too, and one that waits for the path.
packets_of() { # folder
	jq '.batches * (.iterations + .warmup + 1)' "$1/experiment.json"
}

events_of() { # folder: labrun's events for each packet
	awk -F, '$3 == "hops.events" { events += $4 } $3 == "sent" { sent += $4 } END { printf "%.1f", events / sent }' \
		"$1/counters.csv"
}

# What a condition adds: the difference of the best p50s, which disturbances touch least; and the
# median of the rounds' own differences.
added_best() { calc %f "$(best "$work/$1.p50") - $(best "$work/off.p50")"; }
added_median() {
	paste -d' ' "$work/off.p50" "$work/$1.p50" | awk '{ print $2 - $1 }' >"$work/$1.added"
	median "$work/$1.added"
}
added() { calc '%.2f us (%.2f)' "$(added_best "$1") / 1000, $(added_median "$1") / 1000"; }

tell_probe_cost() {
	local name

	for name in event_ns empty_ns; do
		jq ".cells[0].probe_cost.$name.mean" "$work"/tracing.hops.*/summary.json >"$work/$name"
	done
	row "one event over loopback (probe_cost)" "$(calc '%.0f ns' "$(median "$work/event_ns")")" \
		"empty program $(calc '%.0f ns' "$(median "$work/empty_ns")")" \
		"$(calc %.2f "$(median "$work/event_ns") / $(median "$work/empty_ns")")" "at most 1.75"
}

tell_tracing() {
	local hops peer events peer_events lost=""

	hops=$(added_best hops) peer=$(added_best bpftrace)
	events=$(events_of "$work/tracing.hops.0")
	peer_events=$(calc %.1f "$(median "$work/bpftrace.events") / $(packets_of "$work/tracing.off.0")")
	[ ! -e "$work/bpftrace.lost" ] || lost=", some lost"
	row "tracing adds to a round trip of $(calc '%.2f us' "$(best "$work/off.p50") / 1000") (p50), best (median) of $rounds" \
		"$(added hops)" "bpftrace $(added bpftrace)" \
		"$(calc %.3f "$hops / $peer")" "at most 2 us; 0.05"
	# Both stand at the same tracepoints; bpftrace prints what others send besides.
	row "- events in a round trip" "$events" "$peer_events printed a packet$lost" "" "16"
	row "- added for each event" "$(calc '%.0f ns' "$hops / $events")" \
		"$(calc '%.0f ns' "$peer / $events")" "" ""
	tell_probe_cost
}

bench_tracing() {
	local round condition
	local -a order=(off hops bpftrace)

	command -v bpftrace >/dev/null || { cannot "bpftrace is not installed"; return; }
	for ((round = 0; round < rounds; round++)); do
		for condition in "${order[@]}"; do
			measure "$condition" "$round" || return
		done
		order=("${order[@]:1}" "${order[0]}")
	done
	tell_tracing
}

bench_tracing
