/* Accounts: the normal form of names, finding one, a password set by its keeper. */
#include "account.h"

#include "arena.h"
#include "audit.h"
#include "breached.h"
#include "clock.h"
#include "db.h"
#include "mail_code_store.h"
#include "notice.h"
#include "password_row.h"
#include "session_store.h"
#include "strength.h"

#define USERNAME_MIN 2
#define USERNAME_MAX 64
#define EMAIL_MAX 254
#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

enum err account_normal_username(struct arena *arena, struct str typed, struct str *out)
{
	struct str name = STR_NONE;

	typed = str_trim(typed);
	if (typed.n < USERNAME_MIN || typed.n > USERNAME_MAX)
		return ERR_INPUT;
	TRY(str_copy_lower(arena, typed, &name));
	if (!is_alnum(name.p[0]))
		return ERR_INPUT;
	for (size_t i = 1; i < name.n; i++)
		if (!is_alnum(name.p[i]) && !str_contains(STR("._-"), name.p[i]))
			return ERR_INPUT;
	*out = name;
	return OK;
}

/* dot-atom of RFC 5322 §3.2.3; quoted local parts are refused. */
static bool is_local_part(struct str local)
{
	if (local.n == 0 || local.n > LOCAL_MAX)
		return false;
	if (local.p[0] == '.' || local.p[local.n - 1] == '.')
		return false;
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '.' && local.p[i - 1] == '.')
			return false;
		if (!is_alnum(local.p[i]) && !str_contains(STR(".!#$%&'*+-/=?^_`{|}~"), local.p[i]))
			return false;
	}
	return true;
}

static bool is_label(struct str label)
{
	if (label.n == 0 || label.n > LABEL_MAX)
		return false;
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!is_alnum(label.p[i]) && label.p[i] != '-')
			return false;
	return true;
}

static bool is_domain(struct str domain)
{
	struct str label = STR_NONE;
	struct str rest = domain;
	bool more = true;

	if (!str_contains(domain, '.'))
		return str_equal(domain, STR("localhost"));
	while (more) {
		struct str tail = STR_NONE;

		more = str_cut(rest, '.', &label, &tail);
		if (!is_label(label))
			return false;
		rest = tail;
	}
	return true;
}

enum err account_normal_email(struct arena *arena, struct str typed, struct str *out)
{
	struct str address = STR_NONE;
	struct str local = STR_NONE;
	struct str domain = STR_NONE;

	typed = str_trim(typed);
	if (typed.n == 0 || typed.n > EMAIL_MAX)
		return ERR_INPUT;
	TRY(str_copy_lower(arena, typed, &address));
	if (!str_cut(address, '@', &local, &domain) || !is_local_part(local) || !is_domain(domain))
		return ERR_INPUT;
	*out = address;
	return OK;
}

enum err account_normal_identifier(struct arena *arena, struct str typed, struct str *out)
{
	return str_contains(typed, '@') ? account_normal_email(arena, typed, out)
					: account_normal_username(arena, typed, out);
}

enum err account_find(const struct auth_context *context, struct str typed, struct user_row *out,
		      bool *found)
{
	struct str identifier = STR_NONE;
	struct user_row user = {.state = USER_NONE};
	struct id id = ID_NONE;
	bool there = false;
	enum err e = OK;

	/* First: a name that looks like somebody's id must not stand in front of them. */
	if (id_parse(str_trim(typed), &id) == OK)
		TRY(user_store_find_by_id(context->db, context->arena, &id, &user, &there));
	if (!there)
		e = account_normal_identifier(context->arena, typed, &identifier);
	if (!there && e == OK)
		TRY(user_store_find(context->db, context->arena, identifier, &user, &there));
	if (e != OK && e != ERR_INPUT)
		return e;
	if (there)
		*out = user;
	*found = there;
	return OK;
}

/* A person waits less long than the command. */
int64_t account_hash_deadline(const struct auth_context *context)
{
	return clock_monotonic() + (context->ip.n > 0 ? 3 : 30) * CLOCK_SECOND;
}

