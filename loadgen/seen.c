// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/seen.h"

#include <string.h>

static void move_on(struct seen *seen, uint64_t word)
{
	if (word - seen->newest >= SEEN_WORDS)
		memset(seen->words, 0, sizeof(seen->words));
	else
		while (++seen->newest < word)
			seen->words[seen->newest % SEEN_WORDS] = 0;
	seen->words[word % SEEN_WORDS] = 0;
	seen->newest = word;
}

bool seen_before(struct seen *seen, uint64_t index)
{
	uint64_t word = index / 64, bit = 1ull << (index % 64);
	bool before;

	if (word + SEEN_WORDS <= seen->newest)
		return true;
	if (word > seen->newest)
		move_on(seen, word);
	before = seen->words[word % SEEN_WORDS] & bit;
	seen->words[word % SEEN_WORDS] |= bit;
	return before;
}
