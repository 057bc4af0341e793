/* Secrets of second factors under the newest root key, everybody's. */
#include "factor_reseal.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "factor_seal.h"
#include "factor_store.h"

#define BATCH 200
#define BATCH_MEMORY ((size_t)4 * 1024 * 1024)
#define DETAIL_MAX 64

/* How far it is. */
struct run {
	const struct auth_context *context;
	struct arena *arena; /* of one batch */
	uint32_t newest;
	struct factor_resealing done;
};

/* What differs from one table to the other. */
struct table {
	const char *what;
	enum err (*open)(struct arena *, const struct keyring *, const struct id *,
			 const struct factor_box *, struct secret *);
	enum err (*seal)(struct arena *, const struct keyring *, const struct id *, struct secret,
			 struct factor_box *);
	enum err (*store)(struct db *, const struct factor_reseal *, bool *);
};

static const struct table TOTP = {
	"authenticator app",
	factor_open_totp,
	factor_seal_totp,
	totp_store_reseal,
};
static const struct table RECOVERY = {
	"recovery codes",
	factor_open_recovery,
	factor_seal_recovery,
	recovery_store_reseal,
};

/* One that does not open must not keep the others under a root that is to go. */
static enum err leave(struct run *run, const struct table *table, const struct factor_reseal *of,
		      enum err why)
{
	struct str user = STR_NONE;

	if (why != ERR_CONFIG && why != ERR_INPUT)
		return why;
	TRY(id_text(run->arena, of->user_id, &user));
	if (run->done.shut++ == 0)
		(void)fault_set(&run->done.fault, "%s of user %s: %s root %u", table->what, user.p,
				why == ERR_CONFIG ? "the key file has no" : "does not open under",
				of->old.root);
	return OK;
}

static enum err reseal(struct run *run, const struct table *table, const struct id *user_id,
		       const struct factor_box *box)
{
	const struct keyring *keys = run->context->keys;
	struct factor_reseal of = {.user_id = *user_id, .old = *box};
	struct secret plain = SECRET_NONE;
	bool stored = false;

	if (!secret_is_present(box->box) || box->root == run->newest)
		return OK;
	enum err e = table->open(run->arena, keys, user_id, box, &plain);
	if (e != OK)
		return leave(run, table, &of, e);
	e = table->seal(run->arena, keys, user_id, plain, &of.new);
	secret_wipe(&plain);
	TRY(e);
	TRY(table->store(run->context->db, &of, &stored));
	/* Not stored: its owner was faster, or it was done and the answer lost. */
	run->done.resealed++;
	return OK;
}

static enum err reseal_totp(struct run *run)
{
	struct id after = ID_NONE;
	size_t n = BATCH;

	while (n == BATCH) {
		struct totp_row *rows = arena_array(run->arena, BATCH, sizeof *rows);

		if (rows == NULL)
			return ERR_MEMORY;
		TRY(totp_store_walk(run->context->db, run->arena, &after, BATCH, rows, &n));
		for (size_t i = 0; i < n; i++)
			TRY(reseal(run, &TOTP, &rows[i].user_id, &rows[i].current));
		if (n > 0)
			after = rows[n - 1].user_id;
		arena_reset(run->arena);
	}
	return OK;
}

static enum err reseal_recovery(struct run *run)
{
	struct id after = ID_NONE;
	size_t n = BATCH;

	while (n == BATCH) {
		struct recovery_row *rows = arena_array(run->arena, BATCH, sizeof *rows);

		if (rows == NULL)
			return ERR_MEMORY;
		TRY(recovery_store_walk(run->context->db, run->arena, &after, BATCH, rows, &n));
		for (size_t i = 0; i < n; i++)
			TRY(reseal(run, &RECOVERY, &rows[i].user_id, &rows[i].digests));
		if (n > 0)
			after = rows[n - 1].user_id;
		arena_reset(run->arena);
	}
	return OK;
}

static enum err record(const struct run *run)
{
	struct audit_event event = {.kind = AUDIT_KEYS_CHANGED};
	struct buf detail;

	if (run->done.resealed == 0)
		return OK;
	buf_init(&detail, run->context->arena, DETAIL_MAX);
	buf_addf(&detail, "second factors resealed %llu", (unsigned long long)run->done.resealed);
	TRY(buf_str(&detail, &event.detail));
	return audit_record(run->context, &event);
}

enum err factor_reseal(const struct auth_context *context, struct factor_resealing *out)
{
	struct run run = {.context = context};
	size_t roots = 0;

	run.newest = keyring_root_at(context->keys, 0, &roots).number;
	TRY(arena_open(0, BATCH_MEMORY, &run.arena));
	enum err e = reseal_totp(&run);
	if (e == OK)
		e = reseal_recovery(&run);
	arena_close(&run.arena);
	TRY(e);
	TRY(record(&run));
	*out = run.done;
	return OK;
}
