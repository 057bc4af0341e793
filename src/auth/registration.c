/* Registration: asking for the mail, always with the same answer and work. */
#include "registration.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "mail.h"
#include "throttle.h"

#define LINK_MAX 700
#define CODE_MINUTES STR("10")
#define LINK_HOURS STR("24")

/* Everything below "payload" is made anew when the transaction runs again. */
struct asking {
	const struct auth_context *context;
	const struct registration_request *request;
	struct user_row names; /* as asked for, in normal form */
	struct str payload;
	struct user_row owner;
	bool is_taken, is_reserved;
	struct audit_trail trail;
};

static enum err recover_link(const struct auth_context *context, struct str *out)
{
	struct buf link;

	buf_init(&link, context->arena, LINK_MAX);
	buf_add(&link, context->config->server.origin);
	buf_add(&link, context->config->server.base_path);
	buf_add(&link, STR("/recover"));
	return buf_str(&link, out);
}

/* To the owner. Where no account is to be had but nobody has it either, nobody is written to. */
static enum err queue_taken(const struct asking *a, struct db *db)
{
	bool is_closed = a->owner.state == USER_CLOSED;
	struct str link = STR_NONE;

	TRY(recover_link(a->context, &link));
	const struct mail_value values[] = {
		{"link", link},
		{"display_name", a->owner.display_name},
		{"closed", is_closed ? STR("yes") : STR("")},
	};
	const struct mail mail = {
		.kind = STR("register-taken"),
		.user_id = a->owner.id,
		.recipient = a->is_taken ? a->owner.email : STR_NONE,
		.language = a->is_taken ? a->owner.language : a->request->language,
		.values = values,
		.n = sizeof values / sizeof values[0],
	};
	return mail_queue(a->context, db, &mail);
}

/*
 * Nothing that was typed but the address itself goes into it: a name could be anybody's message to
 * somebody who never heard of this service.
 */
static enum err queue_code(const struct asking *a, struct db *db, const struct mail_code_made *made)
{
	struct str link = STR_NONE;

	TRY(mail_link(a->context, STR("/verify"), made->link, &link));
	const struct mail_value values[] = {
		{"code", {(const char *)made->code.bytes, made->code.len}},
		{"link", link},
		{"minutes", CODE_MINUTES},
		{"hours", LINK_HOURS},
		{"display_name", STR("")},
	};
	const struct mail mail = {
		.kind = STR("register"),
		.recipient = a->names.email,
		.language = a->request->language,
		.values = values,
		.n = sizeof values / sizeof values[0],
		.too_late = made->expires_at,
	};
	return mail_queue(a->context, db, &mail);
}

static enum err note_asked(struct asking *a)
{
	struct audit_event event = {.kind = AUDIT_REGISTRATION_ASKED, .user_id = a->owner.id};

	TRY(audit_subject(a->context, a->names.email, &event.detail));
	return audit_trail_add(a->context, &a->trail, &event);
}

static enum err ask_work(struct db *db, void *opaque)
{
	struct asking *a = opaque;
	struct mail_code_made made;

	a->trail.n = 0;
	a->owner = (struct user_row){.state = USER_NONE};
	TRY(user_store_find(db, a->context->arena, a->names.email, &a->owner, &a->is_taken));
	TRY(mail_code_store_is_reserved(db, a->names.email, a->context->now, &a->is_reserved));
	const struct mail_code_request code = {
		.purpose = MAIL_REGISTRATION,
		.address = a->names.email,
		.asker = a->request->asker,
		.payload = a->payload,
		.language = a->request->language,
		.decoy = a->is_taken || a->is_reserved,
	};
	TRY(mail_code_put(a->context, db, &code, &made));
	TRY(code.decoy ? queue_taken(a, db) : queue_code(a, db, &made));
	return note_asked(a);
}

static enum err pack_names(struct asking *a)
{
	struct str display_name = str_trim(a->request->display_name);
	const struct mail_code_value values[] = {
		{"username", a->names.username},
		{"display_name", display_name.n > 0 ? display_name : STR_NONE},
	};

	return mail_code_pack(a->context->arena, values, sizeof values / sizeof values[0],
			      &a->payload);
}

static enum err read_request(struct asking *a, enum account_flaw *flaw)
{
	const struct account_request typed = {
		.username = a->request->username,
		.email = a->request->email,
		.display_name = a->request->display_name,
	};

	TRY(account_read_names(a->context->arena, &typed, &a->names, flaw));
	if (*flaw == ACCOUNT_NO_NAME || (*flaw == ACCOUNT_FINE && a->names.email.n == 0))
		*flaw = ACCOUNT_BAD_EMAIL;
	return *flaw == ACCOUNT_FINE ? pack_names(a) : OK;
}

static enum err ask(struct asking *a)
{
	struct throttle_ticket ticket = {.allowed = false};

	TRY(throttle_take_mail(a->context, a->names.email, &ticket));
	if (!ticket.allowed)
		return OK;
	TRY(db_transact(a->context->db, ask_work, a));
	audit_trail_write(a->context, &a->trail);
	return OK;
}

enum err registration_ask(const struct auth_context *context,
			  const struct registration_request *request,
			  struct registration_asked *out)
{
	struct asking asking = {.context = context, .request = request};
	struct registration_asked asked = {.verdict = REGISTRATION_CLOSED};

	if (context->config->account.registration == REGISTRATION_ON) {
		TRY(read_request(&asking, &asked.flaw));
		asked.verdict =
			asked.flaw == ACCOUNT_FINE ? REGISTRATION_ACCEPTED : REGISTRATION_FLAWED;
	}
	if (asked.verdict == REGISTRATION_ACCEPTED)
		TRY(ask(&asking));
	asked.email = asking.names.email;
	*out = asked;
	return OK;
}
