/* After a restore: what the database remembers, and ending what must not live a second time. */
#include "restore.h"

#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "doctor_store.h"
#include "factor_store.h"
#include "handover_store.h"
#include "mail_code_store.h"
#include "passkey_store.h"
#include "session_admin.h"
#include "session_store.h"
#include "totp_code.h"
#include "user_store.h"

#define BATCH 500
/* Nothing decided for so long is no sign: the tables of a new installation are as old. */
#define HOLE CLOCK_MINUTE
#define DETAIL_MAX 300
#define RESETS 100

enum err restore_look(const struct auth_context *context, struct restore_signs *out)
{
	struct doctor_restore there = {.made = 0};

	TRY(doctor_store_restore(context->db, str_of(audit_kind_name(AUDIT_RESTORE_CHECKED)),
				 &there));
	*out = (struct restore_signs){
		.made = there.made,
		.newest = there.before > 0 ? there.before : there.newest,
		.restored = there.before > 0 && there.made - there.before > HOLE,
		.checked = there.checked > 0,
		.ahead = there.newest > context->now + HOLE,
	};
	return OK;
}

/* All of a table's rows, by its purge. */
static enum err forget(const struct auth_context *context,
		       enum err (*purge)(struct db *, int64_t, unsigned, uint64_t *),
		       uint64_t *total)
{
	uint64_t batch = 0;

	do {
		TRY(purge(context->db, INT64_MAX, BATCH, &batch));
		*total += batch;
	} while (batch > 0);
	return OK;
}

static enum err forget_challenges(const struct auth_context *context, uint64_t *total)
{
	uint64_t batch = 0;

	do {
		TRY(challenge_store_delete_any(context->db, BATCH, &batch));
		*total += batch;
	} while (batch > 0);
	return OK;
}

/* Whoever still wants one asks anew. */
static enum err stop_resets(const struct auth_context *context, uint64_t *total)
{
	struct id ids[RESETS];
	size_t n = RESETS;

	while (n > 0) {
		TRY(factor_store_due(context->db, INT64_MAX, RESETS, ids, &n));
		for (size_t i = 0; i < n; i++)
			TRY(factor_store_set_end(context->db, &ids[i], 0));
		*total += n;
	}
	return OK;
}

/* Codes that were used since the backup, also on a clock that is a little ahead. */
static enum err advance_codes(const struct auth_context *context)
{
	int64_t step = context->now / (TOTP_STEP_SECONDS * CLOCK_SECOND);

	return totp_store_advance(context->db, step + 1);
}

static enum err record(const struct auth_context *context, bool kept,
		       const struct restore_cleaned *cleaned)
{
	struct audit_event event = {.kind = AUDIT_RESTORE_CHECKED};
	struct buf text;

	buf_init(&text, context->arena, DETAIL_MAX);
	if (kept)
		buf_add(&text, STR("sessions kept"));
	else
		buf_addf(&text, "sessions %llu", (unsigned long long)cleaned->sessions);
	buf_addf(&text, ", rotations %llu, hand-overs %llu, mail codes %llu, set-up codes %llu",
		 (unsigned long long)cleaned->rotations, (unsigned long long)cleaned->handovers,
		 (unsigned long long)cleaned->mail_codes, (unsigned long long)cleaned->setup_codes);
	buf_addf(&text, ", challenges %llu, resets of factors %llu",
		 (unsigned long long)cleaned->challenges,
		 (unsigned long long)cleaned->factor_resets);
	TRY(buf_str(&text, &event.detail));
	return audit_record(context, &event);
}

/*
 * What makes a session of another goes first: while sessions still end, neither a repeated request
 * nor a code may bring one back.
 */
enum err restore_clean(const struct auth_context *context, bool keep_sessions,
		       struct restore_cleaned *out)
{
	struct restore_cleaned cleaned = {.sessions = 0};

	TRY(setup_store_clear(context->db, &cleaned.setup_codes));
	TRY(forget(context, rotation_store_purge, &cleaned.rotations));
	TRY(forget(context, handover_store_purge, &cleaned.handovers));
	TRY(forget(context, mail_code_store_purge, &cleaned.mail_codes));
	TRY(forget_challenges(context, &cleaned.challenges));
	TRY(advance_codes(context));
	TRY(stop_resets(context, &cleaned.factor_resets));
	if (!keep_sessions)
		TRY(session_admin_end_everybody(context, &cleaned.sessions));
	TRY(record(context, keep_sessions, &cleaned));
	*out = cleaned;
	return OK;
}
