/* The life of signing keys: made, put in charge, retired, gone; each change decided once. */
#include "signing_key.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "codec.h"
#include "db.h"
#include "key_seal.h"

#define DETAIL_MAX 1000
#define KID_SHOWN 8

/* What is asked for, and how far it is; from keys on all is made anew when it runs again. */
struct change {
	const struct auth_context *context;
	enum key_verdict (*plan_it)(struct change *change);
	struct digest kid;
	bool blind;  /* no key is opened before */
	bool reseal; /* instead of a plan */
	struct key_rows keys;
	struct key_plan plan;
	struct key_outcome outcome;
	struct audit_trail trail;
	struct buf detail;
};

static void show_kid(const struct digest *kid, char text[DIGEST_TEXT + 1])
{
	codec_base64url(kid->b, DIGEST_BYTES, text);
}

static void note(struct change *change, const char *what, const struct key_row *row)
{
	char text[DIGEST_TEXT + 1];

	show_kid(&row->kid, text);
	if (change->detail.n > 0)
		buf_add(&change->detail, STR(", "));
	buf_add(&change->detail, str_of(what));
	buf_add_char(&change->detail, ' ');
	buf_add(&change->detail, (struct str){.p = text, .n = KID_SHOWN});
}

static enum err refuse_key(struct fault *fault, const struct key_row *row, enum err why)
{
	char text[DIGEST_TEXT + 1];

	if (why != ERR_CONFIG && why != ERR_INPUT)
		return why;
	show_kid(&row->kid, text);
	if (why == ERR_CONFIG)
		return fault_set(fault,
				 "signing key %s: the key file has no root %u, which seals "
				 "it",
				 text, row->root);
	return fault_set(fault, "signing key %s: does not open under root %u of the key file", text,
			 row->root);
}

enum err signing_key_check(const struct auth_context *context, const struct key_row *row,
			   struct fault *fault)
{
	struct ed25519_secret secret;
	enum err e = key_seal_open(context->arena, context->keys, row, &secret);

	secret_wipe_bytes(&secret, sizeof secret);
	return e == OK ? OK : refuse_key(fault, row, e);
}

/* Whoever has another key file than the others must not put a key in charge that they cannot open.
 */
static enum err check_keys(struct change *change)
{
	for (size_t i = 0; i < change->keys.n && !change->blind; i++)
		TRY(signing_key_check(change->context, &change->keys.rows[i],
				      &change->outcome.fault));
	return OK;
}

static enum err apply_move(struct change *change, struct db *db, size_t i)
{
	struct key_row *row = &change->keys.rows[change->plan.moves[i].at];
	enum key_state to = change->plan.moves[i].to;
	int64_t now = change->context->now;

	row->state = to;
	if (to == KEY_ACTIVE)
		row->active_at = now;
	if (to == KEY_RETIRING)
		row->retiring_at = now;
	if (to == KEY_GONE) {
		row->gone_at = now;
		row->seed = SECRET_NONE;
	}
	note(change, key_state_name(to), row);
	return key_store_set(db, row);
}

static enum err make(struct change *change, struct db *db, enum key_state state)
{
	const struct auth_context *context = change->context;
	struct key_row row;

	TRY(key_seal_make(context->arena, context->keys, context->config->token.alg, &row));
	row.state = state;
	row.made_at = context->now;
	row.active_at = state == KEY_ACTIVE ? context->now : 0;
	note(change, state == KEY_ACTIVE ? "new active" : "new next", &row);
	return key_store_insert(db, &row);
}

static enum err apply_plan(struct change *change, struct db *db)
{
	for (size_t i = 0; i < change->plan.n; i++)
		TRY(apply_move(change, db, i));
	if (change->plan.make_active)
		TRY(make(change, db, KEY_ACTIVE));
	return change->plan.make_next ? make(change, db, KEY_NEXT) : OK;
}

static uint32_t newest_root(const struct auth_context *context)
{
	size_t n = 0;

	return keyring_root_at(context->keys, 0, &n).number;
}

static enum err apply_reseal(struct change *change, struct db *db)
{
	const struct auth_context *context = change->context;

	for (size_t i = 0; i < change->keys.n; i++) {
		struct key_row *row = &change->keys.rows[i];

		if (row->root == newest_root(context))
			continue;
		TRY(key_seal_renew(context->arena, context->keys, row));
		TRY(key_store_set(db, row));
		note(change, "resealed", row);
		change->outcome.resealed++;
	}
	return OK;
}

static enum err record(struct change *change)
{
	struct audit_event event = {.kind = AUDIT_KEYS_CHANGED, .detail = STR("many")};
	enum err e = buf_str(&change->detail, &event.detail);

	if (e != OK && e != ERR_TOO_LARGE)
		return e;
	return audit_trail_add(change->context, &change->trail, &event);
}

