#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Measures labrun against named peers, all in one run and interleaved, and prints one table. A time
# is never asserted: what a machine shared with others shows is for people to judge. The status is 0
# unless something could not be run.
#
#   tests/bench/run.sh LABRUN [topology] [tracing] [overhead] [path] [generators] [exact]
#
# BENCH_ROUNDS (5) is how often each thing is measured.
set -u

labrun=$(realpath "${1:?usage: run.sh LABRUN [BENCH...]}") || exit 1
shift
here=$(realpath "$(dirname "$0")")
root=$(realpath "$here/../..")
rounds=${BENCH_ROUNDS:-5}
status=0
tracer_pid=""
work=$(mktemp -d "${TMPDIR:-/tmp}/labrun-bench.XXXXXX") || exit 1
# A build outside of the tree does not find the tree's data by itself.
export LABRUN_DATA=${LABRUN_DATA:-$root}

cleanup() {
	[ -z "$tracer_pid" ] || kill "$tracer_pid" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Sourced files use what follows.
# shellcheck disable=SC2317
say() { echo "bench: $*" >&2; }
cannot() { say "could not run: $*"; status=1; }
row() { printf '| %s | %s | %s | %s | %s |\n' "$@" >>"$work/table"; }
# Rows without a ratio or an aim of their own: what the row above is made of.
part() { row "- $1" "$2" "" "" ""; }

best() { sort -n "$1" | awk 'NR == 1 { print $1 }'; }
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
column() { awk -v column="$2" '{ print $column }' "$1"; }
# calc FORMAT EXPRESSION: of numbers only
calc() { awk "BEGIN { printf \"$1\", $2 }"; }
# "1.23 s (1.30)": the best and the median of milliseconds
best_and_median() { calc "%.2f s (%.2f)" "$(best "$1") / 1000, $(median "$1") / 1000"; }

# What a command said of its failure
why() { grep -m1 -E 'failed:|labrun:|rror' "$work/out" || tail -1 "$work/out"; }

# 0 and 1 (a claim does not hold) are measurements, anything else is none.
run_labrun() { # arguments of `labrun run`
	local code=0

	"$labrun" run --quiet "$@" >"$work/out" 2>&1 || code=$?
	[ "$code" -le 1 ] || { cannot "labrun run $*: status $code: $(why)"; return 1; }
}

for need in jq unshare nsenter ip "${CC:-gcc}"; do
	command -v "$need" >/dev/null || { say "could not run: $need is not installed"; exit 1; }
done
[ "$(id -u)" -eq 0 ] || { say "could not run: only root may trace and make namespaces"; exit 1; }
for tool in spent floor; do
	"${CC:-gcc}" -std=gnu11 -O2 -D_GNU_SOURCE -o "$work/$tool" "$here/$tool.c" || exit 1
done

[ $# -gt 0 ] || set -- topology tracing overhead path generators exact
for bench; do
	[ -e "$here/bench_$bench.sh" ] || { cannot "no bench \"$bench\""; continue; }
	say "$bench ($rounds rounds; load average $(cut -d' ' -f1 /proc/loadavg))"
	# shellcheck source=/dev/null
	. "$here/bench_$bench.sh"
done

echo
echo "| what | labrun | peer | ratio | aim |"
echo "|---|---|---|---|---|"
cat "$work/table" 2>/dev/null
exit $status
