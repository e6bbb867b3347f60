# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# All of `labrun run vxlan` against what its load takes by itself: 10 batches of 100 packets, 1 ms
# apart. Beside it the same without probes, and without a load either, each as measured: differences
# between such runs do not add up (they left the load less time than its schedule takes).

timed_run() { # name, arguments of `labrun run`...
	local name=$1 out
	shift
	out=$(mktemp -d -u "$work/overhead.XXXXXX")
	"$work/spent" "$work/$name.spent" "$labrun" run --quiet --out "$out" "$@" >"$work/out" 2>&1
	case $? in
	0 | 1) last_out=$out ;;
	*) cannot "labrun run $*: $(why)"; return 1 ;;
	esac
}

bench_overhead() {
	local round name load_ms=1000

	for ((round = 0; round < rounds; round++)); do
		timed_run all vxlan || return
		"$work/spent" "$work/charts.spent" "$labrun" plot "$last_out" >"$work/out" 2>&1 ||
			{ cannot "labrun plot: $(why)"; return; }
		timed_run unprobed --set 'probes=[]' --set 'claims=[]' vxlan || return
		timed_run idle --set 'probes=[]' --set 'claims=[]' --iterations 1 --set warmup=1 vxlan || return
	done
	for name in all charts unprobed idle; do
		column "$work/$name.spent" 1 >"$work/$name.wall"
	done
	row "labrun run vxlan, best (median) of $rounds" "$(best_and_median "$work/all.wall")" \
		"its load $(calc '%.2f s' $load_ms/1000)" \
		"$(calc %.2f "$(best "$work/all.wall") / $load_ms")" "below 1.5"
	part "labrun plot of it, alone" "$(best_and_median "$work/charts.wall")"
	part "labrun run without probes" "$(best_and_median "$work/unprobed.wall")"
	part "labrun run without probes, 1 packet a batch" "$(best_and_median "$work/idle.wall")"
	part "processor time, its children's too" "$(column "$work/all.spent" 2 >"$work/user"; column "$work/all.spent" 3 >"$work/sys"
		calc '%.2f s user, %.2f s system' "$(median "$work/user") / 1000, $(median "$work/sys") / 1000")"
}

bench_overhead