static enum err list(const struct auth_context *context, enum key_state latest,
		     struct key_rows *out)
{
	struct key_page page = {.rows = out->rows, .room = KEY_ROWS_MAX};

	TRY(key_store_list(context->db, context->arena, latest, &page));
	out->n = page.n;
	return OK;
}

static bool reseals(const struct change *change)
{
	for (size_t i = 0; i < change->keys.n && change->reseal; i++)
		if (change->keys.rows[i].root != newest_root(change->context))
			return true;
	return false;
}

/* The turn is read before the keys: who takes it knows that they are still as they were read. */
static enum err read_and_plan(struct change *change, int64_t *turn, bool *due)
{
	change->outcome = (struct key_outcome){.verdict = KEY_REFUSED};
	change->trail.n = 0;
	buf_init(&change->detail, change->context->arena, DETAIL_MAX);
	TRY(key_store_turn(change->context->db, turn));
	TRY(list(change->context, KEY_RETIRING, &change->keys));
	change->outcome.verdict = change->plan_it(change);
	*due = reseals(change) || !key_plan_is_empty(&change->plan);
	return OK;
}

static enum err work(struct db *db, void *context)
{
	struct change *change = context;
	int64_t turn = 0;
	bool due = false;
	bool taken = false;

	TRY(read_and_plan(change, &turn, &due));
	if (!due)
		return OK;
	TRY(check_keys(change));
	TRY(key_store_take_turn(db, turn, &taken));
	change->outcome.lost = !taken;
	if (!taken)
		return OK;
	change->outcome.changed = true;
	TRY(change->reseal ? apply_reseal(change, db) : apply_plan(change, db));
	return record(change);
}

static enum err run(struct change *change, struct key_outcome *outcome)
{
	const struct auth_context *context = change->context;
	int64_t turn = 0;
	bool due = false;

	/* Nothing is due most of the time: that takes no transaction. */
	enum err e = read_and_plan(change, &turn, &due);
	if (e == OK && due)
		e = db_transact(context->db, work, change);
	if (e == OK)
		audit_trail_write(context, &change->trail);
	if (e == OK || e == ERR_CONFIG)
		*outcome = change->outcome;
	return e;
}

static enum key_verdict plan_tend(struct change *change)
{
	struct key_periods periods = key_policy_periods(change->context->config);

	key_policy_tend(&periods, &change->keys, change->context->now, &change->plan);
	return KEY_ALLOWED;
}

static enum key_verdict plan_rotate(struct change *change)
{
	struct key_periods periods = key_policy_periods(change->context->config);

	return key_policy_rotate(&periods, &change->keys, change->context->now, &change->plan,
				 &change->outcome.from);
}

static enum key_verdict plan_replace(struct change *change)
{
	key_policy_replace(&change->keys, &change->plan);
	return KEY_ALLOWED;
}

static enum key_verdict plan_retire(struct change *change)
{
	return key_policy_retire(&change->keys, &change->kid, &change->plan);
}

static enum key_verdict plan_nothing(struct change *change)
{
	change->plan = (struct key_plan){.n = 0};
	return KEY_ALLOWED;
}

/* It is too large for a stack that has others above it. */
static enum err begin(const struct auth_context *context, struct change **out)
{
	struct change *change = arena_alloc(context->arena, sizeof *change);

	if (change == NULL)
		return ERR_MEMORY;
	change->context = context;
	*out = change;
	return OK;
}

enum err signing_key_tend(const struct auth_context *context, struct key_outcome *outcome)
{
	struct change *change = NULL;

	TRY(begin(context, &change));
	change->plan_it = plan_tend;
	return run(change, outcome);
}

enum err signing_key_rotate(const struct auth_context *context, struct key_outcome *outcome)
{
	struct change *change = NULL;

	TRY(begin(context, &change));
	change->plan_it = plan_rotate;
	return run(change, outcome);
}

enum err signing_key_replace(const struct auth_context *context, struct key_outcome *outcome)
{
	struct change *change = NULL;

	TRY(begin(context, &change));
	change->plan_it = plan_replace;
	change->blind = true;
	return run(change, outcome);
}

enum err signing_key_retire(const struct auth_context *context, const struct digest *kid,
			    struct key_outcome *outcome)
{
	struct change *change = NULL;

	TRY(begin(context, &change));
	change->plan_it = plan_retire;
	change->kid = *kid;
	return run(change, outcome);
}

enum err signing_key_reseal(const struct auth_context *context, struct key_outcome *outcome)
{
	struct change *change = NULL;

	TRY(begin(context, &change));
	change->plan_it = plan_nothing;
	change->reseal = true;
	return run(change, outcome);
}

enum err signing_key_list(const struct auth_context *context, struct key_rows *out)
{
	return list(context, KEY_GONE, out);
}
