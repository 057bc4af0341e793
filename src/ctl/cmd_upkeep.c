/* gatepost migrate, setup, config check, purge */
#include "account.h"
#include "arena.h"
#include "blocklist.h"
#include "breached.h"
#include "catalogue.h"
#include "clock.h"
#include "ctl.h"
#include "db.h"
#include "document.h"
#include "keyring.h"
#include "keyring_file.h"
#include "migrate.h"
#include "output.h"
#include "overview.h"
#include "purge.h"
#include "role.h"
#include "signing_key.h"
#include "template.h"

#define FOREVER INT64_MAX

enum ctl_exit cmd_migrate(struct ctl *ctl)
{
	struct migrate_report report;
	struct output output;
	enum err e = migrate_run(ctl->auth.config, ctl->auth.arena, &report, &ctl->fault);

	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "from", report.from);
		json_number(&output.json, "to", report.to);
		json_number(&output.json, "applied", report.applied);
		json_close_object(&output.json);
	} else {
		buf_addf(&output.buf, "schema version %u, %u applied, rights renewed\n", report.to,
			 report.applied);
	}
	return output_end(&output);
}

static enum err print_setup(struct ctl *ctl, struct secret code, struct output *output)
{
	/* The code is for the person who typed the command: the one secret that is printed. */
	struct str text = {.p = (const char *)code.bytes, .n = code.len};
	const struct config *config = ctl->auth.config;
	struct buf url;
	struct str place;

	buf_init(&url, ctl->auth.arena, 1024);
	buf_add(&url, config->server.origin);
	buf_add(&url, config->server.base_path);
	buf_add(&url, STR("/setup"));
	TRY(buf_str(&url, &place));
	output_begin(output, ctl);
	if (output->is_json) {
		json_open_object(&output->json, NULL);
		json_text(&output->json, "url", place);
		json_text(&output->json, "code", text);
		json_time(&output->json, "expires_at", ctl->auth.now + CLOCK_HOUR);
		json_close_object(&output->json);
		return OK;
	}
	buf_add(&output->buf, STR("Open "));
	buf_add(&output->buf, place);
	buf_add(&output->buf, STR("\nand type this code within an hour: "));
	buf_add(&output->buf, text);
	buf_add_char(&output->buf, '\n');
	return OK;
}

/* So that tokens can be signed, and verified everywhere, from the first start on. */
static void tend_keys(struct ctl *ctl)
{
	struct key_outcome outcome = {.verdict = KEY_REFUSED};
	enum err e = signing_key_tend(&ctl->auth, &outcome);

	if (e == ERR_CONFIG)
		(void)ctl_say(CTL_FINE, "%s: see gatepost key list", outcome.fault.text);
	else if (e != OK)
		(void)ctl_say(CTL_FINE, "the signing keys could not be made now; a worker will");
}

static enum err make_code(struct ctl *ctl, struct output *output, bool *exists)
{
	struct secret code;

	TRY(db_connect(ctl->auth.db, &ctl->fault));
	TRY(account_has_administrator(&ctl->auth, exists));
	if (*exists)
		return OK;
	TRY(account_setup_begin(&ctl->auth, &code));
	return print_setup(ctl, code, output);
}

/* The key file is made last of what can go wrong and first of what needs it. */
static enum err open_keys(struct ctl *ctl, struct keyring **keys)
{
	const char *path = ctl->auth.config->server.key_file.p;
	struct fault exists;
	enum err e = keyring_file_create(path, ctl->auth.now, &exists);

	if (e != OK && e != ERR_CONFLICT) {
		ctl->fault = exists;
		return e;
	}
	TRY(keyring_load(path, keys, &ctl->fault));
	ctl->auth.keys = *keys;
	return OK;
}

enum ctl_exit cmd_setup(struct ctl *ctl)
{
	struct keyring *keys = NULL;
	struct output output;
	bool exists = false;
	enum err e = db_open(ctl->auth.config, DB_ROLE_WEB, &ctl->auth.db);

	if (e == OK)
		e = db_connect(ctl->auth.db, &ctl->fault);
	if (e == OK)
		e = open_keys(ctl, &keys);
	if (e == OK)
		tend_keys(ctl);
	if (e == OK)
		e = make_code(ctl, &output, &exists);
	db_close(&ctl->auth.db);
	keyring_free(&keys);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (exists)
		return ctl_say(CTL_REFUSED, "an administrator exists already; more are made with "
					    "gatepost user add --role admin");
	return output_end(&output);
}

