/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Which build of the program this is: the linker's hash over all of it, which a change of a single
 * instruction changes, where `git describe` does not. Hexadecimal; "" if it was built without. */

#define BUILD_ID_BYTES 65

const char *build_id(char ret[static BUILD_ID_BYTES]);
