/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Cleanup by scope: declare at acquisition, hand ownership on with steal_ptr() or steal_fd().
 * Never mixed with goto in one function (the rule of the kernel's cleanup.h).
 */

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void cleanup_json(json_t **json)
{
	json_decref(*json);
}

#define _free_ __attribute__((cleanup(cleanup_free)))
#define _close_ __attribute__((cleanup(cleanup_close)))
#define _fclose_ __attribute__((cleanup(cleanup_fclose)))
#define _closedir_ __attribute__((cleanup(cleanup_closedir)))
#define _json_ __attribute__((cleanup(cleanup_json)))

#define steal_ptr(pointer)                                                                         \
	({                                                                                         \
		__typeof__(pointer) stolen_ = (pointer);                                           \
		(pointer) = NULL;                                                                  \
		stolen_;                                                                           \
	})

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
