/* gatepost restore-check */
#include "clock.h"
#include "ctl.h"
#include "doctor_store.h"
#include "judge.h"
#include "output.h"
#include "restore.h"

struct check {
	struct ctl *ctl;
	struct restore_signs signs;
	struct restore_cleaned cleaned;
	int64_t difference; /* the database's clock, to this host's */
	bool keeps;
};

static enum err look(struct check *check)
{
	const struct auth_context *context = &check->ctl->auth;
	int64_t before = clock_now();
	int64_t there = 0;

	TRY(doctor_store_clock(context->db, &there));
	check->difference = there - (before + clock_now()) / 2;
	return restore_look(context, &check->signs);
}

static bool is_time_wrong(const struct check *check)
{
	return check->signs.ahead || judge_clock(check->difference) == DOCTOR_FAIL;
}

static void print_json(const struct check *check, struct json_out *json)
{
	json_open_object(json, NULL);
	json_time(json, "data_until", check->signs.newest);
	json_time(json, "tables_made_at", check->signs.made);
	json_bool(json, "restored", check->signs.restored);
	json_bool(json, "checked_before", check->signs.checked);
	json_number(json, "clock_difference_ms", check->difference / CLOCK_MS);
	json_bool(json, "time_is_wrong", is_time_wrong(check));
	json_bool(json, "sessions_kept", check->keeps);
	json_number(json, "sessions_ended", (int64_t)check->cleaned.sessions);
	json_number(json, "rotations_deleted", (int64_t)check->cleaned.rotations);
	json_number(json, "handovers_deleted", (int64_t)check->cleaned.handovers);
	json_number(json, "mail_codes_deleted", (int64_t)check->cleaned.mail_codes);
	json_number(json, "setup_codes_deleted", (int64_t)check->cleaned.setup_codes);
	json_number(json, "challenges_deleted", (int64_t)check->cleaned.challenges);
	json_number(json, "factor_resets_stopped", (int64_t)check->cleaned.factor_resets);
	json_close_object(json);
}

/* "25 h" of a span, in the unit that a tired person wants. */
static void add_span(struct buf *buf, int64_t span)
{
	if (span < 2 * CLOCK_HOUR)
		buf_addf(buf, "%lld min", (long long)(span / CLOCK_MINUTE));
	else if (span < 2 * CLOCK_DAY)
		buf_addf(buf, "%lld h", (long long)(span / CLOCK_HOUR));
	else
		buf_addf(buf, "%lld d", (long long)(span / CLOCK_DAY));
}

static void print_data(const struct check *check, struct buf *buf)
{
	const struct restore_signs *signs = &check->signs;
	int64_t now = check->ctl->auth.now;

	buf_add(buf, STR("data      "));
	if (signs->newest == 0) {
		buf_add(buf, STR("no event is in it: a new database, or an empty backup\n"));
		return;
	}
	buf_add(buf, STR("up to "));
	clock_add_rfc3339(buf, signs->newest);
	if (now > signs->newest) {
		buf_add(buf, STR(", "));
		add_span(buf, now - signs->newest);
		buf_add(buf, STR(" ago"));
	}
	buf_add(buf, STR("\ntables    made "));
	clock_add_rfc3339(buf, signs->made);
	buf_add(buf, signs->restored
			     ? STR(": restored then, or moved")
			     : STR(": nothing shows that they were restored from an older backup"));
	buf_add(buf, signs->restored && signs->checked ? STR("; checked before\n") : STR("\n"));
}

static void print_clock(const struct check *check, struct buf *buf)
{
	buf_addf(buf, "clock     the database's differs by %lld ms\n",
		 (long long)(check->difference / CLOCK_MS));
	if (check->signs.ahead)
		buf_add(buf,
			STR("          an event is later than now: a clock is wrong, or was\n"));
	if (is_time_wrong(check))
		buf_add(buf, STR("          put the clocks right, then run this again: until then "
				 "sessions end too late\n"));
}

static void print_cleaned(const struct check *check, struct buf *buf)
{
	const struct restore_cleaned *cleaned = &check->cleaned;

	if (check->keeps)
		buf_add(buf, STR("sessions  kept: those that were ended after the backup live "
				 "again\n"));
	else
		buf_addf(buf, "sessions  %llu ended: everybody signs in anew\n",
			 (unsigned long long)cleaned->sessions);
	buf_addf(buf,
		 "deleted   %llu rotations, %llu hand-overs, %llu mail codes, %llu set-up codes\n",
		 (unsigned long long)cleaned->rotations, (unsigned long long)cleaned->handovers,
		 (unsigned long long)cleaned->mail_codes, (unsigned long long)cleaned->setup_codes);
	buf_addf(buf,
		 "factors   %llu challenges deleted, %llu resets stopped; codes of authenticator "
		 "apps count again in a minute; recovery codes that were used since the backup "
		 "work again\n",
		 (unsigned long long)cleaned->challenges,
		 (unsigned long long)cleaned->factor_resets);
}

/* What is lost cannot be seen here; where it can be is what is needed now. */
static void print_lost(const struct check *check, struct buf *buf)
{
	if (!check->signs.restored)
		return;
	buf_add(buf,
		STR("\nWhat was decided after that is lost. Do again:\n"
		    "- passwords changed since are the old ones again, also those that leaked. "
		    "The worker's log names who:\n    journalctl -u gatepost --since '"));
	clock_add_rfc3339(buf, check->signs.newest);
	buf_add(buf, STR("' | grep -E 'authn_password_(change|recovered)'\n"
			 "  and for each of them: gatepost user compromised ID\n"
			 "- second factors set up since are gone, and those removed since work "
			 "again, recovery codes too. The log names who:\n"
			 "    journalctl -u gatepost | grep -E "
			 "'factor_added|factor_removed|recovery_code_used|recovery_codes_made'\n"
			 "  and those have to set them up, remove them and make new codes again\n"
			 "- locks, holds, roles, members, new and removed users and tenants: this "
			 "command's doings are in no log, ask who made them\n"
			 "- then: gatepost doctor\n"));
}

static enum ctl_exit print(const struct check *check)
{
	struct output output;
	enum ctl_exit code = CTL_FINE;

	output_begin(&output, check->ctl);
	if (output.is_json) {
		print_json(check, &output.json);
	} else {
		print_data(check, &output.buf);
		print_clock(check, &output.buf);
		print_cleaned(check, &output.buf);
		print_lost(check, &output.buf);
	}
	code = output_end(&output);
	return code == CTL_FINE && is_time_wrong(check) ? CTL_REFUSED : code;
}

enum ctl_exit cmd_restore_check(struct ctl *ctl)
{
	struct check check = {.ctl = ctl, .keeps = ctl_given(ctl, CTL_KEEP_SESSIONS)};
	enum err e = look(&check);

	if (e == OK)
		e = restore_clean(&ctl->auth, check.keeps, &check.cleaned);
	return e == OK ? print(&check) : ctl_failed(ctl, e);
}
