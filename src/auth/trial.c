/* What somebody would be let into: a session that is only thought of, or one that lives a minute.
 */
#include "trial.h"

#include "db.h"
#include "renewal.h"
#include "tenant_store.h"

#define MADE_BY STR("gatepost guard check")

static struct id tenant_of(const struct trial *trial)
{
	return id_is_none(trial->tenant_id) ? trial->user->default_tenant : trial->tenant_id;
}

int64_t trial_auth_time(const struct auth_context *context)
{
	int64_t age = context->config->session.elevated.absolute - TRIAL_SPAN;

	return context->now - (age > 0 ? age : 0);
}

static struct session_row row_of(const struct auth_context *context, const struct trial *trial)
{
	const struct user_row *user = trial->user;

	return (struct session_row){
		.id = id_random(),
		.epoch = 1,
		.carrier = CARRIER_HANDLE,
		.class = CLASS_NATIVE,
		.state = user->must_change ? SESSION_PASSWORD_CHANGE_REQUIRED : SESSION_ACTIVE,
		.value_used = true,
		.user_id = user->id,
		.tenant_id = tenant_of(trial),
		.client = CLIENT_DEFAULT,
		.aal = 1,
		.amr = STR(""),
		.auth_time = trial_auth_time(context),
		.created_at = context->now,
		.last_seen = context->now,
		.idle_end = context->now + TRIAL_SPAN,
		.expires_at = context->now + TRIAL_SPAN,
		.device_name = MADE_BY,
		.ip = STR(""),
		.user_agent = STR(""),
	};
}

enum err trial_imagine(const struct auth_context *context, const struct trial *trial,
		       int64_t auth_time, unsigned aal, struct session *out)
{
	const struct user_row *user = trial->user;
	struct member_key key = {.user_id = user->id, .tenant_id = tenant_of(trial)};
	struct member_row member = {.user_id = ID_NONE};
	bool found = false;
	struct session_found row = {
		.session = row_of(context, trial),
		.user_state = user->state,
		.username = user->username,
		.email = user->email,
		.display_name = user->display_name,
		.user_grants = user->grants,
		.language = user->language,
	};

	row.session.auth_time = auth_time;
	row.session.aal = aal;
	row.session.aal2_end = aal >= 2 ? row.session.expires_at : 0;
	if (!id_is_none(key.tenant_id))
		TRY(member_store_find(context->db, context->arena, &key, &member, &found));
	if (found) {
		row.tenant_name = member.tenant.name;
		row.tenant_grants = member.grants;
	}
	session_judge(context, &row, out);
	return OK;
}

struct beginning {
	const struct trial *trial;
	struct renewal renewal;
};

/* Who is locked meanwhile, or has to change the password, is seen under the lock. */
static enum err begin_work(struct db *db, void *opaque)
{
	struct beginning *b = opaque;
	const struct auth_context *context = b->renewal.context;
	struct session_row row = row_of(context, b->trial);
	bool must_change = false;

	TRY(renewal_begin(&b->renewal, db));
	TRY(password_store_must_change(db, &row.user_id, &must_change));
	if (must_change)
		row.state = SESSION_PASSWORD_CHANGE_REQUIRED;
	TRY(renewal_make_value(&b->renewal));
	row.hash = b->renewal.hash;
	TRY(session_store_insert(db, &row));
	TRY(renewal_read(&b->renewal, db));
	return renewal_note(&b->renewal, AUDIT_SESSION_TRIED, row.id, MADE_BY);
}

enum err trial_begin(const struct auth_context *context, const struct trial *trial,
		     enum trial_verdict *verdict, struct session_issued *out)
{
	static const struct session nobody = {.standing = SESSION_ABSENT};
	static const struct credential nothing = {.syntax = CREDENTIAL_ABSENT};
	struct beginning b = {
		.trial = trial,
		.renewal =
			{
				.context = context,
				.user_id = trial->user->id,
				.carrier = CARRIER_HANDLE,
				.presented = &nothing,
				.resolved = &nobody,
			},
	};
	enum err e = db_transact(context->db, begin_work, &b);

	if (e == ERR_CONFLICT) {
		*verdict = TRIAL_REFUSED;
		return OK;
	}
	TRY(e);
	TRY(renewal_give(&b.renewal, out));
	*verdict = TRIAL_BEGUN;
	return OK;
}
