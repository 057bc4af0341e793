/* ST-07, IN-25, TK-18: services under every failure of the database: statements and acts. */
#include "fault_trial.h"

#include "account_admin.h"
#include "json_merge.h"
#include "revocation.h"
#include "service.h"
#include "service_admin.h"

#define ARENA t->w->context.arena
#define DB t->w->db
#define CONTEXT (&t->w->context)
#define SCENE t->scene
#define NOW (WORLD_START + CLOCK_HOUR)
#define SHOP STR("shop")

/* The secret that the scene's service has (fault_scene.c), and a wrong one. */
#define SECRET "gpk_BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define WRONG "gpk_CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static uint32_t epoch_of_handle;

/* Its client lists it. */
static struct client_config clients[] = {
	{.name = {"app", 3}, .services = {"shop", 4}},
};

static enum err find(struct trial *t, const struct service_subject *subject, void *out)
{
	struct service_found found;
	bool known = false;

	TRY(service_store_find(DB, ARENA, SHOP, subject, &found, &known));
	PUT(out, found.service.scopes);
	return must(known && id_is_none(found.session.session.id) ==
				     (subject->hashes == NULL && subject->id == NULL));
}

static enum err the_service(struct trial *t, struct service_row *row)
{
	struct service_found found;
	bool known = false;

	TRY(service_store_find(DB, ARENA, SHOP, &(struct service_subject){.id = NULL}, &found,
			       &known));
	*row = found.service;
	return must(known);
}

ACT(service_alone, return find(t, &(struct service_subject){.id = NULL}, out);)
ACT(service_by_id, return find(t, &(struct service_subject){.id = &SCENE.handle_id}, out);)
ACT(service_by_value, struct digest hashes[2]; hashes[0] = SCENE.handle_hash;
    hashes[1] = SCENE.handle_hash;
    return find(t, &(struct service_subject){.hashes = hashes}, out);)
ACT(service_locked, bool found = false; TRY(service_store_lock(DB, ARENA, SHOP, out, &found));
    return must(found);)
ACT(service_delete_it, bool deleted = false; TRY(service_store_delete(DB, SHOP, &deleted));
    return must(deleted);)

static enum err service_list_it(struct trial *t, void *out)
{
	struct service_row rows[4];
	struct service_page page = {.rows = rows, .room = 4};

	TRY(service_store_list(DB, ARENA, STR(""), &page));
	PUT(out, page.n);
	return must(page.n == 1);
}

static enum err service_insert_it(struct trial *t, void *out)
{
	struct service_row row = {
		.name = STR("other"),
		.secret_hash = fixture_digest(),
		.root = 1,
		.former_hash = fixture_digest(),
		.former_until = NOW,
		.state = SERVICE_ACTIVE,
		.created_at = NOW,
		.secret_at = NOW,
	};

	(void)out;
	return service_store_insert(DB, &row);
}

static enum err service_set_it(struct trial *t, void *out)
{
	struct service_row row;

	(void)out;
	TRY(the_service(t, &row));
	row.scopes = SERVICE_SESSIONS_END;
	row.former_until = NOW;
	return service_store_set(DB, &row);
}

static enum err service_renew_it(struct trial *t, void *out)
{
	struct service_row row;
	struct digest former;

	(void)out;
	TRY(the_service(t, &row));
	former = row.secret_hash;
	row.secret_hash = fixture_digest();
	row.root = 9;
	return service_store_renew_hash(DB, &row, &former);
}

static enum err admit(struct trial *t, const char *secret, struct service_admission *out)
{
	const struct service_login login = {.name = SHOP, .secret = str_of(secret)};
	struct digest hashes[2];
	const struct service_subject subject = {.hashes = hashes};

	hashes[0] = SCENE.handle_hash;
	hashes[1] = SCENE.handle_hash;
	CONTEXT->now = NOW;
	return service_admit(CONTEXT, &login, &subject, out);
}

ACT(admit_right, TRY(admit(t, SECRET, out)); return OK;)
ACT(admit_wrong, TRY(admit(t, WRONG, out)); return OK;)

