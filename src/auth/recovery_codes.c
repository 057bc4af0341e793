/* Recovery codes of accounts: ten that are shown once, and stand for a lost factor once each. */
#include "recovery_codes.h"

#include <string.h>

#include "db.h"
#include "factor_seal.h"
#include "recovery_code_text.h"
#include "sha256.h"

#define SET_BYTES ((size_t)RECOVERY_SET_CODES * DIGEST_BYTES)

/* What is kept of a code: 128 random bits need no key, but tell whose they are. */
static struct digest digest_of(const struct id *user_id, const unsigned char *code)
{
	unsigned char bytes[ID_BYTES + RECOVERY_CODE_BYTES];
	struct digest digest;

	memcpy(bytes, user_id->b, ID_BYTES);
	memcpy(bytes + ID_BYTES, code, RECOVERY_CODE_BYTES);
	digest = sha256((struct str){(const char *)bytes, sizeof bytes});
	secret_wipe_bytes(bytes, sizeof bytes);
	return digest;
}

static enum err make(const struct auth_context *context, const struct id *user_id,
		     unsigned char *digests, struct recovery_codes *codes)
{
	for (size_t i = 0; i < RECOVERY_SET_CODES; i++) {
		struct secret code = SECRET_NONE;
		struct digest digest;

		TRY(recovery_code_make(context->arena, &code, &codes->texts[i]));
		digest = digest_of(user_id, code.bytes);
		memcpy(digests + i * DIGEST_BYTES, digest.b, DIGEST_BYTES);
		secret_wipe(&code);
	}
	return OK;
}

enum err recovery_codes_put(const struct auth_context *context, struct db *db,
			    const struct id *user_id, struct recovery_codes *out)
{
	struct recovery_row row = {
		.user_id = *user_id,
		.id = id_random(),
		.made_at = context->now,
	};
	unsigned char digests[SET_BYTES];
	struct recovery_codes codes;

	TRY(make(context, user_id, digests, &codes));
	TRY(factor_seal_recovery(context->arena, context->keys, user_id,
				 keyring_part(digests, sizeof digests), &row.digests));
	TRY(recovery_store_put(db, &row));
	*out = codes;
	return OK;
}

/* Made anew when the transaction runs again, but for the person. */
struct renewing {
	struct factors_change change;
	struct recovery_codes codes;
	enum factors_verdict verdict;
};

static enum err renew_work(struct db *db, void *opaque)
{
	struct renewing *r = opaque;
	const struct factors_event event = {
		.kind = AUDIT_RECOVERY_CODES_MADE,
		.notice = STR("factor-added"),
	};

	TRY(factors_lock(&r->change, db));
	if ((r->change.before & FACTORS_STRONG) == 0)
		return ERR_CONFLICT;
	TRY(recovery_codes_put(r->change.context, db, &r->change.person->session.user_id,
			       &r->codes));
	return factors_settle(&r->change, db, &event);
}

enum err recovery_codes_renew(const struct auth_context *context, const struct session *session,
			      enum factors_verdict *verdict, struct recovery_codes *out)
{
	struct renewing renewing = {
		.change = {.context = context, .person = &session->found},
	};
	enum err e = db_transact(context->db, renew_work, &renewing);

	if (e == ERR_CONFLICT) {
		*verdict = FACTORS_GONE;
		return OK;
	}
	TRY(e);
	audit_trail_write(context, &renewing.change.trail);
	*out = renewing.codes;
	*verdict = FACTORS_DONE;
	return OK;
}

enum err recovery_codes_left(const struct auth_context *context, const struct id *user_id,
			     struct recovery_left *out)
{
	struct recovery_row row = {.used = 0};
	struct recovery_left left = {.left = 0};
	bool found = false;

	TRY(recovery_store_find(context->db, context->arena, user_id, &row, &found));
	for (unsigned i = 0; found && i < RECOVERY_SET_CODES; i++)
		left.left += (row.used >> i & 1U) == 0;
	left.made_at = row.made_at;
	left.used_at = row.used_at;
	*out = left;
	return OK;
}

/* Takes the same time whichever it is, or none. */
static bool find_bit(const struct recovery_row *row, const unsigned char *digests,
		     const struct digest *typed, unsigned *bit)
{
	bool found = false;

	for (unsigned i = 0; i < RECOVERY_SET_CODES; i++) {
		struct digest digest;
		bool same = false;

		memcpy(digest.b, digests + (size_t)i * DIGEST_BYTES, DIGEST_BYTES);
		same = digest_equal(&digest, typed);
		same = (row->used >> i & 1U) == 0 && same;
		*bit = same ? i : *bit;
		found = same || found;
	}
	return found;
}

/* A set that does not open (its root is gone, or it is somebody else's) has no code. */
static enum err open_set(const struct auth_context *context, const struct recovery_row *row,
			 struct secret *digests, bool *opened)
{
	enum err e = factor_open_recovery(context->arena, context->keys, &row->user_id,
					  &row->digests, digests);

	*opened = e == OK && digests->len == SET_BYTES;
	return e == ERR_CONFIG || e == ERR_INPUT ? OK : e;
}

enum err recovery_codes_match(const struct auth_context *context, const struct id *user_id,
			      struct str typed, struct recovery_match *out, bool *right)
{
	struct recovery_match match = {.bit = 0};
	unsigned char code[RECOVERY_CODE_BYTES];
	struct secret digests = SECRET_NONE;
	struct digest digest;
	bool is_one = false;
	bool there = false;

	TRY(recovery_store_find(context->db, context->arena, user_id, &match.row, &there));
	if (there)
		TRY(open_set(context, &match.row, &digests, &there));
	recovery_code_read(typed, code, &is_one);
	digest = digest_of(user_id, code);
	secret_wipe_bytes(code, sizeof code);
	there = there && find_bit(&match.row, digests.bytes, &digest, &match.bit) && is_one;
	if (there)
		*out = match;
	*right = there;
	return OK;
}
