#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion, by pressing the tab key in real shells on a terminal.
. tests/shell/shell_test.sh

press() { # shell, line: the line after a tab, without the blank that bash puts behind it
	local line
	line=$("$source_tree/tests/shell/press_tab.py" "$1" "$source_tree/completion" "$build" "$2")
	echo "${line% }"
}

completes() { # shell, line, what it becomes
	assert_equal "$(press "$1" "$2")" "$3"
}

list() { # shell, line: what is shown after two tabs
	"$source_tree/tests/shell/press_tab.py" --list "$1" "$source_tree/completion" "$build" "$2"
}

common() { # shell, what it puts behind a folder
	local shell=$1
	mkdir -p results/vxlan
	echo '{}' >my-own.json
	completes "$shell" "labrun verif" "labrun verify"
	completes "$shell" "labrun vxlan-d" "labrun vxlan-direct"
	completes "$shell" "labrun my-o" "labrun my-own.json"
	completes "$shell" "labrun run --pca" "labrun run --pcap"
	completes "$shell" "labrun plot --out resu" "labrun plot --out results${2}"
	completes "$shell" "labrun plot --out=resu" "labrun plot --out=results${2}"
	completes "$shell" "labrun verify results/vx" "labrun verify results/vxlan${2}"
	completes "$shell" "labrun shell vxlan-d" "labrun shell vxlan-direct"
	completes "$shell" "labrun describe masq" "labrun describe masquerade"
	completes "$shell" "labrun describe --sch" "labrun describe --schema"
	completes "$shell" "labrun help verif" "labrun help verify"
	completes "$shell" "labrun vm fe" "labrun vm fetch"
	completes "$shell" "labrun load --kind=pkt" "labrun load --kind=pktgen"
	completes "$shell" "labrun load --kind pktgen --clo" "labrun load --kind pktgen --clone-skb"
	completes "$shell" "labrun load --xmit-mode q" "labrun load --xmit-mode queue_xmit"
	completes "$shell" "labrun run --set load.interv" "labrun run --set load.interval_us="
	completes "$shell" "labrun run routed --set topology.nodes.ro" \
		"labrun run routed --set topology.nodes.router."
	completes "$shell" "labrun run routed --set topology.nodes.host.firewall.ru" \
		"labrun run routed --set topology.nodes.host.firewall.rules="
	completes "$shell" "labrun nosuchthing" "labrun nosuchthing"
}

test_bash() {
	local shown
	need python3 python3
	common bash /
	shown=$(list bash "labrun vm ")
	assert_says "$shown" "fetch"
	assert_says "$shown" "shell"
}

test_zsh() {
	local shown
	need python3 python3
	need zsh zsh
	common zsh ""
	shown=$(list zsh "labrun rep")
	assert_says "$shown" "one self-contained page"
	assert_says "$shown" "runs every experiment"
}

# Kernels are those of the cache, and several may be given.
test_kernels() {
	local offered
	offered=$("$labrun" complete -- run --vm=)
	"$labrun" vm list | awk '$2 ~ /^[0-9]/ { print $1, $2 }' | while read -r version release; do
		assert_says "$offered" "--vm=$version	$release"
		assert_says "$("$labrun" complete -- run "--vm=6.1,${version%?}")" "--vm=6.1,$version"
	done
}

# Whatever stands on the line, it says nothing on stderr and ends well.
test_odd_lines() {
	local word
	for word in "" - -- --= --vm=, "'" '$(false)' '../..' 'a b' --set=x=y $'\xff' "%s%n"; do
		"$labrun" complete -- "$word" >/dev/null 2>said
		"$labrun" complete -- run --set "$word" >>/dev/null 2>>said
		"$labrun" complete -- run "$word" --set topology.nodes >>/dev/null 2>>said
		"$labrun" complete -- load --kind "$word" "$word" --x >>/dev/null 2>>said
		assert_equal "$(cat said)" ""
	done
}

# A stranger's file: what its names hold gets neither onto the command line nor to the terminal.
test_hostile_names() {
	mkdir topologies
	cat >topologies/evil.json <<-'END'
		{"nodes": {"good": {}, "$(touch pwned)": {}, "x;touch pwned;": {}, "a b": {},
		 "\u001b[31mred": {}, "n\n:files": {}, "`id`": {}, "a\"b": {}}, "links": 3, "path": [[]]}
	END
	echo '{"topology": "evil", "load": [], "probes": {"kind": 1}}' >evil.json
	"$labrun" complete -- run evil.json --set topology.nodes. >offered
	assert_equal "$(cut -f 1 offered)" "topology.nodes.good."
	"$labrun" complete -- run evil.json --set "topology.nodes[" | assert_none "offered"
}

run_tests test_bash test_zsh test_kernels test_odd_lines test_hostile_names
