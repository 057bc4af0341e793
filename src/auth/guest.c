/* Guest sessions: somebody whom nobody knows yet, and whose way shall not be lost. */
#include "guest.h"

#include "clock.h"
#include "db.h"
#include "renewal.h"
#include "throttle.h"

/* An app that asked and went away leaves nothing for long. */
#define UNUSED_SPAN CLOCK_HOUR

struct beginning {
	const struct guest_request *request;
	struct renewal renewal;
};

static struct str or_empty(struct str s)
{
	return str_is_present(s) ? s : STR("");
}

static struct session_row row_of(const struct beginning *b)
{
	const struct auth_context *context = b->renewal.context;
	const struct class_limits *limits = &context->config->session.classes[CLASS_GUEST];
	int64_t now = context->now;

	return (struct session_row){
		.hash = b->renewal.hash,
		.id = id_random(),
		.epoch = 1,
		.carrier = (uint32_t)b->request->carrier,
		.class = CLASS_GUEST,
		.state = SESSION_ACTIVE,
		.client = b->request->client,
		.amr = STR(""),
		.created_at = now,
		.last_seen = now,
		.idle_end = now + (limits->idle < UNUSED_SPAN ? limits->idle : UNUSED_SPAN),
		.expires_at = now + limits->absolute,
		.device_name = or_empty(b->request->device_name),
		.ip = or_empty(context->ip),
		.user_agent = or_empty(context->user_agent),
	};
}

static enum err begin_work(struct db *db, void *opaque)
{
	struct beginning *b = opaque;
	struct session_row row;

	b->renewal.trail.n = 0;
	b->renewal.issued = (struct session_issued){.carrier = b->renewal.carrier};
	TRY(renewal_make_value(&b->renewal));
	row = row_of(b);
	TRY(session_store_insert(db, &row));
	TRY(renewal_read(&b->renewal, db));
	return renewal_note(&b->renewal, AUDIT_SESSION_CREATED, row.id,
			    str_of(config_class_name(CLASS_GUEST)));
}

static enum err begin(const struct auth_context *context, const struct guest_request *request,
		      struct session_issued *out)
{
	struct beginning b = {
		.request = request,
		.renewal = {.context = context, .carrier = request->carrier},
	};

	TRY(db_transact(context->db, begin_work, &b));
	return renewal_give(&b.renewal, out);
}

enum err guest_begin(const struct auth_context *context, const struct guest_request *request,
		     enum guest_verdict *verdict, int64_t *wait, struct session_issued *out)
{
	struct throttle_ticket ticket;
	enum err e = OK;

	if (request->carrier != CARRIER_COOKIE && request->carrier != CARRIER_HANDLE)
		return ERR_INTERNAL;
	TRY(throttle_take_guest(context, &ticket));
	if (!ticket.allowed) {
		*wait = ticket.wait;
		*verdict = GUEST_THROTTLED;
		return OK;
	}
	e = begin(context, request, out);
	/* One that may have begun stays counted. */
	if (e != OK && e != ERR_UNCERTAIN)
		throttle_give_back(context, &ticket);
	TRY(e);
	*wait = 0;
	*verdict = GUEST_BEGUN;
	return OK;
}