/* Without the list, which the operator wants, nothing is let through. */
static enum err check_breached(const struct auth_context *context, struct secret normal,
			       enum password_flaw *flaw)
{
	const char *path = context->config->password.breached.p;
	struct audit_event event = {.kind = AUDIT_BREACHED_UNUSABLE};
	struct fault fault = {""};
	bool found = false;

	if (*flaw != PASSWORD_FINE || path == NULL)
		return OK;
	enum err e = breached_has(path, normal, &found, &fault);
	if (e == ERR_UNAVAILABLE) {
		event.detail = str_of(fault.text);
		audit_line(context, &event);
	}
	TRY(e);
	if (found)
		*flaw = PASSWORD_BREACHED;
	return OK;
}

enum err account_check_new(const struct auth_context *context, struct str typed,
			   const struct password_about *about, struct secret *normal,
			   struct password_opinion *opinion)
{
	struct password_opinion found = {.flaw = PASSWORD_FINE};
	struct secret text = SECRET_NONE;

	TRY(password_normalise(context->arena, typed, &text, &found.flaw));
	if (found.flaw == PASSWORD_FINE) {
		TRY(password_rules_check(context->arena, context->config, context->blocklist, about,
					 text, &found.flaw));
		TRY(check_breached(context, text, &found.flaw));
		TRY(strength_hint(context->arena, about, text, &found.hint));
	}
	*normal = text;
	*opinion = found;
	return OK;
}

enum err account_hash_new(const struct auth_context *context, struct str typed,
			  const struct password_about *about, struct secret *phc,
			  struct account_result *result)
{
	struct secret normal = SECRET_NONE;
	struct password_opinion opinion = {.flaw = PASSWORD_FINE};

	TRY(account_check_new(context, typed, about, &normal, &opinion));
	result->password_hint = opinion.hint;
	if (opinion.flaw != PASSWORD_FINE) {
		result->flaw = ACCOUNT_BAD_PASSWORD;
		result->password_flaw = opinion.flaw;
		return OK;
	}
	return password_hash(context->hasher, context->arena, normal,
			     account_hash_deadline(context), phc);
}

/* A password set by the keeper, in one transaction with the end of all sessions. */
struct password_setting {
	const struct auth_context *context;
	const struct id *user_id;
	struct secret phc;
	struct account_result result;
	struct audit_trail trail;
};

static enum err set_password_work(struct db *db, void *opaque)
{
	struct password_setting *s = opaque;
	struct audit_event event = {.kind = AUDIT_PASSWORD_CHANGED, .user_id = *s->user_id};
	struct notice notice;
	uint32_t state = USER_NONE;
	uint64_t ended = 0;
	bool found = false;

	s->trail.n = 0;
	TRY(user_store_lock(db, s->user_id, &state, &found));
	if (!found)
		return ERR_CONFLICT;
	TRY(password_row_set(s->context, db, s->user_id, s->phc));
	TRY(session_store_delete_of_user(db, s->user_id, &ID_NONE, &ended));
	TRY(mail_code_store_void_user(db, s->user_id));
	TRY(user_store_find_by_id(db, s->context->arena, s->user_id, &s->result.user, &found));
	notice = notice_to(STR("password-changed"), &s->result.user);
	TRY(notice_queue(s->context, db, &notice));
	return audit_trail_add(s->context, &s->trail, &event);
}

enum err account_set_password(const struct auth_context *context, const struct id *user_id,
			      struct str typed, struct account_result *out)
{
	struct password_setting setting = {.context = context, .user_id = user_id};
	struct user_row user = {.state = USER_NONE};
	bool found = false;

	TRY(user_store_find_by_id(context->db, context->arena, user_id, &user, &found));
	TRY(account_hash_new(
		context, typed,
		&(struct password_about){.username = user.username, .email = user.email},
		&setting.phc, &setting.result));
	if (setting.result.flaw == ACCOUNT_FINE) {
		TRY(db_transact(context->db, set_password_work, &setting));
		audit_trail_write(context, &setting.trail);
	}
	*out = setting.result;
	return OK;
}
