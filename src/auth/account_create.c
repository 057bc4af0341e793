/* Accounts come to be: by an administrator, or the first of them by the set-up code. */
#include "account.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "codec.h"
#include "db.h"
#include "password_row.h"
#include "role_store.h"
#include "typed_code.h"

#define DISPLAY_NAME_MAX 100
#define CODE_LIFE CLOCK_HOUR
#define ROLE_LIST_MAX 1024

/* One creation; result and trail are made anew when the transaction runs again. */
struct creation {
	const struct auth_context *context;
	const struct account_request *request;
	const struct digest *code; /* NULL: no code is needed */
	struct user_row user;
	struct secret phc;
	struct account_result result;
	struct audit_trail trail;
};

static enum err flawed(struct creation *c, enum account_flaw flaw)
{
	c->result.flaw = flaw;
	return ERR_CONFLICT;
}

/*
 * Marks that turn the direction of what is around them, or that nobody sees: a name with them looks
 * like another, or like text of the page's (IN-29).
 */
static bool has_hidden(struct str name)
{
	static const struct {
		uint32_t from, to;
	} HIDDEN[] = {
		{0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x115f, 0x1160}, {0x180e, 0x180e},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
		{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};
	uint32_t point = 0;
	size_t n = 0;

	for (; (n = str_code_point(name, &point)) > 0; name = str_sub(name, n, name.n))
		for (size_t i = 0; i < sizeof HIDDEN / sizeof HIDDEN[0]; i++)
			if (point >= HIDDEN[i].from && point <= HIDDEN[i].to)
				return true;
	return false;
}

bool account_is_display_name(struct str name)
{
	return name.n > 0 && str_is_utf8(name) && !str_has_any_control(name) && !has_hidden(name) &&
	       str_code_points(name) <= DISPLAY_NAME_MAX;
}

static enum account_flaw read_display_name(struct str typed, struct user_row *user)
{
	struct str name = str_trim(typed);
	struct str local = STR_NONE;
	struct str domain = STR_NONE;

	if (name.n == 0) {
		str_cut(user->email, '@', &local, &domain);
		user->display_name = user->username.n > 0 ? user->username : local;
		return ACCOUNT_FINE;
	}
	if (!account_is_display_name(name))
		return ACCOUNT_BAD_DISPLAY_NAME;
	user->display_name = name;
	return ACCOUNT_FINE;
}

static enum err read_name(enum err (*normal)(struct arena *, struct str, struct str *),
			  struct arena *arena, struct str typed, struct str *out, bool *bad)
{
	enum err e = OK;

	*bad = false;
	if (str_trim(typed).n == 0)
		return OK;
	e = normal(arena, typed, out);
	*bad = e == ERR_INPUT;
	return *bad ? OK : e;
}

enum err account_read_names(struct arena *arena, const struct account_request *request,
			    struct user_row *user, enum account_flaw *flaw)
{
	bool bad = false;

	TRY(read_name(account_normal_username, arena, request->username, &user->username, &bad));
	if (bad) {
		*flaw = ACCOUNT_BAD_USERNAME;
		return OK;
	}
	TRY(read_name(account_normal_email, arena, request->email, &user->email, &bad));
	if (bad)
		*flaw = ACCOUNT_BAD_EMAIL;
	else if (user->username.n == 0 && user->email.n == 0)
		*flaw = ACCOUNT_NO_NAME;
	else
		*flaw = read_display_name(request->display_name, user);
	return OK;
}

/* The code decides which of several wins; that nobody is administrator is read after it. */
static enum err use_code(struct creation *c, struct db *db)
{
	uint64_t holders = 0;
	bool consumed = false;

	TRY(setup_store_consume(db, c->code, c->context->now, &consumed));
	if (!consumed)
		return flawed(c, ACCOUNT_BAD_CODE);
	TRY(role_store_count_managers(db, NULL, &holders));
	return holders == 0 ? OK : flawed(c, ACCOUNT_BAD_CODE);
}

static enum err note(struct creation *c, enum audit_kind kind, struct str detail)
{
	struct audit_event event = {.kind = kind, .user_id = c->user.id, .detail = detail};

	return audit_trail_add(c->context, &c->trail, &event);
}

static enum err give_roles(struct creation *c, struct db *db)
{
	struct str given = STR_NONE;
	struct buf names;

	if (c->request->role_count == 0)
		return OK;
	buf_init(&names, c->context->arena, ROLE_LIST_MAX);
	for (size_t i = 0; i < c->request->role_count; i++) {
		bool known = false;

		TRY(role_store_give(db, &c->user.id, c->request->roles[i], c->context->now,
				    &known));
		if (!known)
			return flawed(c, ACCOUNT_UNKNOWN_ROLE);
		buf_add(&names, i > 0 ? STR(" +") : STR("+"));
		buf_add(&names, c->request->roles[i]);
	}
	TRY(buf_str(&names, &given));
	return note(c, AUDIT_ROLE_CHANGED, given);
}

static enum err create_work(struct db *db, void *opaque)
{
	struct creation *c = opaque;
	bool found = false;
	enum err e = OK;

	c->trail.n = 0;
	c->result = (struct account_result){.flaw = ACCOUNT_FINE,
					    .password_hint = c->result.password_hint};
	if (c->code != NULL)
		TRY(use_code(c, db));
	e = user_store_insert(db, &c->user);
	if (e == ERR_CONFLICT)
		return flawed(c, ACCOUNT_TAKEN);
	TRY(e);
	TRY(password_row_set(c->context, db, &c->user.id, c->phc));
	TRY(note(c, AUDIT_USER_CREATED, STR_NONE));
	TRY(give_roles(c, db));
	TRY(user_store_find_by_id(db, c->context->arena, &c->user.id, &c->result.user, &found));
	return found ? OK : ERR_INTERNAL;
}

/* Flaws that need no database come first, then the hash, and only then the transaction. */
static enum err run_creation(struct creation *c, struct account_result *out)
{
	enum err e = OK;

	c->user = (struct user_row){
		.id = id_random(),
		.state = USER_ACTIVE,
		.grants = STR(""),
		.created_at = c->context->now,
		.updated_at = c->context->now,
	};
	TRY(account_read_names(c->context->arena, c->request, &c->user, &c->result.flaw));
	if (c->result.flaw == ACCOUNT_FINE)
		TRY(account_hash_new(c->context, c->request->password,
				     &(struct password_about){.username = c->user.username,
							      .email = c->user.email},
				     &c->phc, &c->result));
	if (c->result.flaw == ACCOUNT_FINE) {
		e = db_transact(c->context->db, create_work, c);
		if (e != OK && (e != ERR_CONFLICT || c->result.flaw == ACCOUNT_FINE))
			return e;
		if (e == OK)
			audit_trail_write(c->context, &c->trail);
	}
	*out = c->result;
	return OK;
}

enum err account_create(const struct auth_context *context, const struct account_request *request,
			struct account_result *out)
{
	struct creation creation = {.context = context, .request = request};

	return run_creation(&creation, out);
}

enum err account_has_administrator(const struct auth_context *context, bool *out)
{
	uint64_t holders = 0;

	TRY(role_store_count_managers(context->db, NULL, &holders));
	*out = holders > 0;
	return OK;
}

static struct digest code_digest(const struct auth_context *context, const unsigned char *code)
{
	struct secret part = keyring_part(code, TYPED_CODE_BYTES);
	struct digest digest;

	keyring_digest(context->keys, 0, KEY_SETUP_CODE, &part, 1, &digest);
	return digest;
}

/* A new code, stored and recorded. */
struct beginning {
	const struct auth_context *context;
	struct digest digest;
	struct audit_trail trail;
};

static enum err begin_work(struct db *db, void *opaque)
{
	struct beginning *beginning = opaque;
	struct audit_event event = {.kind = AUDIT_SETUP_BEGUN};

	beginning->trail.n = 0;
	TRY(setup_store_put(db, &beginning->digest, beginning->context->now + CODE_LIFE));
	return audit_trail_add(beginning->context, &beginning->trail, &event);
}

enum err account_setup_begin(const struct auth_context *context, struct secret *text)
{
	struct beginning beginning = {.context = context};
	struct secret code = SECRET_NONE;
	struct secret shown = SECRET_NONE;

	TRY(secret_random(context->arena, TYPED_CODE_BYTES, &code));
	beginning.digest = code_digest(context, code.bytes);
	TRY(typed_code_text(context->arena, code.bytes, &shown));
	secret_wipe(&code);
	TRY(db_transact(context->db, begin_work, &beginning));
	audit_trail_write(context, &beginning.trail);
	*text = shown;
	return OK;
}

enum err account_setup_finish(const struct auth_context *context, struct str code,
			      const struct account_request *request, struct account_result *out)
{
	static const struct str roles[] = {{"admin", 5}};
	struct account_request with_role = *request;
	unsigned char bytes[TYPED_CODE_BYTES] = {0};
	struct digest digest;
	struct creation creation = {
		.context = context,
		.request = &with_role,
		.code = &digest,
	};

	if (!typed_code_parse(code, bytes)) {
		*out = (struct account_result){.flaw = ACCOUNT_BAD_CODE};
		return OK;
	}
	digest = code_digest(context, bytes);
	secret_wipe_bytes(bytes, sizeof bytes);
	with_role.roles = roles;
	with_role.role_count = 1;
	return run_creation(&creation, out);
}
