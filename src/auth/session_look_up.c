/* Sessions: finding those that credentials stand for, of one request or of many. */
#include "session.h"

#include "arena.h"

#define RESOLVE_MAX (SESSION_BATCH_MAX / KEYRING_ROOTS)

static bool is_well_formed(const struct credential *credential)
{
	return credential->syntax == CREDENTIAL_WELL_FORMED;
}

/* Looked for by the id that it names: of one that is not proven nothing is believed. */
static bool is_proven_token(const struct credential *credential)
{
	return is_well_formed(credential) && credential->carrier == CARRIER_TOKEN &&
	       credential->roots > 0;
}

size_t session_hashes(const struct credential *credential)
{
	bool is_value = is_well_formed(credential) && credential->carrier != CARRIER_TOKEN;

	return is_value ? credential->roots : 0;
}

/* The rows of many credentials: by one statement for values, one for proven tokens. */
struct search {
	struct digest hashes[SESSION_BATCH_MAX];
	size_t hash_count;
	struct id ids[SESSION_BATCH_MAX];
	size_t id_count;
	struct session_found *rows; /* in the arena; those of values first */
	size_t value_rows, token_rows;
};

/* False: there is no room for more. */
static bool add_to(struct search *search, const struct credential *credential)
{
	size_t hashes = session_hashes(credential);

	if (search->hash_count + hashes > SESSION_BATCH_MAX)
		return false;
	for (size_t root = 0; root < hashes; root++)
		search->hashes[search->hash_count++] = credential->hashes[root];
	if (!is_proven_token(credential))
		return true;
	if (search->id_count == SESSION_BATCH_MAX)
		return false;
	search->ids[search->id_count++] = credential->claim.session_id;
	return true;
}

static enum err find_rows(struct db *db, struct arena *arena, struct search *search)
{
	search->rows =
		arena_array(arena, search->hash_count + search->id_count, sizeof *search->rows);
	if (search->rows == NULL)
		return ERR_MEMORY;
	if (search->hash_count > 0)
		TRY(session_store_find(db, arena, search->hashes, search->hash_count, search->rows,
				       &search->value_rows));
	if (search->id_count > 0)
		TRY(session_store_find_named(db, arena, search->ids, search->id_count,
					     search->rows + search->value_rows,
					     &search->token_rows));
	return OK;
}

static bool is_hash_of(const struct credential *credential, const struct digest *hash)
{
	for (size_t root = 0; root < credential->roots; root++)
		if (digest_equal(hash, &credential->hashes[root]))
			return true;
	return false;
}

/* Same value, same way of carrying it. */
static const struct session_found *row_of_value(const struct search *search,
						const struct credential *credential)
{
	for (size_t i = 0; i < search->value_rows; i++) {
		const struct session_row *row = &search->rows[i].session;

		if (row->carrier == (uint32_t)credential->carrier &&
		    is_hash_of(credential, &row->hash))
			return &search->rows[i];
	}
	return NULL;
}

static const struct session_found *row_of_token(const struct search *search,
						const struct credential *credential)
{
	const struct session_found *rows = search->rows + search->value_rows;

	for (size_t i = 0; i < search->token_rows; i++)
		if (id_equal(rows[i].session.id, credential->claim.session_id))
			return &rows[i];
	return NULL;
}

/* A hold counts the version up; who has the token before it learns of the hold. */
static bool is_of_version(const struct credential_claim *claim, const struct session_row *row)
{
	return row->epoch == claim->version ||
	       (row->held && row->epoch > 0 && row->epoch - 1 == claim->version);
}

/* False: the version that the token is good for is not there; it may have been rotated away. */
static bool judge_token(const struct auth_context *context, const struct credential *credential,
			const struct session_found *row, struct session *out)
{
	const struct credential_claim *claim = &credential->claim;

	if (row == NULL || !id_equal(row->session.user_id, claim->user_id))
		return true;
	if (!is_of_version(claim, &row->session))
		return false;
	session_judge(context, row, out);
	out->is_older_pair = !id_equal(row->session.pair_id, claim->token_id);
	return true;
}

/* What is known by the rows alone. False: whether it was rotated away remains to be asked. */
static bool judge_found(const struct auth_context *context, const struct credential *credential,
			const struct search *search, struct session *out)
{
	const struct session_found *row = NULL;

	*out = (struct session){.standing = SESSION_UNKNOWN};
	if (credential->syntax == CREDENTIAL_ABSENT)
		out->standing = SESSION_ABSENT;
	if (!is_well_formed(credential))
		return true;
	if (credential->carrier == CARRIER_TOKEN)
		return !is_proven_token(credential) ||
		       judge_token(context, credential, row_of_token(search, credential), out);
	row = row_of_value(search, credential);
	if (row == NULL)
		return false;
	session_judge(context, row, out);
	return true;
}

/* Was it rotated away? */
static enum err judge_missing(const struct auth_context *context,
			      const struct credential *credential, struct session *out)
{
	bool rotated = false;

	TRY(rotation_store_find(context->db, context->arena, credential->hashes, &out->rotation,
				&rotated));
	if (rotated)
		out->standing = SESSION_REPLACED;
	return OK;
}

enum err session_resolve(const struct auth_context *context, const struct credential *credentials,
			 size_t n, struct session *out)
{
	struct search search = {.hash_count = 0};
	struct session *sessions = NULL;

	if (n > RESOLVE_MAX)
		return ERR_INTERNAL;
	sessions = arena_array(context->arena, n, sizeof *sessions);
	if (sessions == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n; i++)
		if (!add_to(&search, &credentials[i]))
			return ERR_INTERNAL;
	TRY(find_rows(context->db, context->arena, &search));
	for (size_t i = 0; i < n; i++)
		if (!judge_found(context, &credentials[i], &search, &sessions[i]))
			TRY(judge_missing(context, &credentials[i], &sessions[i]));
	for (size_t i = 0; i < n; i++)
		out[i] = sessions[i];
	return OK;
}

enum err session_look_up(struct db *db, struct arena *arena, const struct session_look_up *list,
			 size_t n)
{
	struct search search = {.hash_count = 0};

	for (size_t i = 0; i < n; i++)
		if (!add_to(&search, list[i].credential))
			return ERR_INTERNAL;
	TRY(find_rows(db, arena, &search));
	/* Of what is left to ask nothing is known: it stays as it was made, SESSION_UNKNOWN. */
	for (size_t i = 0; i < n; i++)
		(void)judge_found(list[i].context, list[i].credential, &search, list[i].out);
	return OK;
}
