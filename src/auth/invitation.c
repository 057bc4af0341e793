/* Invitations. */
#include "invitation.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "mail.h"
#include "mail_code.h"
#include "role.h"
#include "role_store.h"

#define ROLE_LIST_MAX 1024 /* sixteen names of 64 characters do not fit all */
#define NUMBER_MAX 24

/* Everything below "payload" is made anew when the transaction runs again. */
struct inviting {
	const struct auth_context *context;
	const struct invitation_request *request;
	struct user_row names;
	struct str payload;
	struct invitation_result result;
	struct audit_trail trail;
};

static enum err flawed(struct inviting *v, enum account_flaw flaw)
{
	v->result = (struct invitation_result){.flaw = flaw};
	return ERR_CONFLICT;
}

static enum err look_for_roles(struct inviting *v, struct db *db)
{
	for (size_t i = 0; i < v->request->role_count; i++) {
		bool known = false;

		TRY(role_store_share(db, v->request->roles[i], &known));
		if (!known)
			return flawed(v, ACCOUNT_UNKNOWN_ROLE);
	}
	return OK;
}

static enum err look_for_others(struct inviting *v, struct db *db)
{
	struct user_row other;
	bool has_address = false;
	bool has_name = false;
	bool is_reserved = false;

	TRY(user_store_find(db, v->context->arena, v->names.email, &other, &has_address));
	if (v->names.username.n > 0)
		TRY(user_store_find(db, v->context->arena, v->names.username, &other, &has_name));
	TRY(mail_code_store_is_reserved(db, v->names.email, v->context->now, &is_reserved));
	return has_address || has_name || is_reserved ? flawed(v, ACCOUNT_TAKEN) : OK;
}

/* "7", of days, or of hours where it is no whole number of them; the other is "". */
static enum err life_text(const struct inviting *v, int64_t unit, struct str *out)
{
	int64_t life = mail_code_life(v->context->config, MAIL_INVITATION);
	bool in_days = life % CLOCK_DAY == 0;
	struct buf text;

	*out = STR("");
	if (in_days != (unit == CLOCK_DAY))
		return OK;
	buf_init(&text, v->context->arena, NUMBER_MAX);
	buf_add_i64(&text, life / unit);
	return buf_str(&text, out);
}

static enum err queue(struct inviting *v, struct db *db, const struct mail_code_made *made)
{
	struct str link = STR_NONE;
	struct str days = STR_NONE;
	struct str hours = STR_NONE;

	TRY(mail_link(v->context, STR("/invite"), made->link, &link));
	TRY(life_text(v, CLOCK_DAY, &days));
	TRY(life_text(v, CLOCK_HOUR, &hours));
	const struct mail_value values[] = {
		{"link", link},
		{"days", days},
		{"hours", hours},
		{"display_name", str_trim(v->request->display_name)},
	};
	const struct mail mail = {
		.kind = STR("invite"),
		.recipient = v->names.email,
		.language = v->request->language,
		.values = values,
		.n = sizeof values / sizeof values[0],
		.too_late = made->expires_at,
	};
	return mail_queue(v->context, db, &mail);
}

static enum err note(struct inviting *v, enum audit_kind kind)
{
	struct audit_event event = {.kind = kind};

	TRY(audit_subject(v->context, v->names.email, &event.detail));
	return audit_trail_add(v->context, &v->trail, &event);
}

static enum err invite_work(struct db *db, void *opaque)
{
	struct inviting *v = opaque;
	const struct mail_code_request code = {
		.purpose = MAIL_INVITATION,
		.address = v->names.email,
		.asker = {.kind = MAIL_ASKER_NOWHERE},
		.payload = v->payload,
		.language = v->request->language,
	};
	struct mail_code_made made;

	v->trail.n = 0;
	TRY(look_for_roles(v, db));
	TRY(look_for_others(v, db));
	TRY(mail_code_put(v->context, db, &code, &made));
	TRY(queue(v, db, &made));
	v->result = (struct invitation_result){
		.email = v->names.email,
		.expires_at = made.expires_at,
	};
	return note(v, AUDIT_USER_INVITED);
}

static enum err pack(struct inviting *v)
{
	struct str display_name = str_trim(v->request->display_name);
	struct str roles = STR_NONE;
	struct buf text;

	buf_init(&text, v->context->arena, ROLE_LIST_MAX);
	for (size_t i = 0; i < v->request->role_count; i++) {
		if (i > 0)
			buf_add_char(&text, ' ');
		buf_add(&text, v->request->roles[i]);
	}
	TRY(buf_str(&text, &roles));
	const struct mail_code_value values[] = {
		{"username", v->names.username},
		{"display_name", display_name.n > 0 ? display_name : STR_NONE},
		{"roles", roles.n > 0 ? roles : STR_NONE},
	};
	return mail_code_pack(v->context->arena, values, sizeof values / sizeof values[0],
			      &v->payload);
}

static enum err read_request(struct inviting *v, enum account_flaw *flaw)
{
	const struct account_request typed = {
		.username = v->request->username,
		.email = v->request->email,
		.display_name = v->request->display_name,
	};

	TRY(account_read_names(v->context->arena, &typed, &v->names, flaw));
	if (*flaw == ACCOUNT_NO_NAME || (*flaw == ACCOUNT_FINE && v->names.email.n == 0))
		*flaw = ACCOUNT_BAD_EMAIL;
	for (size_t i = 0; i < v->request->role_count; i++)
		if (*flaw == ACCOUNT_FINE && !role_is_name(v->request->roles[i]))
			*flaw = ACCOUNT_UNKNOWN_ROLE;
	return *flaw == ACCOUNT_FINE ? pack(v) : OK;
}

enum err invitation_send(const struct auth_context *context,
			 const struct invitation_request *request, struct invitation_result *out)
{
	struct inviting inviting = {.context = context, .request = request};
	enum account_flaw flaw = ACCOUNT_FINE;
	enum err e = OK;

	TRY(read_request(&inviting, &flaw));
	inviting.result.flaw = flaw;
	if (flaw == ACCOUNT_FINE)
		e = db_transact(context->db, invite_work, &inviting);
	if (e == ERR_CONFLICT && inviting.result.flaw != ACCOUNT_FINE)
		e = OK;
	TRY(e);
	if (inviting.result.flaw == ACCOUNT_FINE)
		audit_trail_write(context, &inviting.trail);
	*out = inviting.result;
	return OK;
}

static enum err withdraw_work(struct db *db, void *opaque)
{
	struct inviting *v = opaque;
	bool withdrawn = false;

	v->trail.n = 0;
	TRY(mail_code_withdraw(v->context, db, MAIL_INVITATION, v->names.email, &withdrawn));
	return withdrawn ? note(v, AUDIT_INVITATION_WITHDRAWN) : OK;
}

enum err invitation_withdraw(const struct auth_context *context, struct str email, bool *withdrawn)
{
	struct inviting inviting = {.context = context};

	TRY(account_normal_email(context->arena, email, &inviting.names.email));
	TRY(db_transact(context->db, withdraw_work, &inviting));
	audit_trail_write(context, &inviting.trail);
	*withdrawn = inviting.trail.n > 0;
	return OK;
}
