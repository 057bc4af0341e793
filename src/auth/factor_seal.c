/* Secrets of second factors: sealed in their rows, opened again. */
#include "factor_seal.h"

#include <string.h>

#include "arena.h"
#include "seal.h"

#define TOTP_PLACE "totp"
#define RECOVERY_PLACE "recovery_set"

/* Where a box belongs: the table and the row's key. */
struct place {
	char text[sizeof RECOVERY_PLACE - 1 + sizeof(struct id)];
};

static struct str place_of(const char *table, const struct id *user_id, struct place *place)
{
	size_t n = strlen(table);

	memcpy(place->text, table, n);
	memcpy(place->text + n, user_id->b, sizeof user_id->b);
	return (struct str){.p = place->text, .n = n + sizeof user_id->b};
}

static enum err close_box(struct arena *arena, const struct keyring *keys, struct str place,
			  struct secret plain, struct factor_box *out)
{
	struct factor_box box = {.box = {.len = plain.len + SEAL_OVERHEAD}};

	box.box.bytes = arena_alloc(arena, box.box.len);
	if (box.box.bytes == NULL)
		return ERR_MEMORY;
	seal_close(keys, place, plain, box.box.bytes, &box.root);
	*out = box;
	return OK;
}

static enum err open_box(struct arena *arena, const struct keyring *keys, struct str place,
			 const struct factor_box *box, struct secret *plain)
{
	struct secret opened = SECRET_NONE;

	if (box->box.len <= SEAL_OVERHEAD)
		return ERR_INPUT;
	opened.len = box->box.len - SEAL_OVERHEAD;
	opened.bytes = arena_alloc(arena, opened.len);
	if (opened.bytes == NULL)
		return ERR_MEMORY;
	TRY(seal_open(keys, box->root, place, box->box, opened.bytes));
	*plain = opened;
	return OK;
}

enum err factor_seal_totp(struct arena *arena, const struct keyring *keys, const struct id *user_id,
			  struct secret plain, struct factor_box *out)
{
	struct place place;

	if (plain.len > TOTP_BOX_MAX - SEAL_OVERHEAD)
		return ERR_TOO_LARGE;
	return close_box(arena, keys, place_of(TOTP_PLACE, user_id, &place), plain, out);
}

enum err factor_seal_recovery(struct arena *arena, const struct keyring *keys,
			      const struct id *user_id, struct secret plain, struct factor_box *out)
{
	struct place place;

	if (plain.len > RECOVERY_BOX_MAX - SEAL_OVERHEAD)
		return ERR_TOO_LARGE;
	return close_box(arena, keys, place_of(RECOVERY_PLACE, user_id, &place), plain, out);
}

enum err factor_open_totp(struct arena *arena, const struct keyring *keys, const struct id *user_id,
			  const struct factor_box *box, struct secret *plain)
{
	struct place place;

	return open_box(arena, keys, place_of(TOTP_PLACE, user_id, &place), box, plain);
}

enum err factor_open_recovery(struct arena *arena, const struct keyring *keys,
			      const struct id *user_id, const struct factor_box *box,
			      struct secret *plain)
{
	struct place place;

	return open_box(arena, keys, place_of(RECOVERY_PLACE, user_id, &place), box, plain);
}