enum ctl_exit cmd_config_check(struct ctl *ctl)
{
	const struct config *config = ctl->auth.config;
	const struct template_set *templates = NULL;
	const struct catalogue *texts = NULL;
	const struct language *language = NULL;
	const struct blocklist *blocklist = NULL;
	struct str document = STR_NONE;
	struct keyring *keys = NULL;
	struct keyring *peppers = NULL;
	struct output output;
	enum err e =
		catalogue_load(config->server.template_dir.p, ctl->auth.arena, &texts, &ctl->fault);

	if (e == OK)
		e = catalogue_default(texts, config->server.language, &language, &ctl->fault);
	if (e == OK)
		e = template_load(config->server.template_dir.p, texts, ctl->auth.arena, &templates,
				  &ctl->fault);
	if (e == OK)
		e = document_load(config, ctl->auth.arena, &document, &ctl->fault);
	if (e == OK)
		e = blocklist_load(config->password.blocklist.p, ctl->auth.arena, &blocklist,
				   &ctl->fault);
	if (e == OK && config->password.breached.p != NULL)
		e = breached_check(config->password.breached.p, &ctl->fault);
	if (e == OK)
		e = keyring_load(config->server.key_file.p, &keys, &ctl->fault);
	if (e == OK && config->password.pepper_file.p != NULL)
		e = keyring_load(config->password.pepper_file.p, &peppers, &ctl->fault);
	keyring_free(&keys);
	keyring_free(&peppers);
	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "ok", true);
		json_text(&output.json, "file", config->file);
		json_close_object(&output.json);
	} else {
		buf_add(&output.buf, config->file);
		buf_add(&output.buf, STR(": configuration, templates and keys are fine\n"));
	}
	return output_end(&output);
}

enum ctl_exit cmd_purge(struct ctl *ctl)
{
	struct purge_report report = {.sessions = 0};
	struct output output;
	uint64_t batches = 0;
	enum err e = role_go_on(&ctl->auth, FOREVER, &batches);

	if (e == OK)
		e = overview_keep(&ctl->auth, FOREVER);
	if (e == OK)
		e = purge_run(&ctl->auth, FOREVER, &report);
	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "sessions", (int64_t)report.sessions);
		json_number(&output.json, "rotations", (int64_t)report.rotations);
		json_number(&output.json, "devices", (int64_t)report.devices);
		json_number(&output.json, "audit_events", (int64_t)report.events);
		json_number(&output.json, "throttle_counters", (int64_t)report.throttles);
		json_number(&output.json, "handovers", (int64_t)report.handovers);
		json_number(&output.json, "flows", (int64_t)report.flows);
		json_number(&output.json, "flow_counters", (int64_t)report.counters);
		json_number(&output.json, "signing_keys", (int64_t)report.signing_keys);
		json_number(&output.json, "mail_codes", (int64_t)report.mail_codes);
		json_number(&output.json, "closed_accounts", (int64_t)report.closed_users);
		json_number(&output.json, "mails", (int64_t)report.mails);
		json_number(&output.json, "challenges", (int64_t)report.challenges);
		json_number(&output.json, "authenticator_offers", (int64_t)report.totp_offers);
		json_number(&output.json, "factor_resets", (int64_t)report.factor_resets);
		json_close_object(&output.json);
	} else {
		buf_addf(&output.buf,
			 "deleted: %llu sessions, %llu rotations, %llu devices, "
			 "%llu audit events, %llu throttle counters, %llu hand-overs, "
			 "%llu flows, %llu flow counters, %llu mail codes, "
			 "%llu closed accounts, %llu mails, %llu challenges, "
			 "%llu authenticator offers, %llu resets of second factors done\n",
			 (unsigned long long)report.sessions, (unsigned long long)report.rotations,
			 (unsigned long long)report.devices, (unsigned long long)report.events,
			 (unsigned long long)report.throttles, (unsigned long long)report.handovers,
			 (unsigned long long)report.flows, (unsigned long long)report.counters,
			 (unsigned long long)report.mail_codes,
			 (unsigned long long)report.closed_users, (unsigned long long)report.mails,
			 (unsigned long long)report.challenges,
			 (unsigned long long)report.totp_offers,
			 (unsigned long long)report.factor_resets);
	}
	return output_end(&output);
}
