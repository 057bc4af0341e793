/* Names in the configuration that the database does not have; signing keys that do not open. */
#include "account.h"
#include "doctor.h"
#include "key_set.h"
#include "role_store.h"
#include "service_store.h"
#include "signing_key.h"
#include "tenant_store.h"

#define PAGE 100

static void fail(struct doctor *doctor, const char *name, enum err e)
{
	doctor_add(doctor, DOCTOR_FAIL, name, "see the database's log",
		   "the database did not tell: %s", err_name(e));
}

static enum err find_role(struct doctor *doctor, struct str name, bool *found)
{
	struct role_row row = {.name = STR("")};

	TRY(role_store_find(doctor->ctl->auth.db, doctor->arena, name, &row, found));
	*found = *found && str_equal(row.name, name);
	return OK;
}

static enum err has_permission(struct doctor *doctor, const struct id *role_id, struct str name,
			       bool *found)
{
	struct str names[PAGE];
	struct permission_page page = {.names = names, .room = PAGE, .n = PAGE};
	struct str after = STR("");

	while (!*found && page.n == PAGE) {
		TRY(permission_store_list(doctor->ctl->auth.db, doctor->arena, role_id, after,
					  &page));
		for (size_t i = 0; i < page.n; i++)
			*found = *found || str_equal(names[i], name);
		after = page.n > 0 ? names[page.n - 1] : after;
	}
	return OK;
}

/* In whatever role: only who has one with it has it. */
static enum err find_permission(struct doctor *doctor, struct str name, bool *found)
{
	struct role_row rows[PAGE];
	struct role_page page = {.rows = rows, .room = PAGE, .n = PAGE};
	struct str after = STR("");

	for (*found = false; !*found && page.n == PAGE;) {
		TRY(role_store_list(doctor->ctl->auth.db, doctor->arena, after, &page));
		for (size_t i = 0; i < page.n && !*found; i++)
			TRY(has_permission(doctor, &rows[i].id, name, found));
		after = page.n > 0 ? rows[page.n - 1].name : after;
	}
	return OK;
}

static enum err find_tenant(struct doctor *doctor, struct str name, bool *found)
{
	struct tenant_row row = {.name = STR("")};

	TRY(tenant_store_find_named(doctor->ctl->auth.db, doctor->arena, name, &row, found));
	*found = *found && str_equal(row.name, name);
	return OK;
}

/* As the guard compares, not by id. */
static enum err find_user(struct doctor *doctor, struct str name, bool *found)
{
	struct user_row row = {.username = STR_NONE, .email = STR_NONE};

	TRY(account_find(&doctor->ctl->auth, name, &row, found));
	*found = *found &&
		 (str_equal_nocase(row.username, name) || str_equal_nocase(row.email, name));
	return OK;
}

static enum err find_service(struct doctor *doctor, struct str name, bool *found)
{
	static const struct service_subject nobody = {.hashes = NULL};
	struct service_found row = {.service = {.state = SERVICE_STATE_NONE}};

	TRY(service_store_find(doctor->ctl->auth.db, doctor->arena, name, &nobody, &row, found));
	*found = *found && str_equal(row.service.name, name);
	return OK;
}

static enum err find_named(struct doctor *doctor, const struct protect_term *term, bool *found)
{
	*found = true;
	if (!str_is_present(term->name))
		return OK;
	switch (term->kind) {
	case PROTECT_ROLE:
		return find_role(doctor, term->name, found);
	case PROTECT_PERMISSION:
		return find_permission(doctor, term->name, found);
	case PROTECT_TENANT:
		return find_tenant(doctor, term->name, found);
	case PROTECT_USER:
		return find_user(doctor, term->name, found);
	default:
		return OK;
	}
}

static enum err check_rule(struct doctor *doctor, const struct protect_config *rule,
			   unsigned *unknown)
{
	bool found = false;

	for (size_t i = 0; i < rule->term_count; i++) {
		TRY(find_named(doctor, &rule->terms[i], &found));
		if (found)
			continue;
		(*unknown)++;
		doctor_add(doctor, DOCTOR_WARN, "rules",
			   "is it misspelled? By this word nobody gets in",
			   "%.*s:%u: %.*s: there is no such one", (int)doctor->config->file.n,
			   doctor->config->file.p, rule->line, (int)rule->terms[i].text.n,
			   rule->terms[i].text.p);
	}
	return OK;
}

