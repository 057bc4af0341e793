/* A hash of another program. What is taken is within the bounds, has one text, and is verified
 * without a fault when that is cheap. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "foreign_hash.h"

#define CHEAP_ROUNDS 2000 /* of sha-crypt */
#define CHEAP_LOG2 8      /* of phpass and bcrypt */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_bounds(const struct foreign_hash *hash)
{
	require(hash->form > FOREIGN_NONE && hash->form < FOREIGN_FORM_COUNT);
	if (hash->form == FOREIGN_BCRYPT)
		require(hash->rounds >= 4 && hash->rounds <= FOREIGN_BCRYPT_COST_MAX);
	if (hash->form == FOREIGN_SHA_CRYPT)
		require(hash->rounds >= 1000 && hash->rounds <= FOREIGN_SHA_CRYPT_ROUNDS_MAX);
	if (hash->form == FOREIGN_PHPASS)
		require(hash->rounds >= 7 && hash->rounds <= FOREIGN_PHPASS_LOG2_MAX);
	if (hash->form <= FOREIGN_ARGON2I)
		require(hash->lanes > 0 && hash->passes > 0 &&
			hash->memory <= FOREIGN_ARGON2_MEMORY_MAX &&
			hash->memory * hash->passes <= FOREIGN_ARGON2_WORK_MAX);
}

static bool is_cheap(const struct foreign_hash *hash)
{
	if (hash->form == FOREIGN_SHA_CRYPT)
		return hash->rounds <= CHEAP_ROUNDS;
	return hash->form > FOREIGN_ARGON2I && hash->rounds <= CHEAP_LOG2;
}

/* No word makes a text that nobody made, and asked twice it is the same. */
static void check_verify(const struct foreign_hash *hash, struct secret text)
{
	unsigned char word[] = "a word that nothing here is made of";
	struct secret normal = {word, sizeof word - 1};
	bool right = true;

	require(foreign_hash_verify(hash, text, normal, &right) == OK);
	require(!right);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct foreign_hash hash = {.form = FOREIGN_NONE};
	struct arena *arena = NULL;
	struct secret text = SECRET_NONE;
	struct str s = {.p = (const char *)data, .n = size};

	if (data == NULL || size > 4096 || arena_open(4096, 16384, &arena) != OK)
		return 0;
	if (secret_from_str(arena, s, &text) == OK) {
		enum foreign_flaw flaw = foreign_hash_read(text, &hash);

		require(flaw < FOREIGN_FLAW_COUNT);
		require((hash.form == FOREIGN_NONE) ==
			(flaw == FOREIGN_UNKNOWN || flaw == FOREIGN_BROKEN));
		if (flaw == FOREIGN_FINE)
			check_bounds(&hash);
		if (flaw == FOREIGN_FINE && is_cheap(&hash))
			check_verify(&hash, text);
	}
	arena_close(&arena);
	return 0;
}
