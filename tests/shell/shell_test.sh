# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the tests of this folder, which are given the build's folder and run in the source tree.
# They speak cmocka's words, which tests/run.sh counts.

set -u
source_tree=$PWD
build=$(realpath "$1")
labrun=$build/labrun
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAIL: $*"
	exit 1
}

skip_because() {
	echo "SKIP: $*"
	exit 77
}

need() { # a command and the package that has it
	command -v "$1" >/dev/null || skip_because "there is no $1 (package $2)"
}

assert_equal() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

assert_says() { # a text, and what must be in it
	case $1 in
	*"$2"*) ;;
	*) fail "'$2' is not said in: $1" ;;
	esac
}

# What a pipe ends in where there must be nothing; a `!` would not end the test.
assert_none() { # what it would be
	local text
	text=$(cat)
	[ -z "$text" ] || fail "$1: $text"
}

# Each function in a shell and an empty folder of its own, where a command that fails ends it.
run_tests() {
	local test status passed=0 failed=0 skipped=0
	for test; do
		printf '[ RUN      ] %s\n' "$test"
		mkdir "$work/$test"
		(
			set -eE
			trap 'echo "FAIL: line $LINENO: $BASH_COMMAND" >&2' ERR
			cd "$work/$test"
			"$test"
		)
		status=$?
		case $status in
		0) passed=$((passed + 1)) && printf '[       OK ] %s\n' "$test" ;;
		77) skipped=$((skipped + 1)) && printf '[  SKIPPED ] %s\n' "$test" ;;
		*) failed=$((failed + 1)) && printf '[  FAILED  ] %s\n' "$test" ;;
		esac
	done
	printf '[  PASSED  ] %d test(s).\n' $passed
	[ $skipped -eq 0 ] || printf '[  SKIPPED ] %d test(s).\n' $skipped
	[ $failed -eq 0 ] || printf '[  FAILED  ] %d test(s).\n' $failed
	[ $failed -eq 0 ]
}
