/* ST-07: authenticator apps, recovery codes and devices, under every failure of the database. */
#include "fault_trial.h"
#include "totp_world.h"

#include "devices.h"
#include "recovery_codes.h"

#define CONTEXT (&t->w->context)

/* Apps that are not confirmed, alice's and bob's, a code of hers, and her telephone. */
static struct app app, first_app;
static struct str recovery_code;
static struct id telephone;

/* One of alice's sessions, as a request finds it. */
struct presented {
	struct credential credential;
	struct session session;
};

static enum err find(struct trial *t, struct str handle, struct presented *out)
{
	out->credential = credential_of(t->w, CARRIER_HANDLE, handle);
	return session_resolve(CONTEXT, &out->credential, 1, &out->session);
}

static enum err run_begin(struct trial *t, void *out)
{
	struct presented alice;
	struct totp_offer offer;

	TRY(find(t, t->scene.handle, &alice));
	TRY(totp_begin(CONTEXT, &alice.session, &offer));
	PUT(out, offer);
	return OK;
}

static void check_offer(struct trial *t, const void *out)
{
	struct session session = trial_session(t, t->scene.handle);
	struct totp_offer given;
	struct totp_offer there;
	bool found = false;

	memcpy(&given, out, sizeof given);
	assert_ok(totp_offered(CONTEXT, &session, &there, &found));
	assert_true(found);
	assert_true(secret_equal(given.secret, there.secret));
}

static enum err run_offered(struct trial *t, void *out)
{
	struct presented alice;
	struct totp_offer offer;
	bool found = false;

	TRY(find(t, t->scene.handle, &alice));
	TRY(totp_offered(CONTEXT, &alice.session, &offer, &found));
	TRY(must(found));
	PUT(out, offer);
	return OK;
}

static enum err confirm(struct trial *t, bool renews, void *out)
{
	struct presented alice;
	const struct totp_confirm_request request = {
		.code = app_code(t->w, &app, CONTEXT->now),
		.renews = renews,
		.presented = &alice.credential,
		.current = &alice.session,
	};
	struct totp_confirmed done = {.verdict = FACTORS_GONE};

	TRY(find(t, t->scene.handle, &alice));
	TRY(totp_confirm(CONTEXT, &request, &done));
	TRY(must(done.verdict == FACTORS_DONE));
	PUT(out, done);
	return OK;
}

ACT(run_confirm, return confirm(t, false, out);)
ACT(run_confirm_page, return confirm(t, true, out);)

static void check_confirmed(struct trial *t, const void *out)
{
	struct totp_confirmed done;

	(void)t;
	memcpy(&done, out, sizeof done);
	assert_int_equal(factors_of() & FACTOR_TOTP, FACTOR_TOTP);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp WHERE next_secret IS NULL"), 1);
	assert_int_equal(events("factor_added"), 1);
	assert_int_equal(mails("factor-added"), 1);
}

static void check_renewed(struct trial *t, const void *out)
{
	struct totp_confirmed done;

	check_confirmed(t, out);
	memcpy(&done, out, sizeof done);
	assert_true(done.renewed);
	trial_check_rotated(t, &done.issued);
}

/* Bob has nothing yet. */
static enum err run_confirm_first(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_COOKIE, t->scene.cookie);
	struct session current;
	const struct totp_confirm_request request = {
		.code = app_code(t->w, &first_app, CONTEXT->now),
		.presented = &presented,
		.current = &current,
	};
	struct totp_confirmed done = {.verdict = FACTORS_GONE};

	TRY(session_resolve(CONTEXT, &presented, 1, &current));
	TRY(totp_confirm(CONTEXT, &request, &done));
	TRY(must(done.verdict == FACTORS_DONE));
	PUT(out, done);
	return OK;
}

/* The codes that came with it work. */
static void check_first(struct trial *t, const void *out)
{
	struct totp_confirmed done;
	struct recovery_match match;
	bool right = false;

	memcpy(&done, out, sizeof done);
	assert_int_equal(done.n, RECOVERY_SET_CODES);
	for (size_t i = 0; i < done.n; i++) {
		struct str code = {(const char *)done.codes[i].bytes, done.codes[i].len};

		assert_ok(recovery_codes_match(CONTEXT, &t->scene.bob, code, &match, &right));
		assert_true(right);
	}
	assert_int_equal(fixture_number("SELECT factors FROM user WHERE username = 'bob'"),
			 FACTOR_TOTP | FACTOR_RECOVERY);
}

static enum err run_wrong(struct trial *t, void *out)
{
	struct presented alice;
	const struct totp_confirm_request request = {
		.code = STR("none"),
		.presented = &alice.credential,
		.current = &alice.session,
	};
	struct totp_confirmed done = {.verdict = FACTORS_GONE};

	(void)out;
	TRY(find(t, t->scene.handle, &alice));
	TRY(totp_confirm(CONTEXT, &request, &done));
	return must(done.verdict == FACTORS_WRONG);
}

