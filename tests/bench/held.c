// SPDX-License-Identifier: GPL-2.0-only
/* held ARGUMENT...: runs labrun ($LABRUN) and prints its peak "resident_bytes bpf_bytes". */
#include "tests/netns/held_fixture.h"

int main(int argc, char **argv)
{
	struct held held;

	if (argc < 2 || !getenv("LABRUN"))
		return 2;
	held = held_at_peak((const char *const *)argv + 1);
	printf("%lu %lu\n", held.resident_bytes, held.bpf_bytes);
	return 0;
}
