/* The pepper: password hashes sealed in their rows, under keys that the database does not have. */
#include "pepper.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "seal.h"

#define PREFIX STR("$gp1$")
#define TABLE "password"
#define BOX_MAX (PEPPER_HASH_MAX + SEAL_OVERHEAD)
#define NUMBER_DIGITS 10

_Static_assert(5 + NUMBER_DIGITS + 1 + CODEC_BASE64URL_LEN(BOX_MAX) <= PEPPER_STORED_MAX,
	       "the longest hash fits into its column, sealed");

struct place {
	char bytes[sizeof TABLE - 1 + ID_BYTES];
};

static struct str place_of(struct place *place, const struct id *user_id)
{
	memcpy(place->bytes, TABLE, sizeof TABLE - 1);
	memcpy(place->bytes + sizeof TABLE - 1, user_id->b, ID_BYTES);
	return (struct str){.p = place->bytes, .n = sizeof place->bytes};
}

static bool is_sealed(struct secret stored)
{
	struct str text = {.p = (const char *)stored.bytes, .n = stored.len};

	return secret_is_present(stored) && str_starts(text, PREFIX);
}

/* Of a sealed one. False: cut off, or written by somebody else. */
static bool take_apart(struct secret stored, uint32_t *number, struct str *box)
{
	struct str text = {.p = (const char *)stored.bytes, .n = stored.len};
	struct str digits = STR_NONE;
	uint64_t value = 0;

	if (!str_cut(str_sub(text, PREFIX.n, text.n), '$', &digits, box) ||
	    str_to_u64(digits, UINT32_MAX, &value) != OK || value == 0)
		return false;
	*number = (uint32_t)value;
	return true;
}

uint32_t pepper_number(struct secret stored)
{
	struct str box = STR_NONE;
	uint32_t number = 0;

	return is_sealed(stored) && take_apart(stored, &number, &box) ? number : 0;
}

uint32_t pepper_newest(const struct keyring *peppers)
{
	size_t n = 0;

	return peppers != NULL ? keyring_root_at(peppers, 0, &n).number : 0;
}

static enum err copy(struct arena *arena, struct secret from, struct secret *out)
{
	return secret_from_str(arena, (struct str){(const char *)from.bytes, from.len}, out);
}

enum err pepper_close(const struct keyring *peppers, struct arena *arena, const struct id *user_id,
		      struct secret hash, struct secret *stored)
{
	unsigned char box[BOX_MAX];
	char coded[CODEC_BASE64URL_LEN(BOX_MAX) + 1];
	struct place place;
	struct str text = STR_NONE;
	struct buf buf;
	uint32_t number = 0;

	if (hash.len > PEPPER_HASH_MAX)
		return ERR_TOO_LARGE;
	if (peppers == NULL)
		return copy(arena, hash, stored);
	seal_close(peppers, place_of(&place, user_id), hash, box, &number);
	codec_base64url(box, hash.len + SEAL_OVERHEAD, coded);
	buf_init(&buf, arena, PEPPER_STORED_MAX);
	buf_add(&buf, PREFIX);
	buf_add_u64(&buf, number);
	buf_add_char(&buf, '$');
	buf_add(&buf, str_of(coded));
	TRY(buf_str(&buf, &text));
	return secret_from_str(arena, text, stored);
}

/* *n: octets that so many characters stand for; ERR_INPUT: none do, or more than a box has. */
static enum err decode(struct str text, unsigned char box[BOX_MAX], size_t *n)
{
	*n = text.n * 3 / 4;
	return *n <= BOX_MAX ? codec_base64url_decode(text, box, *n) : ERR_INPUT;
}

enum err pepper_open(const struct keyring *peppers, struct arena *arena, const struct id *user_id,
		     struct secret stored, struct secret *hash)
{
	unsigned char box[BOX_MAX];
	struct secret plain = {.bytes = NULL};
	struct place place;
	struct str coded = STR_NONE;
	uint32_t number = 0;
	size_t n = 0;

	if (!is_sealed(stored))
		return copy(arena, stored, hash);
	if (!take_apart(stored, &number, &coded))
		return ERR_INPUT;
	if (peppers == NULL || keyring_seal_key(peppers, number) == NULL)
		return ERR_CONFIG;
	TRY(decode(coded, box, &n));
	if (n < SEAL_OVERHEAD)
		return ERR_INPUT;
	plain.len = n - SEAL_OVERHEAD;
	plain.bytes = arena_alloc(arena, plain.len + 1);
	if (plain.bytes == NULL)
		return ERR_MEMORY;
	TRY(seal_open(peppers, number, place_of(&place, user_id), keyring_part(box, n),
		      plain.bytes));
	*hash = plain;
	return OK;
}
