/* WA-02: what a browser sends of a ceremony is read strictly, and as what auth judges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "ceremonies.h"
#include "json.h"
#include "webauthn_json.h"

#define ARENA ((size_t)4 << 20)

struct world {
	struct arena *arena;
	struct ceremony list[CEREMONIES_MAX];
	size_t n;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	json_init();
	if (w == NULL || arena_open(65536, ARENA, &w->arena) != OK)
		return -1;
	w->n = ceremonies_load(w->arena, TEST_SOURCE_DIR "/tests/unit/ceremonies.txt", w->list);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	arena_close(&w->arena);
	free(w);
	return 0;
}

static void recordings_are_read(void **state)
{
	struct world *w = *state;

	assert_true(w->n >= 8);
	for (size_t i = 0; i < w->n; i++) {
		const struct ceremony *c = &w->list[i];
		struct webauthn_json_registration made;
		struct webauthn_json_assertion got;

		assert_int_equal(webauthn_json_registration(w->arena, c->create_json, &made), OK);
		assert_true(str_equal(made.given.id, c->registration.id));
		assert_true(str_equal(made.given.attestation_object,
				      c->registration.attestation_object));
		assert_true(str_equal(made.given.client_data.raw, c->registration.client_data.raw));
		assert_true(str_equal(made.given.client_data.type, STR("webauthn.create")));
		assert_true(str_equal(made.given.client_data.origin, c->origin));
		assert_false(made.given.client_data.cross_origin);
		assert_int_equal(webauthn_json_assertion(w->arena, c->get_json, &got), OK);
		assert_true(str_equal(got.given.signature, c->assertion.signature));
		assert_true(
			str_equal(got.given.authenticator_data, c->assertion.authenticator_data));
		assert_true(str_equal(got.given.client_data.type, STR("webauthn.get")));
		assert_true(str_equal(got.given.client_data.challenge,
				      c->assertion.client_data.challenge));
		assert_true(str_equal(got.user_handle, c->user_handle));
	}
}

/* The text with the first of what in it exchanged for with. */
static struct str exchanged(struct world *w, struct str text, const char *what, const char *with)
{
	const char *at = memmem(text.p, text.n, what, strlen(what));
	struct str rest;
	struct str out = STR_NONE;
	struct buf buf;
	size_t before = 0;

	assert_non_null(at);
	before = (size_t)(at - text.p);
	rest = str_sub(text, before + strlen(what), text.n);
	buf_init(&buf, w->arena, text.n + strlen(with));
	buf_add(&buf, str_sub(text, 0, before));
	buf_add(&buf, str_of(with));
	buf_add(&buf, rest);
	assert_int_equal(buf_str(&buf, &out), OK);
	return out;
}

static void what_is_not_one_is_refused(void **state)
{
	static const struct {
		const char *what, *with;
	} cases[] = {
		{"\"type\":\"public-key\"", "\"type\":\"password\""},
		{"\"type\":\"public-key\"", "\"type\":7"},
		{"\"type\":\"public-key\"", "\"kind\":\"public-key\""},
		{"\"rawId\":\"", "\"rawId\":\"A"},
		{"\"rawId\":\"", "\"raw\":\""},
		{"\"id\":\"", "\"id\":\"="},
		{"\"signature\":\"", "\"signature\":\"="},
		{"\"signature\":\"", "\"signature\":\"+/"},
		{"\"signature\":\"", "\"sig\":\""},
		{"\"signature\":\"", "\"signature\":[],\"x\":\""},
		{"\"authenticatorData\":\"", "\"authenticatorData\":\" "},
		{"\"clientDataJSON\":\"ey", "\"clientDataJSON\":\"77u_ey"}, /* a byte order mark */
		{"\"clientDataJSON\":\"ey", "\"clientDataJSON\":\"W1"},     /* an array */
		{"\"clientDataJSON\":\"", "\"clientDataJSON\":null,\"x\":\""},
		{"\"response\":{", "\"answer\":{"},
		{"\"response\":{", "\"response\":[],\"answer\":{"},
		{"\"userHandle\":\"", "\"userHandle\":\"="},
		{"\"userHandle\":\"", "\"userHandle\":7,\"x\":\""},
		{"{", ""},
		{"{", "[{"},
	};
	struct world *w = *state;
	struct str whole = w->list[0].get_json;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str text = exchanged(w, whole, cases[i].what, cases[i].with);
		struct webauthn_json_assertion out;

		if (webauthn_json_assertion(w->arena, text, &out) != ERR_INPUT)
			fail_msg("taken: %s in place of %s", cases[i].with, cases[i].what);
	}
}

