# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Builds hub-1000.json by labrun, by `ip -batch`, and by floor.c, which does nothing but ask the
# kernel; and takes each apart again by ending. The kernel takes down the namespaces of the one
# before in the background, half a second for 1000: hence the naps.

nodes=1000
hub_file=$here/hub-1000.json

# As fast as iproute2 goes: one process makes all namespaces, one all links; a command inside a
# namespace needs a process in it, and nsenter is quicker than `ip -n`, which mounts /sys each time.
write_ip_batches() {
	local i

	{
		echo "netns add hub"
		for ((i = 0; i < nodes; i++)); do echo "netns add n$i"; done
	} >"$work/ip.namespaces"
	{
		for ((i = 0; i < nodes; i++)); do
			echo "link add v$i type veth peer name eth0 netns n$i"
		done
		echo "link set dev lo up"
		for ((i = 0; i < nodes; i++)); do echo "link set dev v$i up"; done
	} >"$work/ip.links"
	for ((i = 0; i < nodes; i++)); do
		printf 'link set dev lo up\naddress add 198.18.%d.%d/15 dev eth0\nlink set dev eth0 up\n' \
			$((i >> 8)) $((i & 255)) >"$work/ip.n$i"
	done
	cat >"$work/ip.sh" <<-'END'
		cd "$1" || exit 1
		ip -batch ip.namespaces && ip -n hub -batch ip.links || exit 1
		i=0
		while [ $i -lt "$2" ]; do
			nsenter --net=/run/netns/n$i ip -batch ip.n$i || exit 1
			i=$((i + 1))
		done
	END
}

# Namespaces and a /run of its own, as labrun makes for itself
alone() { # name, command...
	local name=$1
	shift
	"$work/spent" "$work/$name.spent" unshare -n -m -p -f --mount-proc \
		sh -c 'mount -t tmpfs none /run && exec "$@"' sh "$@" >"$work/out" 2>&1 ||
		{ cannot "$name: $(why)"; return 1; }
	sleep 1.5
}

build_by_labrun() {
	"$work/spent" "$work/labrun.spent" "$labrun" shell "$hub_file" true >"$work/out" 2>&1 ||
		{ cannot "labrun shell: $(why)"; return 1; }
	sleep 1.5
}

bench_topology() {
	local round name

	write_ip_batches
	for ((round = 0; round < rounds; round++)); do
		build_by_labrun || return
		alone floor "$work/floor" $nodes 1 || return
		alone ip sh "$work/ip.sh" "$work" $nodes || return
		alone floor_default "$work/floor" $nodes 0 || return
	done
	for name in labrun floor ip floor_default; do
		column "$work/$name.spent" 1 >"$work/$name.wall"
		column "$work/$name.spent" 4 >"$work/$name.peak"
	done
	row "$nodes nodes on a hub, best (median) of $rounds" "$(best_and_median "$work/labrun.wall")" \
		"ip -batch $(best_and_median "$work/ip.wall")" \
		"$(calc %.2f "$(best "$work/labrun.wall") / $(best "$work/ip.wall")")" "below 1"
	# Both, since labrun may ask for either: like is to be compared with like.
	row "- against the kernel alone, which picks the number of queues" "" \
		"floor.c $(best_and_median "$work/floor_default.wall")" \
		"$(calc %.2f "$(best "$work/labrun.wall") / $(best "$work/floor_default.wall")")" "at most 1.10"
	row "- against the kernel alone, one queue asked for" "" \
		"floor.c $(best_and_median "$work/floor.wall")" \
		"$(calc %.2f "$(best "$work/labrun.wall") / $(best "$work/floor.wall")")" "at most 1.10"
	row "peak memory of the largest process" "$(calc '%.1f MiB' "$(median "$work/labrun.peak") / 1024")" \
		"ip -batch $(calc '%.1f MiB' "$(median "$work/ip.peak") / 1024")" \
		"$(calc %.2f "$(median "$work/labrun.peak") / $(median "$work/ip.peak")")" ""
}

bench_topology
