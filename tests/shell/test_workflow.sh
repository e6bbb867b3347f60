#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The workflow: YAML as GitHub reads it, of experiments that have references, and with steps that do
# here what they are to do there. What only GitHub has (its cache, its runners) is not tested.
. tests/shell/shell_test.sh

workflow=$source_tree/.github/workflows/reference.yml

need_yaml() {
	python3 -c 'import yaml' 2>/dev/null || skip_because "there is no python3-yaml"
}

test_yaml() {
	local file
	need_yaml
	for file in "$source_tree"/.github/workflows/*.yml; do
		python3 - "$file" <<-'END'
			import sys, yaml
			workflow = yaml.safe_load(open(sys.argv[1]))
			# A bare "on" is true in YAML 1.1, which is what the parser reads.
			assert workflow.get("on", workflow.get(True)), "on what?"
			assert workflow["permissions"] == {"contents": "read"}
			for job in workflow["jobs"].values():
			    assert job["runs-on"] and job["timeout-minutes"] <= 60
			    for step in job["steps"]:
			        assert ("run" in step) != ("uses" in step), step
			        assert "@v" in step.get("uses", "@v"), step
		END
	done
}

# Each experiment that has a reference is run, and no other.
test_matrix() {
	need_yaml
	python3 -c 'import sys, yaml
matrix = yaml.safe_load(open(sys.argv[1]))["jobs"]["exact"]["strategy"]["matrix"]
print(*sorted(matrix["experiment"]), sep="\n")' "$workflow" >run
	(cd "$source_tree/results/reference/6.1" && ls -d -- */ | tr -d / | LC_ALL=C sort) >references
	diff references run
}

step() { # its name: run as GitHub does, in a folder that looks like the checkout
	"$source_tree/tests/shell/run_step.py" "$workflow" exact "$1" experiment=routed >"$1.sh"
	GITHUB_STEP_SUMMARY=$PWD/summary.md KERNEL=6.1 bash --noprofile --norc -eo pipefail "$1.sh"
}

test_steps() {
	local status=0
	need_yaml
	need qemu-system-x86_64 qemu-system-x86
	"$labrun" vm list | grep -q '^6\.1 ' || skip_because "no kernel 6.1 (labrun vm fetch 6.1)"
	ln -s "$build" build
	ln -s "$source_tree/results" results
	step "Fetch the kernel"
	step Run >/dev/null
	step Compare >compared
	step Report
	[ -s new/report.html ]
	assert_says "$(cat summary.md)" "### routed (exact)"
	assert_says "$(cat compared)" "routed (exact)"
	# And a regression ends the job: fifty rules at the router.
	mv new old
	"$labrun" run --vm=6.1 --exact --quiet --no-charts --set seeds=4 --set topology.nodes.router.firewall.rules=50 \
		--out new routed >/dev/null || :
	step Compare >compared || status=$?
	assert_equal $status 1
	assert_says "$(cat summary.md)" "**regression**"
}

run_tests test_yaml test_matrix test_steps
