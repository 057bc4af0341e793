/* WA-08, WA-13: what strangers send of a passkey: the first octet says what the rest is, an
 * attestation object, authenticator data, a signature, client data, or a browser's JSON of a
 * registration or an assertion. The rest of each ceremony is a recorded one, so that nothing but
 * these octets can be wrong: of assertions the recorded octets are right, and no others. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/ceremonies.h"
#include "arena.h"
#include "attestation.h"
#include "cbor_guard.h"
#include "json.h"
#include "json_passkey.h"
#include "webauthn.h"
#include "webauthn_json.h"
#include "webauthn_key.h"

#define KEPT ((size_t)1024 * 1024)
#define ARENA ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The recordings that are accepted, with their credentials. */
struct world {
	struct arena *kept;
	struct ceremony list[CEREMONIES_MAX];
	struct webauthn_credential credentials[CEREMONIES_MAX];
	size_t n;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void load(struct world *w)
{
	static struct ceremony all[CEREMONIES_MAX];
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;

	json_init();
	require(arena_open(65536, KEPT, &w->kept) == OK);
	size_t n = ceremonies_load(w->kept, TEST_SOURCE_DIR "/tests/unit/ceremonies.txt", all);
	for (size_t i = 0; i < n; i++) {
		if (!all[i].accepted)
			continue;
		w->list[w->n] = all[i];
		/* These point into the list. */
		w->list[w->n].create.origins = &w->list[w->n].origin;
		w->list[w->n].get.origins = &w->list[w->n].origin;
		require(webauthn_register(w->kept, &all[i].create, &all[i].registration,
					  &w->credentials[w->n], &verdict) == OK);
		require(verdict == WEBAUTHN_RIGHT);
		w->n++;
	}
	require(w->n > 0);
}

static bool is_inside(struct str part, struct str whole)
{
	return part.p >= whole.p && part.n <= whole.n &&
	       (size_t)(part.p - whole.p) <= whole.n - part.n;
}

static void check_pair(const struct cbor_guard_pair *pair, struct str whole)
{
	size_t n = 0;

	require(is_inside(pair->key.raw, whole) && is_inside(pair->value.raw, whole));
	require(cbor_guard_reach(pair->value.raw, &n) && n == pair->value.raw.n);
	require(pair->key.kind == CBOR_GUARD_INTEGER || pair->key.kind == CBOR_GUARD_TEXT);
}

/* What one reader of the guard takes, the others take too. */
static void check_guard(struct str octets)
{
	struct cbor_guard_map map;
	size_t n = 0;
	bool good = cbor_guard_reach(octets, &n);

	require(cbor_guard_is_whole(octets) == (good && n == octets.n));
	if (!good)
		return;
	require(n > 0 && n <= octets.n && cbor_guard_is_whole(str_sub(octets, 0, n)));
	require(!cbor_guard_is_whole(str_sub(octets, 0, n - 1)));
	if (!cbor_guard_read_map(str_sub(octets, 0, n), &map))
		return;
	require(map.n <= CBOR_GUARD_PAIRS);
	for (size_t i = 0; i < map.n; i++)
		check_pair(&map.pairs[i], octets);
}

static void check_auth_data(struct str octets)
{
	struct auth_data data;

	if (!auth_data_read(octets, &data))
		return;
	require(is_inside(data.rp_id_hash, octets) && data.rp_id_hash.n == 32);
	require(str_is_present(data.key) == data.has_credential);
	if (data.has_credential)
		require(data.id.n > 0 && data.id.n <= WEBAUTHN_ID_MAX &&
			data.aaguid.n == WEBAUTHN_AAGUID && is_inside(data.id, octets) &&
			cbor_guard_is_whole(data.key));
	if (str_is_present(data.extensions))
		require(cbor_guard_is_whole(data.extensions));
}

static enum webauthn_verdict register_one(struct arena *arena, const struct ceremony *c,
					  const struct webauthn_registration *given,
					  struct webauthn_credential *out)
{
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;

