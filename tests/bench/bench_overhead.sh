# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# All of `labrun run vxlan` against what its load takes by itself: 10 batches of 100 packets, 1 ms
# apart. The parts are differences between runs with and without them.

timed_run() { # name, arguments of `labrun run`...
	local name=$1 out
	shift
	out=$(mktemp -d -u "$work/overhead.XXXXXX")
	"$work/spent" "$work/$name.spent" "$labrun" run --quiet --out "$out" "$@" >"$work/out" 2>&1
	case $? in
	0 | 1) last_out=$out ;;
	*) cannot "labrun run $*: $(tail -1 "$work/out")"; return 1 ;;
	esac
}

wall_ms() { column "$work/$1.spent" 1 >"$work/wall" && median "$work/wall"; }

bench_overhead() {
	local round all charts unprobed bare load_ms=1000

	for ((round = 0; round < rounds; round++)); do
		timed_run all vxlan || return
		"$work/spent" "$work/charts.spent" "$labrun" plot "$last_out" >"$work/out" 2>&1 ||
			{ cannot "labrun plot: $(tail -1 "$work/out")"; return; }
		timed_run unprobed --set 'probes=[]' --set 'claims=[]' vxlan || return
		"$work/spent" "$work/unprobed_charts.spent" "$labrun" plot "$last_out" >"$work/out" 2>&1 ||
			{ cannot "labrun plot: $(tail -1 "$work/out")"; return; }
		timed_run idle --set 'probes=[]' --set 'claims=[]' --iterations 1 --set warmup=1 vxlan || return
	done
	all=$(wall_ms all) charts=$(wall_ms charts)
	unprobed=$(calc %f "$(wall_ms unprobed) - $(wall_ms unprobed_charts)")
	bare=$(calc %f "$(wall_ms idle) - $(wall_ms unprobed_charts)")
	column "$work/all.spent" 1 >"$work/all.wall"
	row "labrun run vxlan, best (median) of $rounds" "$(best_and_median "$work/all.wall")" \
		"its load $(calc '%.2f s' $load_ms/1000)" \
		"$(calc %.2f "$(best "$work/all.wall") / $load_ms")" "below 1.5"
	part "charts" "$(calc '%.2f s' "$charts / 1000")"
	part "probes: load, calibrate, attach, match" "$(calc '%.2f s' "($all - $charts - $unprobed) / 1000")"
	part "10 builds, and whatever else there is without a load" "$(calc '%.2f s' "$bare / 1000")"
	part "load and warm-up" "$(calc '%.2f s' "($unprobed - $bare) / 1000")"
	part "processor time, its children's too" "$(column "$work/all.spent" 2 >"$work/user"; column "$work/all.spent" 3 >"$work/sys"
		calc '%.2f s user, %.2f s system' "$(median "$work/user") / 1000, $(median "$work/sys") / 1000")"
}

bench_overhead
