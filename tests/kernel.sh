#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Gets a kernel for the tests in a guest, unless it is there. Without one those tests skip and say
# so: a machine off the network is no failure of the build.
set -u

labrun=$1 version=$2
"$labrun" vm list | grep -q "^$version " && exit 0
"$labrun" vm fetch "$version" || echo "kernel.sh: no kernel $version: tests in a guest will skip" >&2
