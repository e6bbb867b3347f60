// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether KVM can be used. That /dev/kvm opens says little: there are machines where QEMU then
 * aborts, and others where a guest starts and stands still at its first interrupt. So QEMU's
 * firmware is run without anything to boot, which it says after 0.1 s.
 */
#include "harness/cleanup.h"
#include "harness/vm.h"
#include "harness/vm_qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define TRY_MS 1500
#define LOOK_EVERY_MS 10
#define LOG_BYTES 65536
/* The last that SeaBIOS says, to its debug port. */
#define FIRMWARE_END "No bootable device"

static void __attribute__((noreturn)) run_firmware(int log_fd, pid_t parent)
{
	_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char chardev[64];
	const char *const argv[] = { VM_QEMU,
				     "-nodefaults",
				     "-no-user-config",
				     "-display",
				     "none",
				     "-no-reboot",
				     "-machine",
				     "q35",
				     "-accel",
				     "kvm",
				     "-cpu",
				     vm_qemu_cpu("kvm"),
				     "-m",
				     "64",
				     "-nic",
				     "none",
				     "-chardev",
				     chardev,
				     "-device",
				     "isa-debugcon,iobase=0x402,chardev=log",
				     NULL };

	snprintf(chardev, sizeof(chardev), "file,id=log,path=/proc/self/fd/%d", log_fd);
	vm_qemu_exec(argv, null, log_fd, parent);
}

static bool has_ended(int log_fd)
{
	char log[LOG_BYTES + 1];
	ssize_t got = pread(log_fd, log, LOG_BYTES, 0);

	log[got > 0 ? got : 0] = '\0';
	return strstr(log, FIRMWARE_END);
}

static bool try_kvm(void)
{
	_close_ int log_fd = memfd_create("firmware", MFD_CLOEXEC);
	pid_t parent = getpid(), pid = log_fd < 0 ? -1 : fork();
	bool ended = false;

	if (pid == 0)
		run_firmware(log_fd, parent);
	if (pid < 0)
		return false;
	for (int waited = 0; waited < TRY_MS && !ended; waited += LOOK_EVERY_MS) {
		poll(NULL, 0, LOOK_EVERY_MS);
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return false;
		ended = has_ended(log_fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ended;
}

const char *vm_accelerator(void)
{
	return !access("/dev/kvm", R_OK | W_OK) && try_kvm() ? "kvm" : "tcg";
}
