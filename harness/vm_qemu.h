/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * QEMU's command line. For an exact boot everything that could differ between two runs is fixed in
 * it: the CPU's model and its features, the clocks (the guest's counts instructions), and the seed
 * of all randomness.
 */

#include "harness/arena.h"
#include "harness/vm.h"
#include "topologies/uplink.h"

#define VM_QEMU "qemu-system-x86_64"

/*
 * Two network cards on a hub that nothing else is on, as words of argv. Without merged receive
 * buffers a frame is received into linear memory, where its stamp is found. `options` of a card
 * begin with a comma.
 */
#define VM_QEMU_UPLINK(options)                                                                    \
	"-netdev", "hubport,id=near,hubid=0", "-netdev", "hubport,id=far,hubid=0", "-device",      \
		VM_QEMU_CARD("near", UPLINK_NEAR_SLOT, options), "-device",                        \
		VM_QEMU_CARD("far", UPLINK_FAR_SLOT, options)
#define VM_QEMU_CARD(end, slot, options)                                                           \
	"virtio-net-pci,netdev=" end ",addr=0x" slot ",mac=02:00:00:00:ff:" slot                   \
	",romfile=,mrg_rxbuf=off" options
#define VM_QEMU_UPLINK_MODULES "virtio_pci", "virtio_net"

struct vm_qemu {
	const struct vm_boot *boot;
	const char *accelerator; /* "kvm", "tcg"; "tcg" for an exact boot */
	/* Files. */
	const char *kernel, *initrd, *console, *window;
};

/* "kvm" or "tcg" for this boot; where neither it nor its caller says, it is tried. */
const char *vm_qemu_accelerator(const struct vm_boot *boot);
const char *vm_qemu_cpu(const char *accelerator);
/* NULL-terminated, and its strings, in `arena`. */
const char *const *vm_qemu_argv(const struct vm_qemu *qemu, struct arena *arena);

/*
 * In a child: never returns. QEMU dies with `parent`, which is who forked us; what it says goes to
 * `error_fd`, and of all descriptors it is given `kept_fd`, by the same number.
 */
void vm_qemu_exec(const char *const *argv, int error_fd, int kept_fd, pid_t parent)
	__attribute__((noreturn));
/* What it said, from the start of that file, as one line. */
void vm_qemu_said(int error_fd, char *said, size_t size);
