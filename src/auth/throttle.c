/* Throttling of sign-in: an attempt is taken before anything is hashed, or told how long to wait.
 */
#include "throttle.h"

#include <string.h>

#include "counters.h"
#include "db.h"
#include "device.h"
#include "tally.h"

static struct digest key_of(const struct auth_context *context, enum throttle_bucket bucket,
			    struct secret what)
{
	unsigned char number = (unsigned char)bucket;
	struct secret parts[] = {keyring_part(&number, 1), what};
	struct digest key;

	keyring_digest(context->keys, 0, KEY_THROTTLE, parts, 2, &key);
	return key;
}

struct digest throttle_key_of_name(const struct auth_context *context, struct str name)
{
	return key_of(context, THROTTLE_ACCOUNT, keyring_part(name.p, name.n));
}

static struct digest key_of_place(const struct auth_context *context, enum throttle_bucket bucket,
				  struct str ip)
{
	struct throttle_source source;

	if (throttle_policy_source(ip, &source) != OK)
		return key_of(context, bucket, keyring_part(ip.p, ip.n));
	return key_of(context, bucket, keyring_part(source.b, source.n));
}

struct digest throttle_key_of_source(const struct auth_context *context, struct str ip)
{
	return key_of_place(context, THROTTLE_SOURCE, ip);
}

struct digest throttle_key_of_guests(const struct auth_context *context, struct str ip)
{
	return key_of_place(context, THROTTLE_GUEST, ip);
}

struct digest throttle_key_of_services(const struct auth_context *context, struct str ip)
{
	return key_of_place(context, THROTTLE_SERVICE_SOURCE, ip);
}

/* One taking; all but the counts is fixed before the transaction begins. */
struct taking {
	const struct auth_context *context;
	struct throttle_count counts[2];
	size_t count;
	struct digest device;
	struct throttle_ticket ticket;
};

static void add_count(struct taking *t, enum throttle_bucket bucket, struct digest key)
{
	t->counts[t->count++] = (struct throttle_count){
		.key = key,
		.bucket = bucket,
		.now = t->context->now,
		.spans = throttle_policy_spans(bucket),
	};
}

/* The command has no source. */
static void add_source(struct taking *t)
{
	if (t->context->ip.n > 0)
		add_count(t, THROTTLE_SOURCE, throttle_key_of_source(t->context, t->context->ip));
}

/* The rows come in any order; the ticket has them in the order in which they were taken. */
static enum err read_counts(struct taking *t, struct db *db)
{
	const struct digest keys[2] = {t->counts[0].key, t->counts[t->count - 1].key};
	struct throttle_row rows[2];
	size_t n = 0;

	TRY(throttle_store_find(db, keys, rows, &n));
	if (n != t->count)
		return ERR_INTERNAL;
	for (size_t i = 0; i < n; i++) {
		size_t at = digest_equal(&rows[i].key, &keys[0]) ? 0 : 1;

		t->ticket.counts[at] = rows[i];
	}
	t->ticket.count = n;
	return OK;
}

static void judge(struct taking *t)
{
	const struct config *config = t->context->config;
	struct throttle_ticket *ticket = &t->ticket;

	for (size_t i = 0; i < ticket->count; i++) {
		const struct throttle_row *row = &ticket->counts[i];
		int64_t wait = throttle_policy_remaining(config, row, t->context->now);

		if (wait == 0 &&
		    (row->bucket != THROTTLE_DEVICE || !throttle_policy_is_lost(config, row)))
			continue;
		ticket->wait = wait;
		ticket->refuser = (enum throttle_bucket)row->bucket;
		return;
	}
	ticket->allowed = true;
}

/* ERR_CONFLICT rolls back: an attempt that is refused counts nowhere. */
static enum err take_work(struct db *db, void *opaque)
{
	struct taking *t = opaque;

	t->ticket = (struct throttle_ticket){
		.by_device = t->counts[0].bucket == THROTTLE_DEVICE,
		.device = t->device,
	};
	for (size_t i = 0; i < t->count; i++)
		TRY(throttle_store_take(db, &t->counts[i]));
	TRY(read_counts(t, db));
	judge(t);
	return t->ticket.allowed ? OK : ERR_CONFLICT;
}

