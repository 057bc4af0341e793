/* Services as their keeper sees them: made, given another secret or other scopes, disabled,
 * removed.
 */
#include "service_admin.h"

#include "audit.h"
#include "buf.h"
#include "db.h"
#include "service.h"

#define DETAIL_MAX 300

/* One act; effect and trail are made anew when the transaction runs again. */
struct doing {
	const struct auth_context *context;
	struct str name;
	const char *what; /* for the event */
	/* Makes the row what it becomes. *changed false: it was so already. NULL: it goes. */
	void (*change)(const struct doing *d, struct service_row *row, bool *changed);
	uint32_t scopes;
	int64_t overlap;
	struct secret value; /* of a new secret; missing: none */
	struct service_effect effect;
	struct audit_trail trail;
};

/* "shop: scopes introspect flows:read" */
static enum err note(struct doing *d)
{
	struct audit_event event = {.kind = AUDIT_SERVICE_CHANGED};
	struct buf detail;

	buf_init(&detail, d->context->arena, DETAIL_MAX);
	buf_add(&detail, d->effect.row.name);
	buf_add(&detail, STR(": "));
	buf_add(&detail, str_of(d->what));
	if (d->effect.row.scopes != 0)
		buf_add(&detail, STR(", may "));
	service_scopes_add(&detail, d->effect.row.scopes);
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

/* The transaction is undone; why is the result. */
static enum err refuse(struct doing *d, enum service_outcome outcome)
{
	d->effect = (struct service_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

static enum err store(struct doing *d, struct db *db, struct service_row *row)
{
	bool changed = false;

	if (d->change == NULL)
		return service_store_delete(db, d->name, &changed);
	d->change(d, row, &changed);
	if (changed)
		return service_store_set(db, row);
	d->effect.outcome = SERVICE_ALREADY;
	return OK;
}

static enum err change_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	struct service_row row = {.state = SERVICE_STATE_NONE};
	bool found = false;

	d->trail.n = 0;
	d->effect = (struct service_effect){.outcome = SERVICE_DONE};
	TRY(service_store_lock(db, d->context->arena, d->name, &row, &found));
	if (!found)
		return refuse(d, SERVICE_NOT_THERE);
	TRY(store(d, db, &row));
	d->effect.row = row;
	return d->effect.outcome == SERVICE_DONE ? note(d) : OK;
}

static enum err create_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	struct service_row row = {
		.name = d->name,
		.scopes = d->scopes,
		.state = SERVICE_ACTIVE,
		.created_at = d->context->now,
		.secret_at = d->context->now,
	};

	d->trail.n = 0;
	service_keep(d->context->keys, d->value, &row);
	d->effect = (struct service_effect){.outcome = SERVICE_DONE, .row = row};
	enum err e = service_store_insert(db, &row);
	if (e == ERR_CONFLICT)
		return refuse(d, SERVICE_TAKEN);
	TRY(e);
	return note(d);
}

static enum err run(struct doing *d, enum err (*work)(struct db *, void *),
		    struct service_effect *out)
{
	enum err e = OK;

	if (!config_is_flow_name(d->name)) {
		*out = (struct service_effect){.outcome = SERVICE_BAD_NAME};
		return OK;
	}
	e = db_transact(d->context->db, work, d);
	if (e == ERR_CONFLICT && d->effect.outcome > SERVICE_ALREADY)
		e = OK;
	else if (e == OK)
		audit_trail_write(d->context, &d->trail);
	TRY(e);
	if (d->effect.outcome == SERVICE_DONE && secret_is_present(d->value))
		TRY(service_secret_text(d->context->arena, d->value, &d->effect.secret));
	*out = d->effect;
	return OK;
}

enum err service_create(const struct auth_context *context, struct str name, uint32_t scopes,
			struct service_effect *out)
{
	struct doing d = {.context = context, .name = name, .what = "added", .scopes = scopes};

	TRY(secret_random(context->arena, SERVICE_SECRET_BYTES, &d.value));
	return run(&d, create_work, out);
}

static void replace_secret(const struct doing *d, struct service_row *row, bool *changed)
{
	row->former_hash = row->secret_hash;
	row->former_until = d->overlap > 0 ? d->context->now + d->overlap : 0;
	row->secret_at = d->context->now;
	service_keep(d->context->keys, d->value, row);
	*changed = true;
}

enum err service_rotate(const struct auth_context *context, struct str name, int64_t overlap,
			struct service_effect *out)
{
	struct doing d = {.context = context,
			  .name = name,
			  .what = "new secret",
			  .change = replace_secret,
			  .overlap = overlap};

	if (overlap < 0 || overlap > SERVICE_OVERLAP_MAX)
		return ERR_INPUT;
	TRY(secret_random(context->arena, SERVICE_SECRET_BYTES, &d.value));
	return run(&d, change_work, out);
}

static void give_scopes(const struct doing *d, struct service_row *row, bool *changed)
{
	*changed = (row->scopes & d->scopes) != d->scopes;
	row->scopes |= d->scopes;
}

static void take_scopes(const struct doing *d, struct service_row *row, bool *changed)
{
	*changed = (row->scopes & d->scopes) != 0;
	row->scopes &= ~d->scopes;
}

enum err service_add_scopes(const struct auth_context *context, struct str name, uint32_t scopes,
			    struct service_effect *out)
{
	struct doing d = {.context = context,
			  .name = name,
			  .what = "more scopes",
			  .change = give_scopes,
			  .scopes = scopes};

	return run(&d, change_work, out);
}

enum err service_remove_scopes(const struct auth_context *context, struct str name, uint32_t scopes,
			       struct service_effect *out)
{
	struct doing d = {.context = context,
			  .name = name,
			  .what = "fewer scopes",
			  .change = take_scopes,
			  .scopes = scopes};

	return run(&d, change_work, out);
}

static void stop(const struct doing *d, struct service_row *row, bool *changed)
{
	(void)d;
	*changed = row->state != SERVICE_DISABLED;
	row->state = SERVICE_DISABLED;
}

static void go(const struct doing *d, struct service_row *row, bool *changed)
{
	(void)d;
	*changed = row->state != SERVICE_ACTIVE;
	row->state = SERVICE_ACTIVE;
}

enum err service_disable(const struct auth_context *context, struct str name,
			 struct service_effect *out)
{
	struct doing d = {.context = context, .name = name, .what = "disabled", .change = stop};

	return run(&d, change_work, out);
}

enum err service_enable(const struct auth_context *context, struct str name,
			struct service_effect *out)
{
	struct doing d = {.context = context, .name = name, .what = "enabled", .change = go};

	return run(&d, change_work, out);
}

enum err service_remove(const struct auth_context *context, struct str name,
			struct service_effect *out)
{
	struct doing d = {.context = context, .name = name, .what = "removed"};

	return run(&d, change_work, out);
}
