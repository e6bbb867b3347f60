#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tutorial is true: its files are written and its commands typed, in an empty folder.
. tests/shell/shell_test.sh

tutorial=$source_tree/docs/tutorial.md

follow() {
	PATH=$build:$PATH "$source_tree/tests/shell/follow.py" "$@"
}

test_tutorial() {
	need python3 python3
	[ "$(id -u)" -eq 0 ] || skip_because "measuring needs root"
	mkdir topologies
	follow "$tutorial" 2>said || fail "$(cat said)"
	[ -s rules/plots/sweep.svg ]
	[ -s office.html ]
	assert_equal "$(jq -r '.claims[].verdict' rules/summary.json | sort -u)" holds
}

# The reader of tutorials sees what is not so.
test_follower() {
	local wrong
	need python3 python3
	for wrong in 's/^topologies.office.json: valid/&ated/' 's/did you mean "forward"/&s/' \
		's/^exit status 2/exit status 0/' 's/"foward"/"forward"/'; do
		mkdir -p topologies
		sed "/^Does it work/,\$d; $wrong" "$tutorial" >wrong.md
		cmp -s wrong.md <(sed '/^Does it work/,$d' "$tutorial") && fail "$wrong changes nothing"
		if follow wrong.md >/dev/null 2>&1; then
			fail "followed $wrong"
		fi
	done
}

# What it and the other pages point at is there.
test_links() {
	local page target
	for page in "$source_tree"/README.md "$source_tree"/docs/*.md; do
		grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' | while read -r target; do
			case $target in http*) continue ;; esac
			[ -e "$(dirname "$page")/$target" ] || fail "$page: there is no $target"
		done
	done
}

run_tests test_tutorial test_follower test_links
