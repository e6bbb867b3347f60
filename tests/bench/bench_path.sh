# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What a hop costs on paths of 1 to 64 routers (experiments/path-length.json): of the routers alone,
# and of the whole path, links too, for each router. Means over both directions, of p50, which what
# else runs on the machine moves less than the mean.

bench_path() {
	local out=$work/path routers router whole first_router="" first_whole=""

	run_labrun --out "$out" path-length || return
	jq -r '.cells[] | (.factors.routers | tonumber) as $n
		| [$n, ([.series[] | select(.name | startswith("router")) | .p50] | add / length),
		   ([.series[] | select(.name == "path") | .p50] | add / length / $n)] | @tsv' \
		"$out/summary.json" >"$work/path.tsv"
	while IFS=$'\t' read -r routers router whole; do
		first_router=${first_router:-$router} first_whole=${first_whole:-$whole}
		row "a hop on a path of $routers: router; link and router" \
			"$(calc '%.2f us; %.2f us' "$router / 1000, $whole / 1000")" "path of 1" \
			"$(calc '%.2f; %.2f' "$router / $first_router, $whole / $first_whole")" "flat"
	done <"$work/path.tsv"
}

bench_path