/* A failure must not let anybody in who is not known, nor show a session that was not read. */
static void check_right(struct trial *t, const void *out)
{
	const struct service_admission *admission = out;

	assert_int_equal(admission->verdict, SERVICE_ADMITTED);
	assert_int_equal(admission->session.standing, SESSION_LIVE);
	assert_true(id_equal(admission->session.found.session.id, t->scene.handle_id));
}

static void check_wrong(struct trial *t, const void *out)
{
	const struct service_admission *admission = out;

	(void)t;
	assert_int_not_equal(admission->verdict, SERVICE_ADMITTED);
	assert_int_equal(admission->session.standing, SESSION_UNKNOWN);
}

static enum err done(enum err e, const struct service_effect *effect)
{
	TRY(e);
	return must(effect->outcome == SERVICE_DONE);
}

#define ADMIN(name, ...)                                                                           \
	ACT(name, struct service_effect effect; CONTEXT->now = NOW;                                \
	    return done(__VA_ARGS__, &effect);)

ADMIN(create_it, service_create(CONTEXT, STR("other"), SERVICE_INTROSPECT, &effect))
ADMIN(rotate_it, service_rotate(CONTEXT, SHOP, CLOCK_HOUR, &effect))
ADMIN(add_it, service_add_scopes(CONTEXT, SHOP, SERVICE_SESSIONS_END, &effect))
ADMIN(take_it, service_remove_scopes(CONTEXT, SHOP, SERVICE_INTROSPECT, &effect))
ADMIN(disable_it, service_disable(CONTEXT, SHOP, &effect))
ADMIN(remove_it, service_remove(CONTEXT, SHOP, &effect))

static enum err revoke_handle(struct trial *t, void *out)
{
	const struct credential_input input = {.session_id_header = SCENE.handle};
	enum revocation_outcome outcome = REVOCATION_NOTHING;
	struct credential handle;

	(void)out;
	TRY(credential_read(ARENA, t->w->keys, &input, &handle));
	return revocation_of_handle(CONTEXT, &handle, STR_NONE, &outcome);
}

static enum err revoke_access(struct trial *t, void *out)
{
	const struct claims claims = {
		.session = SCENE.handle_id,
		.subject = SCENE.alice,
		.version = epoch_of_handle,
	};
	enum revocation_outcome outcome = REVOCATION_NOTHING;

	(void)out;
	return revocation_of_access(CONTEXT, &claims, STR("app"), &outcome);
}

static enum err hold_it(struct trial *t, void *out)
{
	const struct account_act act = {.reason = STR("odd")};
	struct account_effect effect;

	(void)out;
	CONTEXT->service = SHOP;
	enum err e = account_hold_session(CONTEXT, &SCENE.handle_id, &act, &effect);
	CONTEXT->service = STR_NONE;
	TRY(e);
	return must(effect.outcome == ACCOUNT_DONE || effect.outcome == ACCOUNT_ALREADY);
}

static void services_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"service alone", service_alone, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"service with session", service_by_id, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"service with value", service_by_value, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"service lock", service_locked, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"service list", service_list_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"service insert", service_insert_it, NULL, ACT_ATOMIC},
		{"service set", service_set_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"service renew hash", service_renew_it, NULL, ACT_ATOMIC},
		{"service delete", service_delete_it, NULL, ACT_ATOMIC},
		{"service admitted", admit_right, check_right, ACT_ATOMIC | ACT_REPEATABLE},
		{"service refused", admit_wrong, check_wrong, 0},
		{"service create", create_it, NULL, ACT_ATOMIC},
		{"service rotate", rotate_it, NULL, ACT_ATOMIC},
		{"service scopes", add_it, NULL, ACT_ATOMIC},
		{"service fewer scopes", take_it, NULL, ACT_ATOMIC},
		{"service disable", disable_it, NULL, ACT_ATOMIC},
		{"service remove", remove_it, NULL, ACT_ATOMIC},
		{"revoke a handle", revoke_handle, trial_check_ended, ACT_ATOMIC | ACT_REPEATABLE},
		{"revoke an access token", revoke_access, trial_check_ended, ACT_ATOMIC},
		{"hold by a service", hold_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};
	struct trial *t = *state;

	t->w->config.clients = clients;
	t->w->config.client_count = 1;
	epoch_of_handle = trial_session(t, SCENE.handle).found.session.epoch;
	trial_run(t, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_SERVICES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
