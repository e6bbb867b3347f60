/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Network namespaces without names, and the calling thread's way in and out of them. All of this
 * is about the calling thread: others of the process stay where they are.
 */

#include "harness/err.h"

#include <stddef.h>

/* Descriptor of the thread's namespace, or a negative errno. */
int netns_current(void);
/* Makes a namespace, enters it, and hands out its descriptor. */
int netns_new(int *ret_fd, struct err *err);
int netns_enter(int fd, struct err *err);

/*
 * `_netns_home_ int home = netns_current();` goes back there at the end of the scope. Not getting
 * back aborts: whatever came next would be done to the wrong namespace.
 */
void netns_go_home(int *home);
#define _netns_home_ __attribute__((cleanup(netns_go_home), unused))

/* /proc/sys/net/NAME of the thread's namespace; returns a negative errno. */
int netns_sysctl_write(const char *name, const char *value);
int netns_sysctl_read(const char *name, char *value, size_t size);

/* A descriptor a node is more than many a soft limit allows. */
void netns_raise_fd_limit(void);
