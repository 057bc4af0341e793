/* Rows of totp and recovery_set, and which factors a user has. */
#include "factor_store.h"

#include "passkey_store.h"
#include "row.h"

const char *factor_store_name(unsigned factor)
{
	switch (factor) {
	case FACTOR_TOTP:
		return "totp";
	case FACTOR_PASSKEY:
		return "passkey";
	case FACTOR_RECOVERY:
		return "recovery_code";
	default:
		return "";
	}
}

enum err factor_store_set(struct db *db, const struct id *user_id, unsigned factors)
{
	return row_run(db, STMT_USER_SET_FACTORS, ARGS(arg_int(factors), arg_id(user_id)), NULL);
}

static enum err number(struct db *db, enum stmt stmt, struct args args, int64_t *out)
{
	int64_t value = 0;
	bool found = false;

	TRY(row_find(db, stmt, args, (struct row_into){.row = &value}, &found));
	*out = value;
	return OK;
}

enum err factor_store_count(struct db *db, const struct id *user_id, unsigned *factors)
{
	int64_t bits = 0;

	TRY(number(db, STMT_USER_COUNT_FACTORS,
		   ARGS(arg_id(user_id), arg_id(user_id), arg_id(user_id)), &bits));
	*factors = (unsigned)bits;
	return OK;
}

enum err factor_store_set_end(struct db *db, const struct id *user_id, int64_t at)
{
	return row_run(db, STMT_USER_SET_FACTORS_END, ARGS(arg_time(at), arg_id(user_id)), NULL);
}

enum err factor_store_end(struct db *db, const struct id *user_id, int64_t *at)
{
	return number(db, STMT_USER_FACTORS_END, ARGS(arg_id(user_id)), at);
}

enum err factor_store_due(struct db *db, int64_t now, unsigned limit, struct id *ids, size_t *n)
{
	struct row_page page = {.rows = ids, .size = sizeof *ids, .room = limit};

	TRY(row_fill(db, STMT_USER_FACTORS_DUE, ARGS(arg_int(now), arg_int(limit)), &page));
	*n = page.n;
	return OK;
}

enum err factor_store_compare(struct db *db, struct factors_batch *batch)
{
	struct id last = ID_NONE;
	struct row_page page = {NULL, batch->wrong, sizeof batch->wrong[0], FACTORS_BATCH_MAX, 0};
	bool found = false;

	TRY(row_find(db, STMT_GRANTS_END,
		     ARGS(arg_id_or_zero(&batch->last), arg_int(FACTORS_BATCH_MAX)),
		     (struct row_into){.row = &last}, &found));
	if (!id_is_none(last))
		TRY(row_fill(db, STMT_USER_FACTORS_WRONG,
			     ARGS(arg_id_or_zero(&batch->last), arg_id(&last)), &page));
	batch->last = last;
	batch->end = id_is_none(last);
	batch->wrong_count = page.n;
	return OK;
}

enum err factor_store_delete_all(struct db *db, const struct id *user_id)
{
	TRY(totp_store_delete(db, user_id));
	TRY(recovery_store_delete(db, user_id));
	TRY(passkey_store_delete_of_user(db, user_id));
	TRY(challenge_store_delete_of_user(db, user_id));
	TRY(factor_store_set_end(db, user_id, 0));
	return factor_store_set(db, user_id, 0);
}

enum err totp_store_find(struct db *db, struct arena *arena, const struct id *user_id,
			 struct totp_row *row, bool *found)
{
	struct totp_row there = {.last_step = 0};
	bool any = false;

	TRY(row_find(db, STMT_TOTP_FIND, ARGS(arg_id(user_id)),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err totp_store_offer(struct db *db, const struct id *user_id, const struct factor_box *next,
			  int64_t now)
{
	return row_run(
		db, STMT_TOTP_OFFER,
		ARGS(arg_id(user_id), arg_int(next->root), arg_secret(next->box), arg_int(now)),
		NULL);
}

enum err totp_store_confirm(struct db *db, const struct totp_confirmation *of, bool *done)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_TOTP_CONFIRM,
		    ARGS(arg_int(of->step), arg_int(of->now), arg_int(of->now),
			 arg_id(&of->user_id), arg_secret(of->next.box)),
		    &affected));
	*done = affected == 1;
	return OK;
}