static enum err take(struct taking *t)
{
	enum err e = db_transact(t->context->db, take_work, t);

	if (e != ERR_CONFLICT || t->ticket.refuser == THROTTLE_NONE)
		return e;
	counters_add(t->context->counters, TALLY_THROTTLED + t->ticket.refuser, 1);
	return OK;
}

/* A session of the account that was presented is as good as its device. */
static bool knows_session(const struct throttle_subject *subject, struct id *id)
{
	const struct session *current = subject->current;

	if (current->standing != SESSION_LIVE && current->standing != SESSION_PENDING &&
	    current->standing != SESSION_HELD)
		return false;
	if (id_is_none(subject->user_id) ||
	    !id_equal(current->found.session.user_id, subject->user_id))
		return false;
	*id = current->found.session.id;
	return true;
}

/* The same statement for somebody and nobody, with a device and without. */
static enum err find_device(const struct auth_context *context,
			    const struct throttle_subject *subject, struct id *id, bool *known)
{
	struct digest hash = device_hash(context->keys, subject->device_kind, subject->device_ref);
	struct id user_id = id_is_none(subject->user_id) ? id_random() : subject->user_id;
	bool found = false;

	TRY(device_store_find(context->db, &user_id, &hash, id, &found));
	*known = found || knows_session(subject, id);
	return OK;
}

enum err throttle_take(const struct auth_context *context, const struct throttle_subject *subject,
		       struct throttle_ticket *out)
{
	struct taking t = {.context = context};
	struct id device = ID_NONE;
	bool known = false;

	TRY(find_device(context, subject, &device, &known));
	t.device = throttle_key_of_name(context, subject->name);
	if (known) {
		t.device = key_of(context, THROTTLE_DEVICE, keyring_part(device.b, ID_BYTES));
		add_count(&t, THROTTLE_DEVICE, t.device);
		add_source(&t);
		TRY(take(&t));
	}
	if (!known || t.ticket.refuser == THROTTLE_DEVICE) {
		t.count = 0;
		add_count(&t, THROTTLE_ACCOUNT, throttle_key_of_name(context, subject->name));
		add_source(&t);
		TRY(take(&t));
	}
	*out = t.ticket;
	return OK;
}

enum err throttle_take_guest(const struct auth_context *context, struct throttle_ticket *out)
{
	struct taking t = {.context = context};

	add_count(&t, THROTTLE_GUEST, throttle_key_of_guests(context, context->ip));
	TRY(take(&t));
	*out = t.ticket;
	return OK;
}

enum err throttle_take_service(const struct auth_context *context, struct str name,
			       struct throttle_ticket *out)
{
	struct taking t = {.context = context};

	add_count(&t, THROTTLE_SERVICE,
		  key_of(context, THROTTLE_SERVICE, keyring_part(name.p, name.n)));
	add_count(&t, THROTTLE_SERVICE_SOURCE, throttle_key_of_services(context, context->ip));
	TRY(take(&t));
	*out = t.ticket;
	return OK;
}

enum err throttle_take_mail(const struct auth_context *context, struct str address,
			    struct throttle_ticket *out)
{
	struct taking t = {.context = context};

	add_count(&t, THROTTLE_MAIL,
		  key_of(context, THROTTLE_MAIL, keyring_part(address.p, address.n)));
	if (context->ip.n > 0)
		add_count(&t, THROTTLE_MAIL_SOURCE,
			  key_of_place(context, THROTTLE_MAIL_SOURCE, context->ip));
	TRY(take(&t));
	*out = t.ticket;
	return OK;
}

enum err throttle_take_code(const struct auth_context *context, struct str address,
			    struct throttle_ticket *out)
{
	struct taking t = {.context = context};

	t.device = key_of(context, THROTTLE_CODE, keyring_part(address.p, address.n));
	add_count(&t, THROTTLE_CODE, t.device);
	add_source(&t);
	TRY(take(&t));
	*out = t.ticket;
	return OK;
}

enum err throttle_take_name(const struct auth_context *context, const struct id *code,
			    struct throttle_ticket *out)
{
	struct taking t = {.context = context};