	*out = (struct webauthn_credential){.sign_count = 77};
	require(webauthn_register(arena, &c->create, given, out, &verdict) == OK);
	require((unsigned)verdict < WEBAUTHN_VERDICT_COUNT);
	if (verdict != WEBAUTHN_RIGHT)
		require(out->algorithm == WEBAUTHN_NO_ALGORITHM && out->sign_count == 77);
	return verdict;
}

static bool assert_one(const struct ceremony *c, const struct webauthn_credential *credential,
		       const struct webauthn_assertion *given)
{
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;
	struct webauthn_proof proof = {.sign_count = 77};

	require(webauthn_assert(&c->get, credential, given, &proof, &verdict) == OK);
	require((unsigned)verdict < WEBAUTHN_VERDICT_COUNT);
	if (verdict != WEBAUTHN_RIGHT)
		require(proof.sign_count == 77);
	return verdict == WEBAUTHN_RIGHT;
}

static bool is_same_key(const struct webauthn_credential *a, const struct webauthn_credential *b)
{
	return a->algorithm == b->algorithm && str_equal(a->public_key, b->public_key);
}

/*
 * A new credential is what it was registered as: of self-attestation only the recorded data is
 * signed, and the recorded assertion is right for none but the recorded key.
 */
static void check_credential(const struct ceremony *c, const struct webauthn_credential *recorded,
			     const struct webauthn_registration *given,
			     const struct webauthn_credential *made)
{
	struct attestation ours;
	struct attestation theirs;
	bool is_good = false;

	require(webauthn_key_check(made->algorithm, made->public_key, &is_good) == OK && is_good);
	require(str_equal(made->id, given->id) && (made->eligible || !made->backed_up));
	require(made->verified || !c->create.verified);
	require(attestation_split(given->attestation_object, &theirs));
	if (!str_equal(theirs.format, STR("none"))) {
		require(attestation_split(c->registration.attestation_object, &ours));
		require(str_equal(theirs.format, ours.format) &&
			str_equal(theirs.auth_data, ours.auth_data));
	}
	if (assert_one(c, made, &c->assertion))
		require(is_same_key(made, recorded) && str_equal(made->id, recorded->id));
}

static void check_registration(struct arena *arena, const struct world *w, size_t i,
			       const struct webauthn_registration *given)
{
	struct webauthn_credential made;

	if (register_one(arena, &w->list[i], given, &made) == WEBAUTHN_RIGHT)
		check_credential(&w->list[i], &w->credentials[i], given, &made);
}

/* With the id that is in it, so that what is behind the id is looked at. */
static void on_object(struct arena *arena, const struct world *w, struct str octets)
{
	struct attestation split;
	struct auth_data data;

	check_guard(octets);
	if (!attestation_split(octets, &split))
		return;
	check_auth_data(split.auth_data);
	for (size_t i = 0; i < w->n; i++) {
		struct webauthn_registration given = w->list[i].registration;

		given.attestation_object = octets;
		if (auth_data_read(split.auth_data, &data) && data.has_credential)
			given.id = data.id;
		check_registration(arena, w, i, &given);
	}
}

static void on_auth_data(const struct world *w, struct str octets)
{
	check_auth_data(octets);
	for (size_t i = 0; i < w->n; i++) {
		struct webauthn_assertion given = w->list[i].assertion;

		given.authenticator_data = octets;
		require(assert_one(&w->list[i], &w->credentials[i], &given) ==
			str_equal(octets, w->list[i].assertion.authenticator_data));
	}
}

static void on_signature(const struct world *w, struct str octets)
{
	for (size_t i = 0; i < w->n; i++) {
		struct webauthn_assertion given = w->list[i].assertion;

		given.signature = octets;
		require(assert_one(&w->list[i], &w->credentials[i], &given) ==
			str_equal(octets, w->list[i].assertion.signature));
	}
}

/* The octets are what is signed, and what they say is what was expected. */
static void on_client_data(struct arena *arena, const struct world *w, struct str octets)
{
	struct json_client_data said = {.has_top = false};
	enum err e = json_client_data_read(arena, octets, &said);

	require(e == OK || e == ERR_INPUT);
	for (size_t i = 0; i < w->n; i++) {
		struct webauthn_assertion given = w->list[i].assertion;
		bool recorded = str_equal(octets, given.client_data.raw);

		given.client_data.raw = octets;
		require(assert_one(&w->list[i], &w->credentials[i], &given) == recorded);
		if (e != OK)
			continue;
		given.client_data = (struct webauthn_client_data){
			octets,      said.type,         said.challenge,
			said.origin, said.cross_origin, said.has_top,
		};
		require(assert_one(&w->list[i], &w->credentials[i], &given) == recorded);
	}
}

static void on_created(struct arena *arena, const struct world *w, struct str json)
{
	struct webauthn_json_registration read;
	enum err e = webauthn_json_registration(arena, json, &read);

	require(e == OK || e == ERR_INPUT);
	if (e != OK)
		return;
	require(read.given.id.n > 0 && read.given.id.n <= WEBAUTHN_ID_MAX);
	require(read.given.client_data.raw.n <= WEBAUTHN_CLIENT_DATA_MAX);
	require(read.given.attestation_object.n <= WEBAUTHN_OBJECT_MAX);
	require(str_is_utf8(read.transports));
	for (size_t i = 0; i < w->n; i++)
		check_registration(arena, w, i, &read.given);
}

static bool is_recorded(const struct webauthn_assertion *a, const struct webauthn_assertion *b)
{
	return str_equal(a->client_data.raw, b->client_data.raw) && str_equal(a->id, b->id) &&
	       str_equal(a->authenticator_data, b->authenticator_data) &&
	       str_equal(a->signature, b->signature);
}

static void on_got(struct arena *arena, const struct world *w, struct str json)
{
	struct webauthn_json_assertion read;
	enum err e = webauthn_json_assertion(arena, json, &read);

	require(e == OK || e == ERR_INPUT);
	if (e != OK)
		return;
	require(read.given.authenticator_data.n <= WEBAUTHN_AUTH_DATA_MAX);
	require(read.given.signature.n <= WEBAUTHN_SIGNATURE_MAX);
	require(read.user_handle.n <= WEBAUTHN_JSON_HANDLE_MAX);
	for (size_t i = 0; i < w->n; i++) {
		require(assert_one(&w->list[i], &w->credentials[i], &read.given) ==
			is_recorded(&read.given, &w->list[i].assertion));
	}
}

static void judge(struct arena *arena, const struct world *w, char kind, struct str octets)
{
	switch (kind) {
	case 'o':
		on_object(arena, w, octets);
		break;
	case 'a':
		on_auth_data(w, octets);
		break;
	case 's':
		on_signature(w, octets);
		break;
	case 'd':
		on_client_data(arena, w, octets);
		break;
	case 'c':
		on_created(arena, w, octets);
		break;
	case 'g':
		on_got(arena, w, octets);
		break;
	default:
		check_guard(octets);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct arena *arena = NULL;

	if (size == 0)
		return 0;
	if (world.n == 0)
		load(&world);
	require(arena_open(65536, ARENA, &arena) == OK);
	judge(arena, &world, (char)data[0], (struct str){(const char *)data + 1, size - 1});
	arena_close(&arena);
	return 0;
}
