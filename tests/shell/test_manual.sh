#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual pages: proper mdoc, readable by both readers there are, whole, and true.
. tests/shell/shell_test.sh

pages="labrun experiment topology"

render() { # page: as text of 80 columns, without overstriking
	"$labrun" describe --man "$1" | mandoc -T ascii -O width=78 | col -bx
}

section() { # page, its section: the lines of it
	render "$1" | awk -v name="$2" '/^[A-Z]/ { shown = $0 == name; next } shown'
}

test_lint() {
	local page said
	need mandoc mandoc
	for page in $pages; do
		"$labrun" describe --man "$page" >page
		said=$(mandoc -T lint -W warning page) || fail "$page: $said"
		assert_equal "$said" ""
		LC_ALL=C awk '/[^ -~]/' page | assert_none "not ASCII"
	done
}

# groff is the other reader; what it warns of goes to stderr.
test_groff() {
	local page
	need man man-db
	for page in $pages; do
		"$labrun" describe --man "$page" >page
		LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l page >text 2>said </dev/null
		assert_equal "$(cat said)" ""
		[ "$(wc -l <text)" -gt 100 ]
	done
}

test_sections() {
	local page name
	need mandoc mandoc
	for page in $pages; do
		render "$page" >text
		for name in NAME SYNOPSIS DESCRIPTION EXAMPLES "SEE ALSO"; do
			grep -qx "$name" text || fail "$page has no $name"
		done
	done
	render labrun >text
	for name in OPTIONS ENVIRONMENT FILES "EXIT STATUS"; do
		grep -qx "$name" text || fail "labrun has no $name"
	done
	awk 'length > 80' text | assert_none "too wide"
}

# What roff would take for its own comes out as it was written.
test_escapes() {
	need mandoc mandoc
	render labrun >text
	grep -qF -- '--set PATH=VALUE' text
	grep -qF -- '--vm[=KERNEL,...]' text
	grep -qF -- "labrun run --set load.interval_us=500 --batches 20 routed" text
	grep -qF -- 'DIR.partial' text
	grep -qF -- '~/.cache/labrun' text
	render experiment >text
	grep -qF -- '{"label", "set": {path: value}}' text
}

# Every verb with its options, every field and kind.
test_whole() {
	local verb option name
	need mandoc mandoc
	render labrun >text
	for verb in $("$labrun" --help | sed -n 's/^  \([a-z]\+\) .*/\1/p'); do
		grep -qE "^     $verb( |$)" text || fail "no verb $verb"
		for option in $("$labrun" "$verb" --help | { grep -oE '^  --[a-z-]+' || :; }); do
			grep -qF -- "$option" text || fail "$verb: no $option"
		done
	done
	for name in experiment topology; do
		render $name >text
		for option in $("$labrun" describe $name | grep -oE '^ *[a-z_0-9]+  '); do
			grep -qE "^ +$option( |$)" text || fail "$name: no field $option"
		done
	done
}

# The examples are files that check passes.
test_examples() {
	need mandoc mandoc
	mkdir topologies
	section experiment EXAMPLES >two-routers.json
	section topology EXAMPLES >topologies/two-routers.json
	assert_equal "$("$labrun" check two-routers.json)" "two-routers.json: valid"
	section labrun EXAMPLES | sed -n 's/^ *labrun run .* \([a-z]\+\)$/\1/p' | sort -u >names
	[ -s names ]
	xargs "$labrun" check <names >/dev/null
}

test_usage() {
	local status=0
	"$labrun" describe --man nosuch >out 2>said || status=$?
	assert_equal $status 2
	assert_equal "$(cat out)" ""
	assert_says "$(cat said)" "--man is for"
}

run_tests test_lint test_groff test_sections test_escapes test_whole test_examples test_usage