	add_count(&t, THROTTLE_NAME,
		  key_of(context, THROTTLE_NAME, keyring_part(code->b, ID_BYTES)));
	TRY(take(&t));
	*out = t.ticket;
	return OK;
}

enum err throttle_take_factor(const struct auth_context *context, const struct id *user_id,
			      unsigned char method, struct throttle_ticket *out)
{
	struct taking t = {.context = context};
	unsigned char what[ID_BYTES + 1];

	memcpy(what, user_id->b, ID_BYTES);
	what[ID_BYTES] = method;
	t.device = key_of(context, THROTTLE_FACTOR, keyring_part(what, sizeof what));
	add_count(&t, THROTTLE_FACTOR, t.device);
	TRY(take(&t));
	*out = t.ticket;
	return OK;
}

/* What is counted by the source only; the command has none. */
static enum err take_of_source(const struct auth_context *context, enum throttle_bucket bucket,
			       struct throttle_ticket *out)
{
	struct taking t = {.context = context, .ticket = {.allowed = true}};

	if (context->ip.n > 0) {
		add_count(&t, bucket, key_of_place(context, bucket, context->ip));
		TRY(take(&t));
	}
	*out = t.ticket;
	return OK;
}

enum err throttle_take_passkey(const struct auth_context *context, struct throttle_ticket *out)
{
	return take_of_source(context, THROTTLE_SOURCE, out);
}

enum err throttle_take_challenge(const struct auth_context *context, struct throttle_ticket *out)
{
	return take_of_source(context, THROTTLE_CHALLENGE, out);
}

/* A success, or an attempt that was never judged. */
struct settling {
	const struct throttle_ticket *ticket;
	struct digest keys[THROTTLE_KEYS];
};

static enum err succeed_work(struct db *db, void *opaque)
{
	const struct settling *s = opaque;
	const struct throttle_ticket *ticket = s->ticket;

	TRY(throttle_store_clear(db, s->keys, NULL));
	for (size_t i = 0; i < ticket->count; i++)
		if (ticket->counts[i].bucket == THROTTLE_SOURCE)
			TRY(throttle_store_give_back(db, &ticket->counts[i]));
	return OK;
}

enum err throttle_succeed(const struct auth_context *context, const struct throttle_ticket *ticket,
			  const struct user_row *user)
{
	struct settling s = {
		.ticket = ticket,
		.keys = {ticket->device, ticket->device, ticket->device},
	};

	if (!ticket->by_device) {
		s.keys[1] = throttle_key_of_name(context, user->username);
		s.keys[2] = throttle_key_of_name(context, user->email);
	}
	return db_transact(context->db, succeed_work, &s);
}

enum err throttle_succeed_code(const struct auth_context *context,
			       const struct throttle_ticket *ticket)
{
	struct settling s = {
		.ticket = ticket,
		.keys = {ticket->device, ticket->device, ticket->device},
	};

	return db_transact(context->db, succeed_work, &s);
}

enum err throttle_succeed_factor(const struct auth_context *context,
				 const struct throttle_ticket *ticket)
{
	const struct digest keys[THROTTLE_KEYS] = {ticket->device, ticket->device, ticket->device};

	return throttle_store_clear(context->db, keys, NULL);
}

enum err throttle_forget(const struct auth_context *context, struct db *db,
			 const struct user_row *user)
{
	const struct digest keys[THROTTLE_KEYS] = {
		throttle_key_of_name(context, user->username),
		throttle_key_of_name(context, user->email),
		throttle_key_of_name(context, user->email),
	};

	return throttle_store_clear(db, keys, NULL);
}

static enum err give_back_work(struct db *db, void *opaque)
{
	const struct throttle_ticket *ticket = opaque;

	for (size_t i = 0; i < ticket->count; i++)
		TRY(throttle_store_give_back(db, &ticket->counts[i]));
	return OK;
}

void throttle_give_back(const struct auth_context *context, const struct throttle_ticket *ticket)
{
	struct throttle_ticket taken = *ticket;
	enum err ignored = db_transact(context->db, give_back_work, &taken);

	/* Too many counted is on the safe side. */
	(void)ignored;
}
