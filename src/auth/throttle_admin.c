/* Throttling as its keeper sees it: listing counters, clearing them. */
#include "throttle_admin.h"

#include "account.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "throttle.h"

#define BATCH 500

/* The counters of an account are those of its names; of nobody's, the one of what was typed. */
static enum err keys_of_user(const struct auth_context *context, struct str typed,
			     struct digest keys[THROTTLE_KEYS])
{
	struct user_row user = {.state = USER_NONE};
	struct str name = STR_NONE;
	bool found = false;
	enum err e = account_normal_identifier(context->arena, typed, &name);

	if (e != OK && e != ERR_INPUT)
		return e;
	keys[0] = throttle_key_of_name(context, e == OK ? name : typed);
	keys[1] = keys[0];
	TRY(account_find(context, typed, &user, &found));
	if (found && str_is_present(user.username))
		keys[0] = throttle_key_of_name(context, user.username);
	if (found && str_is_present(user.email))
		keys[1] = throttle_key_of_name(context, user.email);
	keys[2] = keys[0];
	return OK;
}

static enum err keys_of_source(const struct auth_context *context, struct str ip,
			       struct digest keys[THROTTLE_KEYS])
{
	struct throttle_source source;

	TRY(throttle_policy_source(ip, &source));
	for (size_t i = 0; i < THROTTLE_KEYS; i++)
		keys[i] = throttle_key_of_source(context, ip);
	keys[0] = throttle_key_of_guests(context, ip);
	keys[2] = throttle_key_of_services(context, ip);
	return OK;
}

static enum err keys_of(const struct auth_context *context, const struct throttle_choice *choice,
			struct digest keys[THROTTLE_KEYS], bool *every)
{
	*every = !str_is_present(choice->user) && !str_is_present(choice->source);
	if (*every)
		return OK;
	if (str_is_present(choice->user))
		return keys_of_user(context, choice->user, keys);
	return keys_of_source(context, choice->source, keys);
}

static struct throttle_view view_of(const struct auth_context *context,
				    const struct throttle_row *row)
{
	struct throttle_row next = throttle_policy_counted(row, context->now);
	const struct config *config = context->config;

	return (struct throttle_view){
		.row = *row,
		.wait = throttle_policy_remaining(config, &next, context->now),
		.lost = row->bucket == THROTTLE_DEVICE && throttle_policy_is_lost(config, &next),
	};
}

enum err throttle_admin_list(const struct auth_context *context,
			     const struct throttle_choice *choice, const struct digest *after,
			     struct throttle_view *views, size_t *n)
{
	struct throttle_row rows[THROTTLE_PAGE];
	struct digest keys[THROTTLE_KEYS];
	bool every = false;
	size_t count = 0;

	TRY(keys_of(context, choice, keys, &every));
	if (every)
		TRY(throttle_store_list(context->db, after, THROTTLE_PAGE, rows, &count));
	else
		TRY(throttle_store_find(context->db, keys, rows, &count));
	for (size_t i = 0; i < count; i++)
		views[i] = view_of(context, &rows[i]);
	*n = count;
	return OK;
}

/* How many of whose, for the record; in the context's arena. */
static enum err describe(const struct auth_context *context, const struct throttle_choice *choice,
			 uint64_t cleared, struct str *out)
{
	struct str subject = STR_NONE;
	struct buf text;

	buf_init(&text, context->arena, 160);
	buf_add_u64(&text, cleared);
	if (str_is_present(choice->user)) {
		TRY(audit_subject(context, choice->user, &subject));
		buf_add(&text, STR(" of account "));
		buf_add(&text, subject);
	} else if (str_is_present(choice->source)) {
		buf_add(&text, STR(" of source "));
		buf_add(&text, choice->source);
	} else {
		buf_add(&text, STR(" of everybody"));
	}
	return buf_str(&text, out);
}

/* Some counters, or a batch of all, and the record of that, in one transaction. */
struct clearing {
	const struct auth_context *context;
	const struct throttle_choice *choice;
	struct digest keys[THROTTLE_KEYS];
	bool every, first;
	uint64_t cleared;
	struct audit_trail trail;
};

static enum err clear_work(struct db *db, void *opaque)
{
	struct clearing *c = opaque;
	struct audit_event event = {.kind = AUDIT_THROTTLE_CLEARED};

	c->trail.n = 0;
	if (c->every)
		TRY(throttle_store_clear_any(db, BATCH, &c->cleared));
	else
		TRY(throttle_store_clear(db, c->keys, &c->cleared));
	if (c->cleared == 0 && !c->first)
		return OK;
	TRY(describe(c->context, c->choice, c->cleared, &event.detail));
	return audit_trail_add(c->context, &c->trail, &event);
}

enum err throttle_admin_clear(const struct auth_context *context,
			      const struct throttle_choice *choice, uint64_t *cleared)
{
	struct clearing c = {.context = context, .choice = choice, .first = true};
	uint64_t total = 0;

	TRY(keys_of(context, choice, c.keys, &c.every));
	do {
		TRY(db_transact(context->db, clear_work, &c));
		audit_trail_write(context, &c.trail);
		total += c.cleared;
		c.first = false;
	} while (c.every && c.cleared > 0);
	*cleared = total;
	return OK;
}
