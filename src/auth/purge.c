/* Housekeeping: deleting what is over, by key and in small batches. */
#include "purge.h"

#include "account_close.h"
#include "audit_store.h"
#include "clock.h"
#include "device_store.h"
#include "factor_store.h"
#include "factors_reset.h"
#include "flow_store.h"
#include "handover_store.h"
#include "key_store.h"
#include "mail_code_store.h"
#include "outbox_work_store.h"
#include "overview_store.h"
#include "passkey_store.h"
#include "session_store.h"
#include "throttle_store.h"
#include "token_store.h"

#define PURGE_BATCH 100
#define PURGE_USERS 20
#define PURGE_REST 2 /* a batch's time so often, before the next: requests come first */
/* As long as the cookie that names a device lives. */
#define PURGE_DEVICE_AGE (400 * CLOCK_DAY)
#define PURGE_EVENT_AGE (400 * CLOCK_DAY)
/* So long what is over is told from what never was: a used or late code, a flow. */
#define PURGE_HANDOVER_KEPT CLOCK_HOUR
#define PURGE_FLOW_KEPT CLOCK_DAY
/* So long the list of keys shows when one went. */
#define PURGE_KEY_KEPT (400 * CLOCK_DAY)
/* So long a token of a family that is over is told from what never was. */
#define PURGE_TOKEN_KEPT CLOCK_DAY
/* As the events they count. */
#define PURGE_OVERVIEW_AGE PURGE_EVENT_AGE
/* So long a used or late code is told from what never was. */
#define PURGE_MAIL_CODE_KEPT CLOCK_DAY
/* What was sent is told for a month, what was given up for three: somebody may try it again. */
#define PURGE_SENT_KEPT (30 * CLOCK_DAY)
#define PURGE_DEAD_KEPT (90 * CLOCK_DAY)
/* So long a late or used one is told from what never was; a secret's code may come as long. */
#define PURGE_CHALLENGE_KEPT CLOCK_HOUR
#define PURGE_OFFER_KEPT CLOCK_HOUR
#define PURGE_TABLES 17

struct purge_task {
	enum err (*purge)(struct db *db, int64_t before, unsigned limit, uint64_t *deleted);
	int64_t before;
	uint64_t *count;
};

/* One batch; *more tells that there may be another. */
static enum err purge_batch(struct db *db, const struct purge_task *task, bool *more)
{
	uint64_t deleted = 0;
	int64_t since = clock_monotonic();

	TRY(task->purge(db, task->before, PURGE_BATCH, &deleted));
	*task->count += deleted;
	*more = deleted >= PURGE_BATCH;
	if (*more)
		clock_pause(PURGE_REST * (clock_monotonic() - since));
	return OK;
}

/* A transaction each, so fewer at once. */
static enum err purge_users(const struct auth_context *context, int64_t until,
			    enum err (*purge)(const struct auth_context *, unsigned, uint64_t *),
			    uint64_t *count)
{
	uint64_t done = PURGE_USERS;

	while (done >= PURGE_USERS && clock_monotonic() < until) {
		int64_t since = clock_monotonic();

		TRY(purge(context, PURGE_USERS, &done));
		*count += done;
		if (done >= PURGE_USERS)
			clock_pause(PURGE_REST * (clock_monotonic() - since));
	}
	return OK;
}

enum err purge_run(const struct auth_context *context, int64_t until, struct purge_report *report)
{
	int64_t now = context->now;
	const struct purge_task tasks[PURGE_TABLES] = {
		{session_store_purge, now - context->config->session.expired_kept,
		 &report->sessions},
		{rotation_store_purge, now, &report->rotations},
		{device_store_purge, now - PURGE_DEVICE_AGE, &report->devices},
		{audit_store_purge, now - PURGE_EVENT_AGE, &report->events},
		{throttle_store_purge, now, &report->throttles},
		{handover_store_purge, now - PURGE_HANDOVER_KEPT, &report->handovers},
		{mail_code_store_purge, now - PURGE_MAIL_CODE_KEPT, &report->mail_codes},
		{flow_store_purge, now - PURGE_FLOW_KEPT, &report->flows},
		{flow_count_store_purge, now, &report->counters},
		{token_store_purge, now - PURGE_TOKEN_KEPT, &report->refresh_tokens},
		{token_family_store_purge, now - PURGE_TOKEN_KEPT, &report->families},
		{key_store_purge, now - PURGE_KEY_KEPT, &report->signing_keys},
		{overview_store_purge, now - PURGE_OVERVIEW_AGE, &report->hours},
		{outbox_work_purge_sent, now - PURGE_SENT_KEPT, &report->mails},
		{outbox_work_purge_dead, now - PURGE_DEAD_KEPT, &report->mails},
		{challenge_store_purge, now - PURGE_CHALLENGE_KEPT, &report->challenges},
		{totp_store_purge, now - PURGE_OFFER_KEPT, &report->totp_offers},
	};

	TRY(purge_users(context, until, factors_reset_due, &report->factor_resets));
	for (size_t i = 0; i < PURGE_TABLES; i++) {
		bool more = true;

		while (more && clock_monotonic() < until)
			TRY(purge_batch(context->db, &tasks[i], &more));
	}
	return purge_users(context, until, account_remove_closed, &report->closed_users);
}
