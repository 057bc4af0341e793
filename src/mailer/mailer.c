/* The mailer: takes mails out of the outbox and sends them. */
#include "mailer.h"

#include <stdio.h>

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "catalogue.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "keyring.h"
#include "letter.h"
#include "log.h"
#include "message.h"
#include "outbox_work_store.h"
#include "schedule.h"
#include "sendmail.h"
#include "signals.h"
#include "smtp.h"
#include "template.h"

#define BLOCK ((size_t)256 * 1024)
#define CEILING ((size_t)16 * 1024 * 1024)
#define IDLE_MAX (5 * CLOCK_SECOND) /* no longer a server is kept waiting for a mail */
#define NOTE_AGAIN (200 * CLOCK_MS)
#define FIELDS_MAX 6

struct mailer {
	struct arena *lasting; /* holds this struct */
	struct arena *batch_arena;
	struct arena *mail_arena;
	struct keyring *keys;
	struct letter_tools tools; /* its arena is mail_arena */
	struct db *db;
	struct smtp *smtp;
	int64_t last_sent; /* clock_monotonic */
	unsigned failures; /* of the server or the database, in a row */
	bool reload;
};

/* A mail in the hands of the mailer. */
struct job {
	struct mailer *mailer;
	const struct outbox_mail *mail;
	struct outbox_taken taken;
	int64_t since; /* clock_monotonic */
};

static enum err check_password(const struct secret *password, struct str file, const char *key,
			       struct fault *fault)
{
	if (str_is_present(file) && !secret_is_present(*password))
		return fault_set(fault, "%s: cannot be read (%s)", file.p, key);
	return OK;
}

static enum err check_config(const struct config *config, struct fault *fault)
{
	const struct db_account *account = &config->database.accounts[DB_ROLE_MAIL];

	if (config->mail.transport == MAIL_NONE)
		return fault_set(fault, "%s: [mail] transport is none: there is nothing to send by",
				 config->file.p);
	TRY(check_password(&account->password, account->password_file, "mail_password_file",
			   fault));
	return check_password(&config->mail.smtp_password, config->mail.smtp_password_file,
			      "smtp_password_file", fault);
}

static enum err check_database(struct mailer *mailer, bool must_answer, struct fault *fault)
{
	enum err e = db_connect(mailer->db, fault);

	if (e != ERR_UNAVAILABLE || must_answer)
		return e;
	log_detail(LOG_LEVEL_WARN, "database_unreachable", fault->text);
	return OK;
}

static enum err load(struct mailer *mailer, const char *path, struct fault *fault)
{
	struct letter_tools *tools = &mailer->tools;
	struct arena *arena = mailer->lasting;

	TRY(config_load(path, arena, &tools->config, fault));
	TRY(check_config(tools->config, fault));
	TRY(keyring_load(tools->config->server.key_file.p, &mailer->keys, fault));
	TRY(catalogue_load(tools->config->server.template_dir.p, arena, &tools->texts, fault));
	TRY(template_load(tools->config->server.template_dir.p, tools->texts, arena,
			  &tools->templates, fault));
	TRY(arena_open(BLOCK, CEILING, &mailer->batch_arena));
	TRY(arena_open(BLOCK, CEILING, &mailer->mail_arena));
	tools->arena = mailer->mail_arena;
	tools->keys = mailer->keys;
	TRY(letter_check(tools, fault));
	TRY(db_open(tools->config, DB_ROLE_MAIL, &mailer->db));
	if (tools->config->mail.transport == MAIL_SMTP)
		TRY(smtp_open(tools->config, &mailer->smtp));
	return OK;
}

enum err mailer_open(const char *config_path, bool must_answer, struct mailer **out,
		     struct fault *fault)
{
	struct arena *arena = NULL;
	struct mailer *mailer = NULL;
	enum err e = arena_open(BLOCK, CEILING, &arena);

	*fault = (struct fault){""};
	if (e == OK) {
		mailer = arena_alloc(arena, sizeof *mailer);
		e = mailer == NULL ? ERR_MEMORY : OK;
	}
	if (e == OK) {
		mailer->lasting = arena;
		e = load(mailer, config_path, fault);
	}
	if (e == OK)
		e = check_database(mailer, must_answer, fault);
	if (e == OK) {
		*out = mailer;
		return OK;
	}
	if (mailer == NULL)
		arena_close(&arena);
	mailer_close(&mailer);
	if (fault->text[0] == '\0')
		return fault_set(fault, "%s: cannot be loaded: %s", config_path, err_name(e));
	return ERR_CONFIG;
}

void mailer_close(struct mailer **mailer)
{
	struct mailer *m = *mailer;

	if (m == NULL)
		return;
	struct arena *arena = m->lasting;
	smtp_close(&m->smtp);
	db_close(&m->db);
	arena_close(&m->mail_arena);
	arena_close(&m->batch_arena);
	if (m->keys != NULL)
		keyring_free(&m->keys);
	arena_close(&arena);
	*mailer = NULL;
}

