#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs every test program of a build and ends with one line that counts. A program that dies
# counts as a failure, and so does one whose result cannot be read.
set -u

build=$1
passed=0 failed=0 skipped=0
reasons=""

count() { # output, marker: the number in cmocka's "[  MARKER  ] N test(s)"
	sed -n "s/^\[ *$2 *\] \([0-9]*\) test(s).*/\1/p" <<<"$1" | tail -1
}

run_one() {
	local program=$1 output status p f s
	output=$(timeout -k 10 "${LABRUN_TEST_TIMEOUT:-600}" "$@" 2>&1)
	status=$?
	p=$(count "$output" PASSED) f=$(count "$output" FAILED) s=$(count "$output" SKIPPED)
	# Skipped as a whole, before any of its tests.
	if [ $status -eq 77 ] && [ -z "$p$f" ]; then
		p=0 s=1
	elif [ -z "$p" ] || { [ $status -ne 0 ] && [ -z "$f" ]; }; then
		f=$((${f:-0} + 1))
	fi
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
	printf '%-28s %3d passed, %d failed, %d skipped\n' "$(basename "$program")" \
		"${p:-0}" "${f:-0}" "${s:-0}"
	[ "${f:-0}" -eq 0 ] || printf '%s\n' "$output"
	reasons+=$(sed -n "s/^SKIP: /  $(basename "$program"): /p" <<<"$output")
	[ -z "${s:-}" ] || reasons+=$'\n'
}

for folder in ${LABRUN_TEST_FOLDERS:-unit netns vm shell}; do
	for source in tests/"$folder"/test_*.c; do
		[ -e "$source" ] && run_one "$build/${source%.c}"
	done
	for source in tests/"$folder"/test_*.sh; do
		[ -e "$source" ] && run_one "$source" "$build"
	done
done
[ -z "$reasons" ] || printf 'skipped because:\n%s' "$reasons"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
