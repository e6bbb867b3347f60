#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Color is for terminals, and only for people who did not say no: https://no-color.org.
. tests/shell/shell_test.sh

escape=$'\033'

on_terminal() { # a command line: what a terminal is sent, without carriage returns before newlines
	script -qec "$1" /dev/null </dev/null | sed 's/\r$//'
}

plain() { # text without what turns color on and off
	sed "s/$escape\[[0-9;]*m//g"
}

faults() { # a command that shows it: the located error of a typo
	echo '{"nam": "x"}' >bad.json
	on_terminal "env -u NO_COLOR $1 '$labrun' check bad.json" || :
}

piped() { # the same into a pipe
	"$labrun" check bad.json 2>&1 || :
}

test_errors() {
	need script bsdutils
	assert_says "$(faults TERM=xterm)" "$escape[1;31merror:$escape[m"
	assert_says "$(faults 'TERM=xterm NO_COLOR=')" "$escape[1;31merror:"
	assert_equal "$(faults 'TERM=xterm NO_COLOR=1')" "$(piped)"
	assert_equal "$(faults 'TERM=xterm NO_COLOR=no')" "$(piped)"
	assert_equal "$(faults TERM=dumb)" "$(piped)"
	assert_equal "$(faults '-u TERM')" "$(piped)"
	assert_equal "$(faults TERM=xterm | plain)" "$(piped)"
	on_terminal "TERM=xterm '$labrun' run nosuch" | awk -v e="$escape" 'index($0, e "[1;31mlabrun:")' |
		grep -q nosuch
}

# Verdicts; and on a terminal that can do nothing no line is written over either.
test_verdicts() {
	need script bsdutils
	[ "$(id -u)" -eq 0 ] || skip_because "measuring needs root"
	on_terminal "env -u NO_COLOR TERM=xterm '$labrun' run --batches 3 --no-charts --out a vxlan" >shown || :
	grep -q "^  $escape\[3[23]m\(holds\|inconclusive\) *$escape\[m \|^  $escape\[1;31mfails *$escape\[m " shown
	on_terminal "env TERM=dumb '$labrun' run --batches 3 --no-charts --out b vxlan" >shown || :
	{ grep -F "$escape" shown || :; } | assert_none "on a dumb terminal"
	on_terminal "env NO_COLOR=1 TERM=xterm '$labrun' verify a" >shown
	assert_equal "$(head -1 shown)" "a: verified"
	on_terminal "env -u NO_COLOR TERM=xterm '$labrun' verify a" >shown
	assert_equal "$(head -1 shown)" "a: $escape[32mverified$escape[m"
	on_terminal "env -u NO_COLOR TERM=xterm '$labrun' compare a b" >shown || :
	grep -q "^$escape\[33minconclusive$escape\[m  " shown
	assert_equal "$(plain <shown)" "$("$labrun" compare a b)"
}

run_tests test_errors test_verdicts
