/* gatepost key rotate-root|retire-root */
#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "ctl.h"
#include "factor_store.h"
#include "keyring_file.h"
#include "outbox_work_store.h"
#include "output.h"
#include "service_store.h"
#include "session_store.h"
#include "signing_key.h"

/* Until then a worker may have gone on with the former root. */
#define RELOAD_MARGIN CLOCK_HOUR
#define DETAIL_MAX 64
#define SERVICES 50 /* read at a time */

static const char *key_file(const struct ctl *ctl)
{
	return ctl->auth.config->server.key_file.p;
}

/* The file is changed already: a row that cannot be written does not undo that. */
static enum err record(struct ctl *ctl, uint32_t number, const char *what)
{
	struct audit_event event = {.kind = AUDIT_ROOTS_CHANGED};
	struct buf detail;

	buf_init(&detail, ctl->auth.arena, DETAIL_MAX);
	buf_addf(&detail, "root %u %s", number, what);
	TRY(buf_str(&detail, &event.detail));
	return audit_record(&ctl->auth, &event);
}

static enum ctl_exit answer(struct ctl *ctl, uint32_t number, const char *what)
{
	struct output output;

	if (record(ctl, number, what) != OK)
		(void)ctl_say(CTL_FINE, "this could not be recorded in the list of events");
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "root", number);
		json_text(&output.json, "change", str_of(what));
		json_close_object(&output.json);
	} else {
		buf_addf(&output.buf,
			 "root %u %s. Now put this key file on every host and reload all workers "
			 "(SIGHUP)\n",
			 number, what);
	}
	return output_end(&output);
}

static enum ctl_exit file_failed(const struct ctl *ctl, enum err e)
{
	if (e == ERR_CONFLICT)
		return ctl_say(CTL_REFUSED,
			       "%s: somebody else is changing the key file, or was broken off: "
			       "then remove that file",
			       ctl->fault.text);
	return ctl_failed(ctl, e);
}

enum ctl_exit cmd_key_rotate_root(struct ctl *ctl)
{
	size_t n = 0;
	uint32_t number = keyring_root_at(ctl->auth.keys, 0, &n).number;

	/* What was hashed under the root before last would not be found any more. */
	if (n >= KEYRING_ROOTS)
		return ctl_say(CTL_REFUSED,
			       "the key file has %zu roots: retire the former ones first", n);
	enum err e = keyring_file_add(key_file(ctl), ctl->auth.now, &number, &ctl->fault);
	return e == OK ? answer(ctl, number, "added") : file_failed(ctl, e);
}

/* A former root, and when the one after it came. */
struct former {
	uint32_t number;
	int64_t replaced_at; /* 0: the file does not say */
};

/* False: *code says why not. */
static bool find_root(struct ctl *ctl, struct former *former, enum ctl_exit *code)
{
	uint64_t number = 0;
	size_t n = 0;
	struct keyring_root newer = keyring_root_at(ctl->auth.keys, 0, &n);

	*code = CTL_REFUSED;
	if (!str_is_present(ctl->operand) || str_to_u64(ctl->operand, UINT32_MAX, &number) != OK) {
		*code = ctl_say(CTL_USAGE, "give the number of a root key");
		return false;
	}
	if (newer.number == number) {
		(void)ctl_say(CTL_REFUSED, "root %u is the newest: everything is made under it",
			      newer.number);
		return false;
	}
	for (size_t i = 1; i < n; i++) {
		struct keyring_root root = keyring_root_at(ctl->auth.keys, i, &n);

		*former = (struct former){root.number, newer.made_at};
		if (root.number == number)
			return true;
		newer = root;
	}
	(void)ctl_say(CTL_REFUSED, "%s has no root %llu", key_file(ctl),
		      (unsigned long long)number);
	return false;
}

static enum err count_sealed(struct ctl *ctl, uint32_t root, unsigned *count)
{
	struct key_rows keys;

	TRY(signing_key_list(&ctl->auth, &keys));
	for (size_t i = 0; i < keys.n; i++)
		if (keys.rows[i].state != KEY_GONE && keys.rows[i].root == root)
			(*count)++;
	return OK;
}

/* Those that have not called since there is a newer root. */
static enum err count_services(struct ctl *ctl, uint32_t root, unsigned *count)
{
	struct service_row *rows = arena_array(ctl->auth.arena, SERVICES, sizeof *rows);
	struct service_page page = {.rows = rows, .room = SERVICES, .n = SERVICES};
	struct str after = STR("");

	if (rows == NULL)
		return ERR_MEMORY;
	while (page.n == SERVICES) {
		TRY(service_store_list(ctl->auth.db, ctl->auth.arena, after, &page));
		for (size_t i = 0; i < page.n; i++)
			*count += rows[i].root == root ? 1 : 0;
		if (page.n > 0)
			after = rows[page.n - 1].name;
	}
	return OK;
}

/* What depends on it; CTL_FINE: nothing. */
static enum ctl_exit refuse(struct ctl *ctl, const struct former *former)
{
	unsigned sealed = 0;
	unsigned services = 0;
	uint64_t sessions = 0;
	uint64_t factors = 0;
	int64_t mails = 0;
	enum err e = count_sealed(ctl, former->number, &sealed);

	if (e == OK)
		e = factor_store_count_sealed(ctl->auth.db, former->number + 1, &factors);
	if (e == OK)
		e = count_services(ctl, former->number, &services);
	if (e == OK)
		e = outbox_work_count_sealed(ctl->auth.db, former->number, &mails);
	if (e == OK)
		e = session_store_count_before(ctl->auth.db, former->replaced_at + RELOAD_MARGIN,
					       &sessions);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (sealed > 0)
		return ctl_say(CTL_REFUSED,
			       "%u signing keys are sealed under root %u: run gatepost key reseal",
			       sealed, former->number);
	if (factors > 0)
		return ctl_say(CTL_REFUSED,
			       "%llu secrets of second factors are sealed under root %u: run "
			       "gatepost key reseal",
			       (unsigned long long)factors, former->number);
	if (ctl_given(ctl, CTL_NOW))
		return CTL_FINE;
	if (mails > 0)
		return ctl_say(CTL_REFUSED,
			       "%lld mails that wait are sealed under root %u: let them be sent; "
			       "--now leaves them unreadable",
			       (long long)mails, former->number);
	if (services > 0)
		return ctl_say(CTL_REFUSED,
			       "%u services are known only by root %u: wait until each has called, "
			       "or give it a new secret (service rotate); --now locks them out",
			       services, former->number);
	if (former->replaced_at == 0)
		return ctl_say(CTL_REFUSED,
			       "the key file does not say when the root after %u was made, so "
			       "sessions may depend on it; --now ends them",
			       former->number);
	if (sessions > 0)
		return ctl_say(CTL_REFUSED,
			       "%llu sessions may be known only by root %u: wait until they have "
			       "ended; --now ends them",
			       (unsigned long long)sessions, former->number);
	return CTL_FINE;
}

enum ctl_exit cmd_key_retire_root(struct ctl *ctl)
{
	struct former former = {.number = 0};
	enum ctl_exit code = CTL_REFUSED;

	if (!find_root(ctl, &former, &code))
		return code;
	code = refuse(ctl, &former);
	if (code != CTL_FINE)
		return code;
	enum err e = keyring_file_remove(key_file(ctl), former.number, &ctl->fault);
	return e == OK ? answer(ctl, former.number, "removed") : file_failed(ctl, e);
}