/* Nobody's address stands in a log: what does, is the same for the same one. */
static struct str subject_of(const struct job *job)
{
	const struct auth_context context = {
		.config = job->mailer->tools.config,
		.keys = job->mailer->keys,
		.arena = job->mailer->mail_arena,
	};
	struct str subject = STR("");

	if (str_is_present(job->mail->recipient) &&
	    audit_subject(&context, job->mail->recipient, &subject) != OK)
		subject = STR("");
	return subject;
}

static void tell(const struct job *job, enum log_level level, const char *event)
{
	char id[ID_TEXT + 1];
	struct buf text;
	struct str id_text = STR("");
	struct log_field fields[FIELDS_MAX];

	buf_init(&text, job->mailer->mail_arena, sizeof id);
	id_add(&text, job->mail->id);
	if (buf_str(&text, &id_text) != OK)
		id_text = STR("");
	fields[0] = LOG_TEXT("mail", id_text);
	fields[1] = LOG_TEXT("kind", job->mail->kind);
	fields[2] = LOG_TEXT("recipient", subject_of(job));
	fields[3] = LOG_NUMBER("attempt", job->mail->attempts);
	fields[4] = LOG_NUMBER("ms", (clock_monotonic() - job->since) / CLOCK_MS);
	fields[5] = LOG_TEXT("reason", job->taken.error);
	log_line(level, event, fields, FIELDS_MAX);
}

/* What is to be written of a mail. */
enum fate { FATE_SENT, FATE_FAILED, FATE_GIVEN_BACK, FATE_DEAD, FATE_TOO_LATE };

static enum err write_fate(const struct job *job, enum fate fate, int64_t wait)
{
	struct db *db = job->mailer->db;

	switch (fate) {
	case FATE_SENT:
		return outbox_work_sent(db, &job->mail->id);
	case FATE_FAILED:
		return outbox_work_failed(db, &job->taken, wait);
	case FATE_GIVEN_BACK:
		return outbox_work_give_back(db, &job->taken, wait);
	case FATE_DEAD:
		return outbox_work_dead(db, &job->taken, true);
	case FATE_TOO_LATE:
	default:
		return outbox_work_dead(db, &job->taken, false);
	}
}

/*
 * A mail that was sent and is not noted would be sent again: nothing else is done before it is.
 * Only the end of the program is not kept waiting for longer than it may take.
 */
static bool note(const struct job *job, enum fate fate, int64_t wait)
{
	struct mailer *mailer = job->mailer;
	int64_t stop_since = 0;
	enum err e = write_fate(job, fate, wait);

	while (e != OK && e != ERR_INTERNAL && !signals_is_over(&stop_since)) {
		if (signals_stop_waits())
			clock_pause(NOTE_AGAIN);
		else if (signals_wait(NOTE_AGAIN) == SIGNALS_RELOAD)
			mailer->reload = true;
		e = write_fate(job, fate, wait);
	}
	if (e != OK)
		tell(job, LOG_LEVEL_ERROR, "mail_not_noted");
	return e == OK;
}

/* Refused or unreadable: the mail's own fault. */
static void bury(struct job *job, enum fate fate, struct str reason)
{
	job->taken.error = reason;
	if (note(job, fate, 0))
		tell(job, LOG_LEVEL_WARN, "mail_dead");
}

static void put_off(struct job *job, struct str reason)
{
	const struct config *config = job->mailer->tools.config;
	int64_t age = job->mail->taken_at - job->mail->created_at;
	int64_t wait = schedule_wait(job->mail->attempts);

	if (schedule_is_over(config, job->mail->attempts, age)) {
		bury(job, FATE_DEAD, reason);
		return;
	}
	job->taken.error = reason;
	if (note(job, FATE_FAILED, wait))
		tell(job, LOG_LEVEL_WARN, "mail_put_off");
}

/* Not counted, since it was not its own fault; behind the others, in case it was. */
static void break_off(struct job *job, struct str reason)
{
	const struct config *config = job->mailer->tools.config;
	int64_t age = job->mail->taken_at - job->mail->created_at;

	if (age >= config->mail.give_up) {
		bury(job, FATE_DEAD, reason);
		return;
	}
	job->taken.error = reason;
	if (note(job, FATE_GIVEN_BACK, schedule_pause(job->mailer->failures + 1)))
		tell(job, LOG_LEVEL_ERROR, "mail_server_unusable");
}

static enum err write_text(const struct job *job, struct str *text, bool *too_late)
{
	const struct letter_tools *tools = &job->mailer->tools;
	const struct config *config = tools->config;
	struct letter letter = {.subject = STR_NONE};
	struct buf buf;

