/* What the tests of passkeys share: the recorded ceremonies, their people and their challenges. */
#ifndef GATEPOST_TESTS_STORE_PASSKEY_WORLD_H
#define GATEPOST_TESTS_STORE_PASSKEY_WORLD_H

#include "../unit/ceremonies.h"
#include "auth_world.h"
#include "challenge.h"
#include "passkey.h"
#include "secret.h"

/* Recordings with the person verified, and who keeps their passkey. */
#define PLAIN "es256-none-verified"
#define SYNCED "es256-none-synced"
#define OTHER "eddsa-none-verified"
#define UNVERIFIED "es256-none-present"

/* From the first test on; their strings outlive each. */
static struct ceremony passkey_recorded[CEREMONIES_MAX];
static size_t passkey_recorded_count;

static inline const struct ceremony *recording(const char *name)
{
	for (size_t i = 0; i < passkey_recorded_count; i++) {
		if (str_equal(passkey_recorded[i].name, str_of(name)))
			return &passkey_recorded[i];
	}
	fail_msg("no recording %s", name);
	return NULL;
}

static inline void passkey_config(struct world *w)
{
	struct config *config = &w->config;

	config->second_factor.require = FACTOR_OPTIONAL;
	config->second_factor.roles = STR("elevated");
	config->second_factor.trusted_device = 0;
	config->passkey.rp_id = STR("localhost");
	config->passkey.origins[0] = recording(PLAIN)->origin;
	config->passkey.origin_count = 1;
	config->passkey.counter_refuses = true;
	config->server.name = STR("Example");
}

static inline int passkey_clean(void **state)
{
	struct world *w = *state;

	if (passkey_recorded_count == 0)
		passkey_recorded_count = ceremonies_load(
			w->lasting, TEST_SOURCE_DIR "/tests/unit/ceremonies.txt", passkey_recorded);
	passkey_config(w);
	return world_clean(state);
}

static inline struct id person_of(const struct ceremony *c)
{
	struct id id = ID_NONE;

	assert_int_equal(c->user_handle.n, ID_BYTES);
	memcpy(id.b, c->user_handle.p, ID_BYTES);
	return id;
}

/* Whom the recorded authenticator calls by the handle, with an address. */
static inline struct id add_person(struct world *w, const char *recorded, const char *email)
{
	struct user_row row = fixture_user(recorded);

	row.id = person_of(recording(recorded));
	row.email = str_of(email);
	assert_ok(user_store_insert(w->db, &row));
	return row.id;
}

/* As challenge.c makes one, but of a value that was signed long ago. */
static inline void put_challenge(struct world *w, const struct challenge_place *place,
				 struct id user_id, const unsigned char *value, int64_t expires_at)
{
	struct challenge_row row = {
		.user_id = user_id,
		.purpose = STR(""),
		.expires_at = expires_at,
	};
	unsigned char kind = (unsigned char)place->kind;
	struct secret parts[] = {
		keyring_part(&kind, 1),
		keyring_part(place->session_id.b, ID_BYTES),
		keyring_part(place->browser.p, place->browser.n),
		keyring_part(value, CHALLENGE_BYTES),
	};

	keyring_digest(w->keys, 0, KEY_CHALLENGE, parts, 4, &row.hash);
	assert_ok(challenge_store_insert(w->db, &row));
}

/* A live session of that person's, with what it was presented by. */
struct presented {
	struct credential credential;
	struct session session;
};

static inline struct presented present(struct world *w, struct str handle)
{
	return (struct presented){credential_of(w, CARRIER_HANDLE, handle),
				  resolve(w, CARRIER_HANDLE, handle)};
}

static inline struct presented begin(struct world *w, struct id user)
{
	struct session_issued issued =
		sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE});

	return present(w, text_of(issued));
}

static inline void offer_registration(struct world *w, const struct session *session,
				      const struct ceremony *c)
{
	const struct challenge_place place = {
		.kind = CHALLENGE_REGISTRATION,
		.session_id = session->found.session.id,
	};

	put_challenge(w, &place, session->found.session.user_id, c->create.challenge,
		      w->context.now + CHALLENGE_SPAN);
}

static inline struct passkey_registered register_it(struct world *w, const struct presented *who,
						    const struct ceremony *c)
{
	const struct passkey_registration request = {
		.given = c->registration,
		.transports = STR("internal"),
		.name = STR("Telephone"),
		.presented = &who->credential,
		.current = &who->session,
	};
	struct passkey_registered done;

	assert_ok(passkey_register(&w->context, &request, &done));
	return done;
}

/* A person with the recorded passkey, in the session that made it. */
static inline struct passkey_row add_passkey_of(struct world *w, const char *recorded,
						const char *email, struct presented *who)
{
	struct passkey_registered done;

	*who = begin(w, add_person(w, recorded, email));
	offer_registration(w, &who->session, recording(recorded));
	done = register_it(w, who, recording(recorded));
	assert_int_equal(done.verdict, FACTORS_DONE);
	return done.row;
}

static inline struct passkey_row add_passkey(struct world *w, const char *recorded,
					     const char *email)
{
	struct presented who;

	return add_passkey_of(w, recorded, email, &who);
}

static inline void offer_sign_in(struct world *w, const struct ceremony *c)
{
	const struct challenge_place place = {.kind = CHALLENGE_SIGN_IN, .browser = STR("")};

	put_challenge(w, &place, ID_NONE, c->get.challenge, w->context.now + CHALLENGE_SPAN);
}

/* What a request without a credential presents. */
static const struct credential passkey_nothing = {.syntax = CREDENTIAL_ABSENT};
static const struct session passkey_nobody = {.standing = SESSION_ABSENT};

static inline struct passkey_sign_in sign_in_with(const struct ceremony *c)
{
	return (struct passkey_sign_in){
		.signin =
			{
				.carrier = CARRIER_HANDLE,
				.client = STR("app"),
				.presented = &passkey_nothing,
				.current = &passkey_nobody,
			},
		.given = c->assertion,
		.user_handle = c->user_handle,
		.browser = STR(""),
	};
}

static inline enum signin_verdict
try_passkey(struct world *w, const struct passkey_sign_in *request, struct session_issued *out)
{
	enum signin_verdict verdict = SIGNIN_THROTTLED;
	int64_t wait = -1;

	assert_ok(passkey_sign_in(&w->context, request, &verdict, &wait, out));
	assert_true(verdict == SIGNIN_THROTTLED ? wait > 0 : wait == 0);
	return verdict;
}

#endif