static void check_wrong(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_true(events("authn_factor_fail") > 0);
	assert_int_equal(events("factor_added"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp WHERE next_secret IS NOT NULL"),
			 2);
}

static enum err run_remove(struct trial *t, void *out)
{
	struct presented alice;
	enum factors_verdict verdict = FACTORS_GONE;

	(void)out;
	TRY(find(t, t->scene.handle, &alice));
	TRY(totp_remove(CONTEXT, &alice.session, &verdict));
	return must(verdict == FACTORS_DONE);
}

static void check_removed(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM totp"), 1);
	assert_int_equal(factors_of() & FACTOR_TOTP, 0);
	assert_int_equal(mails("factor-removed"), 1);
}

static enum err run_renew(struct trial *t, void *out)
{
	struct presented alice;
	struct recovery_codes codes;
	enum factors_verdict verdict = FACTORS_GONE;

	TRY(find(t, t->scene.handle, &alice));
	TRY(recovery_codes_renew(CONTEXT, &alice.session, &verdict, &codes));
	TRY(must(verdict == FACTORS_DONE));
	PUT(out, codes);
	return OK;
}

/* Every code that was shown works. */
static void check_codes(struct trial *t, const void *out)
{
	struct recovery_codes codes;
	struct recovery_match match;
	bool right = false;

	memcpy(&codes, out, sizeof codes);
	for (size_t i = 0; i < RECOVERY_SET_CODES; i++) {
		struct str code = {(const char *)codes.texts[i].bytes, codes.texts[i].len};

		assert_ok(recovery_codes_match(CONTEXT, &t->scene.alice, code, &match, &right));
		assert_true(right);
	}
}

static enum err run_left(struct trial *t, void *out)
{
	struct recovery_left left;

	TRY(recovery_codes_left(CONTEXT, &t->scene.alice, &left));
	TRY(must(left.left == RECOVERY_SET_CODES));
	PUT(out, left);
	return OK;
}

static enum err run_use(struct trial *t, void *out)
{
	struct recovery_match match;
	bool right = false;
	bool won = false;

	(void)out;
	TRY(recovery_codes_match(CONTEXT, &t->scene.alice, recovery_code, &match, &right));
	TRY(must(right));
	TRY(recovery_store_use(t->w->db, &match.row, match.bit, CONTEXT->now, &won));
	return must(won);
}

static void check_used(struct trial *t, const void *out)
{
	struct recovery_match match;
	bool right = true;

	(void)out;
	assert_ok(recovery_codes_match(CONTEXT, &t->scene.alice, recovery_code, &match, &right));
	assert_false(right);
}

static enum err run_list(struct trial *t, void *out)
{
	const struct page_cursor from = {.limit = 10};
	struct devices_list list;

	(void)out;
	TRY(devices_list(CONTEXT, &t->scene.alice, &from, &list));
	return must(list.n == 1);
}

static enum err run_set_key(struct trial *t, void *out)
{
	const struct device_key key = {DEVICE_KEY_ED25519, STR("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk")};
	struct presented alice;
	enum devices_verdict verdict = DEVICES_GONE;

	(void)out;
	TRY(find(t, t->scene.other, &alice));
	TRY(devices_set_key(CONTEXT, &alice.session, &telephone, &key, &verdict));
	return must(verdict == DEVICES_DONE);
}

static void check_key(struct trial *t, const void *out)
{
	(void)t;
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE key_kind = 2"), 1);
	assert_int_equal(events("device_key_set"), 1);
	assert_int_equal(mails("factor-added"), 1);
}

static enum err run_remove_device(struct trial *t, void *out)
{
	struct presented alice;
	enum devices_verdict verdict = DEVICES_GONE;

	(void)out;
	TRY(find(t, t->scene.handle, &alice));
	TRY(devices_remove(CONTEXT, &alice.session, &telephone, &verdict));
	return must(verdict == DEVICES_DONE);
}

static void check_no_device(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(trial_session(t, t->scene.other).standing, SESSION_UNKNOWN);
	assert_int_equal(trial_session(t, t->scene.handle).standing, SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device d JOIN user u "
					"ON u.id = d.user_id WHERE u.username = 'alice'"),
			 0);
}

/* Seals an offer and codes under the scene's keys; what alice has in use, no code opens. */
static int open_it(void **state)
{
	struct trial *t = NULL;
	struct recovery_codes codes;
	struct totp_offer offer;
	struct session session;

	if (trial_open(state) != 0)
		return -1;
	t = *state;
	t->w->config.server.name = STR("Example Shop");
	t->w->config.throttle.free_failures = 50;
	telephone = trial_session(t, t->scene.other).found.session.device_id;
	session = trial_session(t, t->scene.handle);
	assert_ok(totp_begin(CONTEXT, &session, &offer));
	app = app_of(&offer);
	session = resolve(t->w, CARRIER_COOKIE, t->scene.cookie);
	assert_ok(totp_begin(CONTEXT, &session, &offer));
	first_app = app_of(&offer);
	assert_ok(db_begin(t->w->db));
	assert_ok(recovery_codes_put(CONTEXT, t->w->db, &t->scene.alice, &codes));
	assert_ok(factor_store_set(t->w->db, &t->scene.alice, FACTORS_ALL));
	assert_ok(db_commit(t->w->db));
	recovery_code = trial_lasting(
		t, (struct str){(const char *)codes.texts[0].bytes, codes.texts[0].len});
	trial_keep(t);
	return 0;
}

static void acts_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"begin", run_begin, check_offer, ACT_ATOMIC | ACT_REPEATABLE},
		{"offered", run_offered, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"confirm", run_confirm, check_confirmed, 0},
		{"confirm on a page", run_confirm_page, check_renewed, 0},
		{"confirm the first", run_confirm_first, check_first, 0},
		{"wrong code", run_wrong, check_wrong, ACT_REPEATABLE},
		{"remove app", run_remove, check_removed, ACT_ATOMIC},
		{"renew codes", run_renew, check_codes, ACT_ATOMIC | ACT_REPEATABLE},
		{"codes left", run_left, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"use code", run_use, check_used, ACT_ATOMIC},
		{"list devices", run_list, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"set key", run_set_key, check_key, ACT_ATOMIC | ACT_REPEATABLE},
		{"remove device", run_remove_device, check_no_device, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acts_under_every_failure),
	};

	return cmocka_run_group_tests(tests, open_it, trial_close);
}
