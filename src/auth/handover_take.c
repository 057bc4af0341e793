/* Hand-over: taking a session with a code and the verifier behind its challenge. */
#include "handover.h"

#include "audit.h"
#include "db.h"
#include "notice.h"
#include "sha256.h"

/* Everything below "trail" is made anew when the transaction runs again. */
struct taking {
	const struct auth_context *context;
	const struct handover_request *request;
	struct handover_row row;
	struct session_row giver;
	struct user_row user;
	struct audit_trail trail;
};

static enum err note_refused(const struct taking *t, struct str why)
{
	struct audit_event event = {
		.kind = AUDIT_HANDOVER_REFUSED,
		.user_id = t->row.user_id,
		.session_id = t->row.session_id,
		.detail = why,
	};

	return audit_record(t->context, &event);
}

/* A line and no row for what nobody can be named for: a flood must not fill the table. */
static enum err refuse_unknown(const struct taking *t)
{
	struct audit_event event = {.kind = AUDIT_HANDOVER_REFUSED, .detail = STR("no such code")};

	audit_line(t->context, &event);
	return OK;
}

/* The browser's page takes what was confirmed for a browser, an app's handle what was for an app.
 */
static bool is_for(const struct taking *t)
{
	struct digest challenge = sha256(t->request->verifier);
	enum handover_receiver receiver = t->request->receiver;

	return digest_equal(&challenge, &t->row.challenge) &&
	       (receiver == HANDOVER_NOBODY || t->row.receiver == (uint32_t)receiver);
}

static bool somebody_else_is_here(const struct taking *t)
{
	const struct session *current = t->request->current;
	const struct id user_id = current->found.session.user_id;

	return current->standing >= SESSION_HELD && !id_is_none(user_id) &&
	       !id_equal(user_id, t->row.user_id);
}

/* The giver as it was when it confirmed: neither gone, nor over, held, renewed or another's. */
static enum err find_giver(struct taking *t, bool *lives)
{
	const struct session_row *giver = &t->giver;
	bool found = false;

	TRY(session_store_find_by_id(t->context->db, t->context->arena, &t->row.session_id,
				     &t->giver, &found));
	*lives = found && id_equal(giver->user_id, t->row.user_id) &&
		 giver->epoch == t->row.epoch && !giver->held && giver->state == SESSION_ACTIVE &&
		 giver->idle_end > t->context->now && giver->expires_at > t->context->now;
	return OK;
}

static bool is_repeated(const struct taking *t)
{
	return t->request->current->standing == SESSION_REPLACED;
}

static enum err judge(struct taking *t, enum handover_verdict *verdict)
{
	bool lives = false;
	bool found = false;

	*verdict = HANDOVER_REFUSED;
	TRY(handover_store_find(t->context->db, t->request->hashes, &t->row, &found));
	if (!found)
		return refuse_unknown(t);
	if (!is_for(t))
		return note_refused(t, STR("not for this device"));
	TRY(user_store_find_by_id(t->context->db, t->context->arena, &t->row.user_id, &t->user,
				  &found));
	TRY(find_giver(t, &lives));
	*verdict = HANDOVER_OVER;
	if (!found || t->user.state != USER_ACTIVE || !lives)
		return note_refused(t, STR("the giver's session is not what it was"));
	if (!is_repeated(t) && t->row.used_at > 0)
		return note_refused(t, STR("used before"));
	if (!is_repeated(t) && t->row.expires_at <= t->context->now)
		return note_refused(t, STR("too late"));
	*verdict = HANDOVER_ACCEPTED;
	if (somebody_else_is_here(t) && !t->request->replaces_other)
		*verdict = HANDOVER_OTHER;
	return OK;
}

enum err handover_look(const struct auth_context *context, const struct handover_request *request,
		       enum handover_verdict *verdict, struct user_row *user)
{
	struct taking taking = {.context = context, .request = request};
	enum handover_verdict judged = HANDOVER_REFUSED;

	TRY(judge(&taking, &judged));
	*verdict = judged;
	*user = taking.user;
	return OK;
}

static enum err queue_notice(const struct taking *t, struct db *db)
{
	struct notice notice = notice_to(STR("handover"), &t->user);

	notice.to = t->row.receiver == HANDOVER_BROWSER ? STR("browser") : STR("native");
	return notice_queue(t->context, db, &notice);
}

/* Under the user's lock: what was looked at before may have changed. */
static enum err settle(struct db *db, void *what)
{
	struct taking *t = what;
	struct audit_event event = {
		.kind = AUDIT_HANDOVER_TAKEN,
		.user_id = t->row.user_id,
		.session_id = t->row.session_id,
		.detail = t->row.receiver == HANDOVER_BROWSER ? STR("by a browser")
							      : STR("by an app"),
	};
	bool used = false;
	bool lives = false;

	t->trail.n = 0;
	TRY(handover_store_use(db, &t->row.code_hash, t->context->now, &used));
	TRY(find_giver(t, &lives));
	if (!used || !lives)
		return ERR_CONFLICT;
	TRY(queue_notice(t, db));
	return audit_trail_add(t->context, &t->trail, &event);
}

static struct secret part_of(struct str s)
{
	return keyring_part(s.p, s.n);
}

static struct digest proof_of(const struct taking *t)
{
	const struct handover_request *request = t->request;
	unsigned char carrier = (unsigned char)request->carrier;
	unsigned char remember = request->remember ? 1 : 0;
	struct secret parts[] = {
		part_of(STR("handover")),   keyring_part(t->row.code_hash.b, DIGEST_BYTES),
		part_of(request->verifier), keyring_part(&carrier, 1),
		part_of(request->client),   keyring_part(&remember, 1),
		request->device_ref,        part_of(request->device_name),
	};

	return session_proof(t->context->keys, parts, sizeof parts / sizeof parts[0]);
}

static enum err sign_in(struct taking *t, struct session_issued *out)
{
	const struct handover_request *request = t->request;
	const struct session_start start = {
		.user_id = t->row.user_id,
		.tenant_id = t->giver.tenant_id,
		.carrier = request->carrier,
		.remember = request->remember,
		.client = request->client,
		.amr = t->giver.amr,
		.aal = 1,
		.state = SESSION_ACTIVE,
		.device_name = request->device_name,
		.device_kind = request->device_kind,
		.device_ref = request->device_ref,
		.presented = request->presented,
		.current = request->current,
		.proof = proof_of(t),
		.auth_time = t->giver.auth_time,
		.latest_end = t->giver.expires_at,
		.detail = STR("handover"),
		.told = true,
		.claim = {.settle = settle, .what = t},
	};

	return session_sign_in(t->context, &start, out);
}

enum err handover_take(const struct auth_context *context, const struct handover_request *request,
		       enum handover_verdict *verdict, struct session_issued *out)
{
	struct taking taking = {.context = context, .request = request};
	enum handover_verdict judged = HANDOVER_REFUSED;
	enum err e = OK;

	TRY(judge(&taking, &judged));
	if (judged == HANDOVER_ACCEPTED)
		e = sign_in(&taking, out);
	if (e == ERR_CONFLICT) {
		judged = HANDOVER_OVER;
		e = note_refused(&taking, STR("used by another at the same time"));
	}
	TRY(e);
	if (judged == HANDOVER_ACCEPTED)
		audit_trail_write(context, &taking.trail);
	*verdict = judged;
	return OK;
}