/* Of two members with one name, one reader may see the first and another the second. */
static void a_member_twice_is_refused(void **state)
{
	static const struct {
		const char *what, *with;
	} cases[] = {
		/* The same again, another value before it, and the name spelt otherwise. */
		{"\"type\":\"public-key\"", "\"type\":\"public-key\",\"type\":\"public-key\""},
		{"\"type\":\"public-key\"", "\"type\":\"password\",\"type\":\"public-key\""},
		{"\"type\":\"public-key\"", "\"type\":\"public-key\",\"t\\u0079pe\":\"x\""},
		{"\"id\":\"", "\"id\":\"AA\",\"id\":\""},
		{"\"rawId\":\"", "\"rawId\":\"AA\",\"rawId\":\""},
		{"\"response\":{", "\"response\":{},\"response\":{"},
		{"\"signature\":\"", "\"signature\":\"AA\",\"signature\":\""},
		{"\"authenticatorData\":\"", "\"authenticatorData\":null,\"authenticatorData\":\""},
		{"\"clientDataJSON\":\"", "\"clientDataJSON\":\"e30\",\"clientDataJSON\":\""},
		{"\"userHandle\":\"", "\"userHandle\":\"AA\",\"userHandle\":\""},
		/* Nobody's business, and refused all the same. */
		{"\"type\":", "\"x\":1,\"x\":1,\"type\":"},
		{"\"signature\":", "\"x\":{\"y\":1,\"y\":1},\"signature\":"},
	};
	struct world *w = *state;
	struct webauthn_json_assertion out;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str text = exchanged(w, w->list[0].get_json, cases[i].what, cases[i].with);

		if (webauthn_json_assertion(w->arena, text, &out) != ERR_INPUT)
			fail_msg("taken: %s in place of %s", cases[i].with, cases[i].what);
	}
}

/* The JSON of the first recorded assertion with other client data in it. */
static struct str with_client_data(struct world *w, struct str data)
{
	struct str old = ceremony_member(w->list[0].get_json, "clientDataJSON");
	char was[2048];
	char text[2048];

	assert_true(str_is_present(old) && CODEC_BASE64URL_LEN(data.n) < sizeof text);
	assert_in_range(snprintf(was, sizeof was, "%.*s", (int)old.n, old.p), 1, sizeof was - 1);
	codec_base64url((const unsigned char *)data.p, data.n, text);
	return exchanged(w, w->list[0].get_json, was, text);
}

static void a_member_twice_in_client_data_is_refused(void **state)
{
	static const struct {
		const char *what, *with;
	} cases[] = {
		{"{", "{\"type\":\"webauthn.create\","},
		{"{", "{\"type\":\"webauthn.get\","},
		{"{", "{\"challenge\":\"AA\","},
		{"{", "{\"origin\":\"https://evil.example\","},
		{"{", "{\"or\\u0069gin\":\"https://evil.example\","},
		{"\"crossOrigin\":false", "\"crossOrigin\":false,\"crossOrigin\":true"},
		{"\"crossOrigin\":false", "\"topOrigin\":null,\"topOrigin\":null"},
		{"{", "{\"x\":1,\"x\":2,"},
	};
	struct world *w = *state;
	struct webauthn_json_assertion out;
	struct str whole = w->list[0].assertion.client_data.raw;

	/* The exchange by itself is harmless. */
	assert_int_equal(
		webauthn_json_assertion(
			w->arena, with_client_data(w, exchanged(w, whole, "{", "{\"x\":1,")), &out),
		OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str data = exchanged(w, whole, cases[i].what, cases[i].with);

		if (webauthn_json_assertion(w->arena, with_client_data(w, data), &out) != ERR_INPUT)
			fail_msg("taken: %s in place of %s", cases[i].with, cases[i].what);
	}
}

static void a_user_handle_may_be_missing(void **state)
{
	static const char *const without[] = {"\"userHandle\":null,\"x\":\"", "\"other\":\""};
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		struct str text =
			exchanged(w, w->list[0].get_json, "\"userHandle\":\"", without[i]);
		struct webauthn_json_assertion out;

		assert_int_equal(webauthn_json_assertion(w->arena, text, &out), OK);
		assert_false(str_is_present(out.user_handle));
	}
}

/* Of transports only known ones are kept. */
static void transports_are_a_list_of_words(void **state)
{
	struct world *w = *state;
	struct webauthn_json_registration out;
	struct str text =
		exchanged(w, w->list[0].create_json, "[\"internal\"]", "[\"usb\",\"<b>\",\"nfc\"]");

	assert_int_equal(webauthn_json_registration(w->arena, text, &out), OK);
	assert_true(str_equal(out.transports, STR("usb nfc")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_are_read),
		cmocka_unit_test(what_is_not_one_is_refused),
		cmocka_unit_test(a_member_twice_is_refused),
		cmocka_unit_test(a_member_twice_in_client_data_is_refused),
		cmocka_unit_test(a_user_handle_may_be_missing),
		cmocka_unit_test(transports_are_a_list_of_words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
