/* Challenges: random values to be signed, good once, for one kind of proof in one place. */
#include "challenge.h"

#include <string.h>

#include "arena.h"
#include "secret.h"

static struct digest digest_of(const struct auth_context *context, size_t root,
			       const struct challenge_place *place, const unsigned char *value)
{
	unsigned char kind = (unsigned char)place->kind;
	struct secret parts[] = {
		keyring_part(&kind, 1),
		keyring_part(place->session_id.b, ID_BYTES),
		keyring_part(place->browser.p, place->browser.n),
		keyring_part(value, CHALLENGE_BYTES),
	};
	struct digest digest;

	keyring_digest(context->keys, root, KEY_CHALLENGE, parts, 4, &digest);
	return digest;
}

enum err challenge_make(const struct auth_context *context, const struct challenge_place *place,
			const struct id *user_id, struct str purpose, struct challenge *out)
{
	struct challenge made = {.row = {.user_id = *user_id, .purpose = purpose}};
	struct secret value;

	if (place->kind == CHALLENGE_NONE ||
	    (id_is_none(place->session_id) && place->kind != CHALLENGE_SIGN_IN))
		return ERR_INTERNAL;
	TRY(secret_random(context->arena, CHALLENGE_BYTES, &value));
	memcpy(made.value, value.bytes, CHALLENGE_BYTES);
	made.row.hash = digest_of(context, 0, place, made.value);
	made.row.expires_at = context->now + CHALLENGE_SPAN;
	TRY(challenge_store_insert(context->db, &made.row));
	*out = made;
	return OK;
}

enum err challenge_find(const struct auth_context *context, const struct challenge_place *place,
			const unsigned char value[CHALLENGE_BYTES], struct challenge *out,
			bool *found)
{
	size_t roots = keyring_roots(context->keys);
	const struct digest hashes[KEYRING_ROOTS] = {
		digest_of(context, 0, place, value),
		digest_of(context, roots - 1, place, value),
	};
	struct challenge there;

	TRY(challenge_store_find(context->db, context->arena, hashes, &there.row, found));
	*found = *found && there.row.expires_at > context->now;
	if (!*found)
		return OK;
	memcpy(there.value, value, CHALLENGE_BYTES);
	*out = there;
	return OK;
}

enum err challenge_take(struct db *db, const struct challenge *challenge, int64_t now)
{
	bool taken = false;

	TRY(challenge_store_take(db, &challenge->row.hash, now, &taken));
	return taken ? OK : ERR_CONFLICT;
}
