#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make install` and the Debian package: what they bring, and that it works without the source tree.
. tests/shell/shell_test.sh

make_here() {
	make -s -C "$source_tree" BUILD="$build" "$@" </dev/null
}

# What is brought: no more than this, below the prefix only.
test_install() {
	local program=$PWD/root/opt/lab/bin/labrun
	make_here install DESTDIR="$PWD/root" prefix=/opt/lab >/dev/null
	(cd root && find . -mindepth 1 -type d) >folders
	awk '!/^\.\/opt(\/lab(\/bin|\/share(\/(labrun|man|zsh|bash-completion)(\/.*)?)?)?)?$/' folders |
		assert_none "other folders"
	[ -x "$program" ]
	cmp "$program" "$labrun"
	[ -s root/opt/lab/share/man/man1/labrun.1 ]
	[ -s root/opt/lab/share/man/man5/labrun-experiment.5 ]
	cmp root/opt/lab/share/bash-completion/completions/labrun "$source_tree/completion/labrun.bash"
	cmp root/opt/lab/share/zsh/site-functions/_labrun "$source_tree/completion/_labrun"
	diff -r "$source_tree/results/reference" root/opt/lab/share/labrun/results/reference
	find root -perm /022 ! -type l | assert_none "others may write"
	assert_equal "$("$program" list)" "$("$labrun" list)"
	make_here uninstall DESTDIR="$PWD/root" prefix=/opt/lab >/dev/null
	find root ! -type d | assert_none "left behind"
}

need_deb() {
	need dpkg-deb dpkg
	need dpkg-shlibdeps dpkg-dev
}

test_deb() {
	local deb
	need_deb
	make_here deb >/dev/null
	deb=$(echo "$build"/deb/*.deb)
	cp "$deb" first.deb
	dpkg-deb -f "$deb" Depends | grep -q 'libbpf.*libc6.*libjansson.*libnl'
	assert_says "$(dpkg-deb -f "$deb" Recommends)" "qemu-system-x86"
	dpkg-deb -x "$deb" root
	[ -x root/usr/bin/labrun ]
	# What README and the pages behind it point to is there.
	(cd root/usr/share/doc/labrun && grep -ohE '\(docs/[^)#]+' README.md | tr -d '(' | xargs ls >/dev/null &&
		cd docs && grep -ohE '\(tutorial-[^)]+' tutorial.md | tr -d '(' | xargs ls >/dev/null)
	gzip -t root/usr/share/man/man1/labrun.1.gz root/usr/share/man/man5/*.gz
	(cd root && dpkg-deb --ctrl-tarfile ../first.deb | tar -xO ./md5sums | md5sum -c --quiet)
	# The same commit gives the same bytes.
	make_here deb >/dev/null
	cmp "$deb" first.deb
}

test_lintian() {
	need_deb
	need lintian lintian
	make_here deb >/dev/null
	# Who packages says who that is by DEBEMAIL.
	lintian --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog \
		"$build"/deb/*.deb >said 2>&1 || :
	awk '/^[EW]:/' said | assert_none "lintian"
}

# In a mount namespace whose /usr has the package in it, and where the source tree is empty.
away() { # a script
	unshare -m bash -euc '
		mount --make-rprivate /
		mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr
		mount -t tmpfs covered "$2"
		cd "$3"
		unset LABRUN_DATA
		hash -r
		[ "$(command -v labrun)" = /usr/bin/labrun ]
		[ -z "$(ls "$2")" ]
		eval "$4"' away "$PWD/root" "$source_tree" "$PWD" "$1"
}

unpack() {
	[ "$(id -u)" -eq 0 ] || skip_because "mounting needs root"
	need_deb
	make_here deb >/dev/null
	dpkg-deb -x "$build"/deb/*.deb root
	away : 2>said || skip_because "no overlay of /usr here: $(cat said)"
}

test_away() {
	unpack
	away '
		claims() { "$@" || [ $? -eq 1 ]; } # a claim that fails is a result
		labrun list >list
		labrun check vxlan modes kube-proxy
		claims labrun run vxlan --batches 2 --out tunnel >table
		labrun plot tunnel
		labrun report tunnel
		labrun verify tunnel
		claims labrun reproduce --no-charts --out again routed
		labrun describe --schema topology >schema
		MANWIDTH=80 man labrun </dev/null >page
		MANWIDTH=80 man labrun-topology </dev/null >>page
		MANWIDTH=80 man -l /usr/share/man/man5/labrun-experiment.5.gz </dev/null >>page
	' >said 2>&1 || fail "$(cat said)"
	assert_equal "$(cat list)" "$("$labrun" list)"
	assert_says "$(cat table)" "tunnel"
	[ -s tunnel/plots/path.svg ]
	[ -s tunnel/report.html ]
	[ -s again/reproduce.html ]
	grep -q 'network namespaces' page
	# Nothing that was written knows where it was built.
	{ grep -rlF "$source_tree" tunnel again || :; } | assert_none "where it was built is in"
}

# A guest is given the installed program and data.
test_away_vm() {
	need qemu-system-x86_64 qemu-system-x86
	unpack
	"$labrun" vm list | grep -q '^6\.1 ' || skip_because "no kernel 6.1 (labrun vm fetch 6.1)"
	away 'labrun run --vm=6.1 --no-charts --batches 2 --out guest vxlan || [ $? -eq 1 ]' \
		>said 2>&1 || fail "$(cat said)"
	assert_equal "$(jq -r .mode guest/summary.json)" vm
	assert_equal "$(jq -r .valid guest/summary.json)" true
}

run_tests test_install test_deb test_lintian test_away test_away_vm
