/* What the tests of sessions that tokens carry share. */
#ifndef GATEPOST_TESTS_STORE_TOKEN_WORLD_H
#define GATEPOST_TESTS_STORE_TOKEN_WORLD_H

#include "auth_world.h"
#include "refresh.h"

#define GRACE (10 * CLOCK_SECOND)

/* Clients: "app" has a grace, "web" none. */
static inline int token_world_clean(void **state)
{
	static struct client_config clients[] = {
		{.name = {"app", 3}, .refresh_grace = GRACE},
		{.name = {"web", 3}},
	};
	struct world *w = *state;

	w->config.clients = clients;
	w->config.client_count = 2;
	w->config.token.life = 10 * CLOCK_MINUTE;
	return world_clean(state);
}

/* What an access token that is right says of a session, as its bytes were never there. */
static inline struct credential access_of(struct world *w, const struct session_row *row)
{
	static unsigned char text[] = "an access token";
	struct credential credential = {
		.syntax = CREDENTIAL_WELL_FORMED,
		.carrier = CARRIER_TOKEN,
		.value = {text, sizeof text - 1},
	};
	const struct credential_claim claim = {
		.session_id = row->id,
		.user_id = row->user_id,
		.token_id = row->pair_id,
		.version = row->epoch,
	};

	credential_prove(w->keys, &claim, &credential);
	return credential;
}

static inline struct session resolve_access(struct world *w, const struct credential *credential)
{
	struct session session;

	assert_ok(session_resolve(&w->context, credential, 1, &session));
	return session;
}

/* Uses the access token of the pair that the row tells of. */
static inline void use_access(struct world *w, const struct session_row *row)
{
	struct credential credential = access_of(w, row);
	struct session session = resolve_access(w, &credential);

	assert_int_equal(session.standing, SESSION_LIVE);
	assert_ok(session_touch(&w->context, &session));
}

static inline struct refresh_outcome exchange_as(struct world *w, struct str token,
						 const char *client)
{
	struct refresh_request request = {
		.token = token,
		.client = client != NULL ? str_of(client) : STR_NONE,
	};
	struct refresh_outcome outcome = {.verdict = REFRESH_VERDICT_COUNT};

	assert_ok(refresh_exchange(&w->context, &request, &outcome));
	return outcome;
}

static inline struct refresh_outcome exchange(struct world *w, struct str token)
{
	return exchange_as(w, token, NULL);
}

static inline struct str child_of(const struct refresh_outcome *outcome)
{
	return (struct str){(const char *)outcome->token.bytes, outcome->token.len};
}

static inline struct str exchanged(struct world *w, struct str token)
{
	struct refresh_outcome outcome = exchange(w, token);

	assert_int_equal(outcome.verdict, REFRESH_EXCHANGED);
	return child_of(&outcome);
}

static inline struct client token_client(struct world *w, const char *user)
{
	struct client c = {
		.user = fixture_add_user(w->fixture, user),
		.carrier = CARRIER_TOKEN,
	};

	fixture_sql("UPDATE user SET email = CONCAT(username, '@example.test')");
	return c;
}

#endif
