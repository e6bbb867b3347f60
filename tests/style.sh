#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Gates: format, functions of at most 80 lines, files of at most 400, include layers, no shelling
# out. Reports beside them what is worth watching: function lengths and the comment share.
set -u

status=0
fail() { echo "style: $*"; status=1; }
mapfile -t files < <(git ls-files '*.c' '*.h')

for file in "${files[@]}"; do
	clang-format --dry-run --Werror "$file" 2>/dev/null || fail "$file: not formatted"
	lines=$(wc -l <"$file")
	[ "$lines" -le 400 ] || fail "$file: $lines lines, at most 400"
	head -1 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || fail "$file: no SPDX line"
done

# Functions: name, file, length
functions=$(ctags --languages=C --kinds-C=f --fields=+ne -f - "${files[@]}" | awk -F'\t' '
	{ first = last = 0
	  for (i = 4; i <= NF; i++) {
		if ($i ~ /^line:/) first = substr($i, 6)
		if ($i ~ /^end:/) last = substr($i, 5) }
	  if (last) print last - first + 1, $1, $2 }' | sort -n)
while read -r length name file; do
	[ "$length" -le 80 ] || fail "$file: $name() has $length lines, at most 80"
done <<<"$functions"

grep -nE '\b(system|popen) *\(' "${files[@]}" && fail "shells out"

# Data goes right only. A base module may be included by all; a stage includes stages to its left.
layer() {
	case $1 in
	harness/cmd*|harness/main*|harness/manual*|harness/session*) echo 9 ;;
	harness/reproduce*|harness/report_page*|harness/verify*|harness/merge*|harness/doctor*) echo 8 ;;
	harness/plot*|harness/vm*|harness/compare*|harness/cpio*|harness/elf_needs*|harness/results*|harness/report_text*|harness/html*|harness/environment*|harness/builds*|harness/spawn*) echo 7 ;;
	harness/run.*|harness/run_*|harness/progress*|harness/journey*|harness/capture*) echo 6 ;;
	harness/summary*|harness/claim*|harness/calibration*|harness/until*|harness/stats*|harness/histogram*) echo 5 ;;
	bpf/generator*|bpf/bpf/generator*) echo 2 ;;
	bpf/*) echo 4 ;;
	loadgen/*.c|topologies/lab*|topologies/build*) echo 3 ;;
	*) echo 0 ;;
	esac
}
for file in "${files[@]}"; do
	case $file in tests/*|harness/kind_*) continue ;; esac
	own=$(layer "$file")
	while read -r included; do
		[ -e "$included" ] || included=$(dirname "$file")/$included
		case $included in bpf/probe.h|bpf/kernel.h|bpf/sink.h|harness/stats.h|harness/claim.h) continue ;; esac
		[ "$(layer "$included")" -le "$own" ] ||
			{ [ "$own" -eq 0 ] && [ "$(dirname "$file")" = "$(dirname "$included")" ] && [ "$(dirname "$file")" = topologies ]; } ||
			fail "$file includes $included, a later stage"
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
done

# A header that nothing holds together alone would hide an include.
for header in $(git ls-files '*.h' | grep -v '^bpf/kernel.h'); do
	lines=$(wc -l <"$header")
	[ "$lines" -le 160 ] || echo "style: note: $header has $lines lines"
done
awk '{ length_of[NR] = $1 } END {
	printf "style: %d functions, median %d lines, p90 %d, longest %d\n",
	       NR, length_of[int((NR + 1) / 2)], length_of[int(NR * 0.9)], length_of[NR] }' <<<"$functions"
[ $status -eq 0 ] && echo "style: ok"
exit $status