	TRY(letter_write(tools, job->mail, too_late, &letter));
	if (*too_late)
		return OK;
	const struct message message = {
		.id = job->mail->id,
		.from = config->mail.from,
		.from_name = config->mail.from_name,
		.reply_to = config->mail.reply_to,
		.to = job->mail->recipient,
		.subject = letter.subject,
		.language = letter.language,
		.text = letter.text,
		.html = letter.html,
		.date = job->mail->taken_at,
	};
	buf_init(&buf, tools->arena, MESSAGE_MAX);
	TRY(message_write(&message, &buf));
	return buf_str(&buf, text);
}

static void send(const struct job *job, struct str text, struct delivery *out)
{
	struct mailer *mailer = job->mailer;
	const struct config *config = mailer->tools.config;
	const struct parcel parcel = {
		.from = config->mail.from,
		.to = job->mail->recipient,
		.text = text,
	};

	if (mailer->smtp != NULL)
		smtp_send(mailer->smtp, &parcel, out);
	else
		sendmail_send(config, &parcel, out);
	mailer->last_sent = clock_monotonic();
}

static void conclude(struct job *job, const struct delivery *delivery, struct mailer_round *round)
{
	switch (delivery->verdict) {
	case DELIVERY_SENT:
		round->sent++;
		if (note(job, FATE_SENT, 0))
			tell(job, LOG_LEVEL_INFO, "mail_sent");
		return;
	case DELIVERY_NEVER:
		bury(job, FATE_DEAD, str_of(delivery->reason));
		return;
	case DELIVERY_BROKEN:
		break_off(job, str_of(delivery->reason));
		round->broken = true;
		return;
	case DELIVERY_LATER:
	default:
		put_off(job, str_of(delivery->reason));
		return;
	}
}

/* One that a mailer died of, again and again. */
static bool was_tried_too_often(const struct job *job)
{
	return job->mail->attempts > job->mailer->tools.config->mail.attempts;
}

static void handle(struct job *job, struct mailer_round *round)
{
	struct delivery delivery = {.verdict = DELIVERY_LATER};
	struct str text = STR_NONE;
	bool too_late = false;

	if (!str_is_present(job->mail->recipient)) {
		(void)note(job, FATE_SENT, 0);
		return;
	}
	if (was_tried_too_often(job)) {
		bury(job, FATE_DEAD, STR("tried too often"));
		return;
	}
	enum err e = write_text(job, &text, &too_late);
	if (e == OK && too_late) {
		bury(job, FATE_TOO_LATE, STR("too late"));
	} else if (e == OK) {
		send(job, text, &delivery);
		conclude(job, &delivery, round);
	} else if (e == ERR_CONFIG) {
		put_off(job, STR("the key file lacks the root that it is sealed under"));
	} else if (e == ERR_MEMORY) {
		put_off(job, STR("no memory to write it"));
	} else {
		bury(job, FATE_DEAD,
		     e == ERR_INTERNAL ? STR("its template asks for what it has not")
				       : STR("it has what no mail may have"));
	}
}

/* Nothing was tried with it. */
static void give_back(struct job *job)
{
	job->taken.error = STR("");
	(void)note(job, FATE_GIVEN_BACK, 0);
}

static void work(struct mailer *mailer, const struct outbox_batch *batch,
		 struct mailer_round *round)
{
	int64_t until = clock_monotonic() + schedule_begin(mailer->tools.config);

	for (size_t i = 0; i < batch->n; i++) {
		struct job job = {
			.mailer = mailer,
			.mail = &batch->mails[i],
			.taken = {.id = batch->mails[i].id,
				  .taker = batch->taker,
				  .error = STR("")},
			.since = clock_monotonic(),
		};

		if (round->broken || signals_stop_waits() || clock_monotonic() > until)
			give_back(&job);
		else
			handle(&job, round);
		arena_reset(mailer->mail_arena);
	}
}

/* A server need not be kept waiting; a connection would be closed by it some day. */
static void let_go(struct mailer *mailer)
{
	if (mailer->smtp != NULL && mailer->last_sent != 0 &&
	    clock_monotonic() - mailer->last_sent > IDLE_MAX) {
		smtp_rest(mailer->smtp);
		mailer->last_sent = 0;
	}
}

void mailer_run(struct mailer *mailer, struct mailer_round *round)
{
	const struct config *config = mailer->tools.config;
	struct outbox_batch batch = {.n = 0};
	enum err e =
		outbox_work_take(mailer->db, mailer->batch_arena, schedule_lease(config), &batch);

	*round = (struct mailer_round){.taken = (unsigned)batch.n, .broken = e != OK};
	work(mailer, &batch, round);
	arena_reset(mailer->batch_arena);
	if (batch.n == 0)
		let_go(mailer);
	mailer->failures = round->broken ? mailer->failures + 1 : 0;
	if (round->broken)
		round->pause = schedule_pause(mailer->failures);
	else
		round->pause = batch.n == 0 ? config->mail.poll : 0;
	round->reload = mailer->reload;
	mailer->reload = false;
}