enum err totp_store_use(struct db *db, const struct id *user_id, int64_t step, int64_t now,
			bool *won)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_TOTP_USE,
		    ARGS(arg_int(step), arg_int(now), arg_id(user_id), arg_int(step)), &affected));
	*won = affected == 1;
	return OK;
}

enum err totp_store_delete(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_TOTP_DELETE, ARGS(arg_id(user_id)), NULL);
}

enum err totp_store_advance(struct db *db, int64_t step)
{
	return row_run(db, STMT_TOTP_ADVANCE, ARGS(arg_int(step), arg_int(step)), NULL);
}

enum err totp_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *purged)
{
	return row_run(db, STMT_TOTP_PURGE, ARGS(arg_int(before), arg_int(limit)), purged);
}

/* NOLINTNEXTLINE(readability-function-size): the page and its rows are the caller's */
enum err totp_store_walk(struct db *db, struct arena *arena, const struct id *after, unsigned limit,
			 struct totp_row *rows, size_t *n)
{
	struct row_page page = {arena, rows, sizeof *rows, limit, 0};

	TRY(row_fill(db, STMT_TOTP_WALK, ARGS(arg_id_or_zero(after), arg_int(limit)), &page));
	*n = page.n;
	return OK;
}

static enum err reseal(struct db *db, enum stmt stmt, const struct factor_reseal *of, bool *done)
{
	uint64_t affected = 0;

	TRY(row_run(db, stmt,
		    ARGS(arg_int(of->new.root), arg_secret(of->new.box), arg_id(&of->user_id),
			 arg_int(of->old.root), arg_secret(of->old.box)),
		    &affected));
	*done = affected == 1;
	return OK;
}

enum err totp_store_reseal(struct db *db, const struct factor_reseal *of, bool *done)
{
	return reseal(db, STMT_TOTP_RESEAL, of, done);
}

enum err recovery_store_find(struct db *db, struct arena *arena, const struct id *user_id,
			     struct recovery_row *row, bool *found)
{
	struct recovery_row there = {.used = 0};
	bool any = false;

	TRY(row_find(db, STMT_RECOVERY_FIND, ARGS(arg_id(user_id)),
		     (struct row_into){.arena = arena, .row = &there}, &any));
	if (any)
		*row = there;
	*found = any;
	return OK;
}

enum err recovery_store_put(struct db *db, const struct recovery_row *row)
{
	return row_run(db, STMT_RECOVERY_PUT,
		       ARGS(arg_id(&row->user_id), arg_id(&row->id), arg_int(row->digests.root),
			    arg_secret(row->digests.box), arg_int(row->made_at)),
		       NULL);
}

enum err recovery_store_use(struct db *db, const struct recovery_row *row, unsigned bit,
			    int64_t now, bool *won)
{
	const int64_t mask = INT64_C(1) << bit;
	uint64_t affected = 0;

	if (bit >= RECOVERY_SET_CODES)
		return ERR_INTERNAL;
	TRY(row_run(db, STMT_RECOVERY_USE,
		    ARGS(arg_int(mask), arg_int(now), arg_id(&row->user_id), arg_id(&row->id),
			 arg_int(mask)),
		    &affected));
	*won = affected == 1;
	return OK;
}

enum err recovery_store_delete(struct db *db, const struct id *user_id)
{
	return row_run(db, STMT_RECOVERY_DELETE, ARGS(arg_id(user_id)), NULL);
}

/* NOLINTNEXTLINE(readability-function-size): the page and its rows are the caller's */
enum err recovery_store_walk(struct db *db, struct arena *arena, const struct id *after,
			     unsigned limit, struct recovery_row *rows, size_t *n)
{
	struct row_page page = {arena, rows, sizeof *rows, limit, 0};

	TRY(row_fill(db, STMT_RECOVERY_WALK, ARGS(arg_id_or_zero(after), arg_int(limit)), &page));
	*n = page.n;
	return OK;
}

enum err recovery_store_reseal(struct db *db, const struct factor_reseal *of, bool *done)
{
	return reseal(db, STMT_RECOVERY_RESEAL, of, done);
}

enum err factor_store_count_sealed(struct db *db, uint32_t root, uint64_t *count)
{
	int64_t boxes = 0;

	TRY(number(db, STMT_FACTOR_COUNT_SEALED, ARGS(arg_int(root), arg_int(root)), &boxes));
	*count = (uint64_t)boxes;
	return OK;
}
