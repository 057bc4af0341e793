/* What the tests of authenticator apps share: the app. */
#ifndef GATEPOST_TESTS_STORE_TOTP_WORLD_H
#define GATEPOST_TESTS_STORE_TOTP_WORLD_H

#include <liboath/oath.h>

#include "address_world.h"

#include "factor_store.h"
#include "totp.h"

#define APP_SECRET_TEXT 32 /* base32 of TOTP_SECRET octets */

/* What an app has once it has read the QR code. */
struct app {
	char secret[TOTP_SECRET];
};

static inline struct app app_of(const struct totp_offer *offer)
{
	struct app app;
	char *octets = NULL;
	size_t n = 0;

	assert_int_equal(offer->secret.len, APP_SECRET_TEXT);
	assert_int_equal(oath_base32_decode((const char *)offer->secret.bytes, offer->secret.len,
					    &octets, &n),
			 OATH_OK);
	assert_int_equal(n, TOTP_SECRET);
	memcpy(app.secret, octets, n);
	free(octets);
	return app;
}

/* Six digits, as they show at that time. */
static inline struct str app_code(struct world *w, const struct app *app, int64_t now)
{
	char *code = arena_alloc(w->context.arena, TOTP_DIGITS + 1);

	assert_non_null(code);
	assert_int_equal(oath_totp_generate(app->secret, TOTP_SECRET, (time_t)(now / CLOCK_SECOND),
					    TOTP_STEP_SECONDS, 0, TOTP_DIGITS, code),
			 OATH_OK);
	return (struct str){code, TOTP_DIGITS};
}

/* One that is not right now, nor was a step before. */
static inline struct str app_wrong_code(struct world *w, const struct app *app)
{
	struct secret secret = {.len = TOTP_SECRET};
	unsigned char octets[TOTP_SECRET];
	bool right = true;
	uint64_t step = 0;
	char *code = arena_alloc(w->context.arena, TOTP_DIGITS + 1);

	assert_non_null(code);
	memcpy(octets, app->secret, TOTP_SECRET);
	secret.bytes = octets;
	for (unsigned i = 0; right; i++) {
		(void)snprintf(code, TOTP_DIGITS + 1, "%06u", i);
		assert_ok(totp_code_step(secret, str_of(code), w->context.now, &step, &right));
	}
	return (struct str){code, TOTP_DIGITS};
}

static inline struct app begin_app(struct world *w, const struct person *who)
{
	struct totp_offer offer;

	assert_ok(totp_begin(&w->context, &who->session.session, &offer));
	return app_of(&offer);
}

/* As a page (renews) or as an app over the API. */
static inline struct totp_confirmed confirm_app(struct world *w, const struct person *who,
						struct str code, bool renews)
{
	struct credential presented = credential_of(w, CARRIER_COOKIE, text_of(who->session));
	struct session current = resolve(w, CARRIER_COOKIE, text_of(who->session));
	const struct totp_confirm_request request = {
		.code = code,
		.renews = renews,
		.presented = &presented,
		.current = &current,
	};
	struct totp_confirmed confirmed;

	assert_ok(totp_confirm(&w->context, &request, &confirmed));
	return confirmed;
}

static inline struct totp_confirmed set_up_app(struct world *w, const struct person *who,
					       struct app *app)
{
	struct totp_confirmed confirmed;

	*app = begin_app(w, who);
	confirmed = confirm_app(w, who, app_code(w, app, w->context.now), false);
	assert_int_equal(confirmed.verdict, FACTORS_DONE);
	return confirmed;
}

static inline struct totp_row totp_row_of(struct world *w, struct id user)
{
	struct totp_row row = {.last_step = 0};
	bool found = false;

	assert_ok(totp_store_find(w->db, w->context.arena, &user, &row, &found));
	assert_true(found);
	return row;
}

static inline int64_t factors_of(void)
{
	return fixture_number("SELECT factors FROM user WHERE username = 'alice'");
}

static inline int totp_clean(void **state)
{
	struct world *w = *state;

	w->config.server.name = STR("Example Shop");
	w->config.second_factor.require = FACTOR_OPTIONAL;
	w->config.throttle.free_failures = 5;
	return address_clean(state);
}

#endif
