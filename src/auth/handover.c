/* Hand-over: giving a code to one who has shown a challenge. */
#include "handover.h"

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "db.h"
#include "typed_code.h"

#define CODE_LIFE CLOCK_MINUTE

static const struct str receivers[HANDOVER_RECEIVER_COUNT] = {
	[HANDOVER_NOBODY] = {"nobody", 6},
	[HANDOVER_BROWSER] = {"to a browser", 12},
	[HANDOVER_NATIVE] = {"to an app", 9},
};

struct giving {
	const struct auth_context *context;
	struct handover_row row;
	struct audit_trail trail;
};

static void hash_code(const struct keyring *keys, size_t root, const unsigned char *code,
		      struct digest *out)
{
	struct secret parts[] = {
		keyring_part("code", 4),
		keyring_part(code, TYPED_CODE_BYTES),
	};

	keyring_digest(keys, root, KEY_HANDOVER, parts, 2, out);
}

bool handover_code_hashes(const struct keyring *keys, struct str typed, struct digest hashes[2])
{
	unsigned char code[TYPED_CODE_BYTES] = {0};
	bool good = typed_code_parse(typed, code);

	for (size_t i = 0; i < KEYRING_ROOTS && good; i++)
		hash_code(keys, i < keyring_roots(keys) ? i : 0, code, &hashes[i]);
	secret_wipe_bytes(code, sizeof code);
	return good;
}

bool handover_is_verifier(struct str text)
{
	const struct str marks = STR("-._~");

	if (text.n < HANDOVER_VERIFIER_MIN || text.n > HANDOVER_VERIFIER_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && !str_contains(marks, c))
			return false;
	}
	return true;
}

static enum err give_work(struct db *db, void *opaque)
{
	struct giving *g = opaque;
	struct audit_event event = {
		.kind = AUDIT_HANDOVER_GIVEN,
		.user_id = g->row.user_id,
		.session_id = g->row.session_id,
		.detail = receivers[g->row.receiver],
	};
	uint32_t state = USER_NONE;
	bool found = false;

	g->trail.n = 0;
	TRY(user_store_lock(db, &g->row.user_id, &state, &found));
	if (!found || state != USER_ACTIVE)
		return ERR_CONFLICT;
	TRY(handover_store_delete_of_session(db, &g->row.session_id));
	TRY(handover_store_insert(db, &g->row));
	return audit_trail_add(g->context, &g->trail, &event);
}

enum err handover_give(const struct auth_context *context, const struct session *giver,
		       const struct digest *challenge, enum handover_receiver receiver,
		       struct handover_given *out)
{
	const struct session_row *from = &giver->found.session;
	struct secret code = SECRET_NONE;
	struct secret text = SECRET_NONE;
	struct giving giving = {
		.context = context,
		.row =
			{
				.challenge = *challenge,
				.receiver = receiver,
				.user_id = from->user_id,
				.session_id = from->id,
				.epoch = from->epoch,
				.created_at = context->now,
				.expires_at = context->now + CODE_LIFE,
			},
	};

	if (giver->standing != SESSION_LIVE || id_is_none(from->user_id) ||
	    receiver == HANDOVER_NOBODY || receiver >= HANDOVER_RECEIVER_COUNT)
		return ERR_INTERNAL;
	TRY(secret_random(context->arena, TYPED_CODE_BYTES, &code));
	hash_code(context->keys, 0, code.bytes, &giving.row.code_hash);
	TRY(typed_code_text(context->arena, code.bytes, &text));
	secret_wipe(&code);
	TRY(db_transact(context->db, give_work, &giving));
	audit_trail_write(context, &giving.trail);
	*out = (struct handover_given){.code = text, .expires_at = giving.row.expires_at};
	return OK;
}