static void check_rules(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	unsigned unknown = 0;
	enum err e = OK;

	for (size_t i = 0; i < config->protect_count && e == OK; i++)
		e = check_rule(doctor, &config->protects[i], &unknown);
	if (e != OK)
		fail(doctor, "rules", e);
	else if (unknown == 0 && config->protect_count > 0)
		doctor_add(doctor, DOCTOR_OK, "rules", "",
			   "whom the %zu sections [protect] name exists", config->protect_count);
}

/* Who names a service: a place in the configuration, and what comes of there being none. */
static enum err check_service(struct doctor *doctor, struct str service, const char *where,
			      unsigned *unknown)
{
	bool found = false;

	TRY(find_service(doctor, service, &found));
	if (found)
		return OK;
	(*unknown)++;
	doctor_add(doctor, DOCTOR_WARN, "services", "is it misspelled? Else gatepost service add",
		   "%s: there is no service %.*s", where, (int)service.n, service.p);
	return OK;
}

static enum err check_tickets(struct doctor *doctor, unsigned *unknown)
{
	const struct config *config = doctor->config;
	struct fault where;

	if (str_is_present(config->guard.ticket))
		TRY(check_service(doctor, config->guard.ticket, "[guard] ticket", unknown));
	for (size_t i = 0; i < config->protect_count; i++) {
		const struct protect_config *rule = &config->protects[i];

		if (!str_is_present(rule->service))
			continue;
		(void)fault_set(&where, "%s:%u: ticket", config->file.p, rule->line);
		TRY(check_service(doctor, rule->service, where.text, unknown));
	}
	return OK;
}

static enum err check_client(struct doctor *doctor, const struct client_config *client,
			     unsigned *unknown)
{
	struct str rest = client->services;
	struct str word = STR_NONE;
	struct fault where;

	(void)fault_set(&where, "[client %.*s] services", (int)client->name.n, client->name.p);
	for (bool more = str_is_present(rest); more;) {
		more = str_cut(rest, ' ', &word, &rest);
		if (word.n > 0)
			TRY(check_service(doctor, word, where.text, unknown));
	}
	return OK;
}

static void check_services(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	unsigned unknown = 0;
	enum err e = check_tickets(doctor, &unknown);

	for (size_t i = 0; i < config->client_count && e == OK; i++)
		e = check_client(doctor, &config->clients[i], &unknown);
	if (e != OK)
		fail(doctor, "services", e);
	else if (unknown == 0)
		doctor_add(doctor, DOCTOR_OK, "services", "",
			   "every service that the configuration names exists");
}

static void check_keys(struct doctor *doctor)
{
	struct key_rows keys;
	struct fault fault = {""};
	unsigned shut = 0;
	unsigned open = 0;
	enum err e = signing_key_list(&doctor->ctl->auth, &keys);

	if (e != OK) {
		fail(doctor, "signing-keys", e);
		return;
	}
	for (size_t i = 0; i < keys.n; i++) {
		if (keys.rows[i].state == KEY_GONE)
			continue;
		open++;
		if (signing_key_check(&doctor->ctl->auth, &keys.rows[i], &fault) == OK)
			continue;
		shut++;
		doctor_add(doctor, DOCTOR_FAIL, "signing-keys",
			   "put back the key file that sealed it; if that is lost: gatepost key "
			   "rotate --now",
			   "%s", fault.text);
	}
	if (shut == 0)
		doctor_add(doctor, DOCTOR_OK, "signing-keys", "",
			   "%u in use, and the key file opens each", open);
}

void doctor_names(struct doctor *doctor)
{
	if (doctor->ctl->auth.db == NULL)
		return;
	check_rules(doctor);
	check_services(doctor);
	if (doctor->ctl->auth.keys != NULL)
		check_keys(doctor);
}
