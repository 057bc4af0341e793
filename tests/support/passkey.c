/* What Gatepost makes of what a browser says of a passkey. For each line of standard input,
 *   create CHALLENGE ORIGIN RP_ID verified|present JSON
 *   get CHALLENGE ORIGIN RP_ID verified|present ALGORITHM KEY synced|single ID JSON
 * with octets in base64url, prints "right" and, of create, ALGORITHM KEY synced|single ID, which
 * get wants, and of both the counter and yes|no for BS and for UV; or why it is refused. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "codec.h"
#include "json.h"
#include "webauthn.h"
#include "webauthn_json.h"

#define MEMORY ((size_t)1024 * 1024)
#define TEXT_MAX 2048 /* of the longest octets that are printed */

static void fail(const char *what)
{
	(void)fprintf(stderr, "passkey: %s\n", what);
	exit(1);
}

static struct str take(struct str *line)
{
	struct str word;
	struct str rest;

	if (!str_cut(*line, ' ', &word, &rest))
		fail("a line is too short");
	*line = rest;
	return word;
}

static struct str take_octets(struct arena *arena, struct str *line)
{
	struct str text = take(line);
	size_t n = text.n * 3 / 4;
	unsigned char *octets = arena_alloc(arena, n);

	if (octets == NULL || codec_base64url_decode(text, octets, n) != OK)
		fail("no base64url");
	return (struct str){(const char *)octets, n};
}

/* origin: where it is kept for as long as out is asked. */
static void take_expected(struct arena *arena, struct str *line, struct str *origin,
			  struct webauthn_expected *out)
{
	struct str challenge = take_octets(arena, line);

	if (challenge.n != sizeof out->challenge)
		fail("a challenge is too long or too short");
	memcpy(out->challenge, challenge.p, sizeof out->challenge);
	*origin = take(line);
	out->origins = origin;
	out->origin_count = 1;
	out->rp_id = take(line);
	out->verified = str_equal(take(line), STR("verified"));
}

static void print_octets(struct str octets)
{
	char text[TEXT_MAX];

	if (CODEC_BASE64URL_LEN(octets.n) >= sizeof text)
		fail("too long to print");
	codec_base64url((const unsigned char *)octets.p, octets.n, text);
	(void)printf(" %s", text);
}

static void print_state(uint32_t count, bool backed_up, bool verified)
{
	(void)printf(" %" PRIu32 " %s %s\n", count, backed_up ? "yes" : "no",
		     verified ? "yes" : "no");
}

/* True: it has been said why not. */
static bool is_refused(enum err e, enum webauthn_verdict verdict)
{
	if (e == ERR_INPUT)
		(void)puts("unreadable");
	else if (e != OK)
		fail("not possible");
	else if (verdict != WEBAUTHN_RIGHT)
		(void)puts(webauthn_verdict_name(verdict));
	return e != OK || verdict != WEBAUTHN_RIGHT;
}

static void judge_create(struct arena *arena, struct str line)
{
	struct webauthn_expected expected;
	struct webauthn_json_registration read;
	struct webauthn_credential made;
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;
	struct str origin;

	take_expected(arena, &line, &origin, &expected);
	enum err e = webauthn_json_registration(arena, line, &read);
	if (e == OK)
		e = webauthn_register(arena, &expected, &read.given, &made, &verdict);
	if (is_refused(e, verdict))
		return;
	(void)printf("right %d", (int)made.algorithm);
	print_octets(made.public_key);
	(void)printf(" %s", made.eligible ? "synced" : "single");
	print_octets(made.id);
	print_state(made.sign_count, made.backed_up, made.verified);
}

static enum webauthn_algorithm algorithm_of(struct str text)
{
	if (str_equal(text, STR("-7")))
		return WEBAUTHN_ES256;
	if (str_equal(text, STR("-8")))
		return WEBAUTHN_EDDSA;
	return str_equal(text, STR("-257")) ? WEBAUTHN_RS256 : WEBAUTHN_NO_ALGORITHM;
}

static void judge_get(struct arena *arena, struct str line)
{
	struct webauthn_expected expected;
	struct webauthn_credential credential = {.sign_count = 0};
	struct webauthn_json_assertion read;
	struct webauthn_proof proof;
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;
	struct str origin;

	take_expected(arena, &line, &origin, &expected);
	credential.algorithm = algorithm_of(take(&line));
	credential.public_key = take_octets(arena, &line);
	credential.eligible = str_equal(take(&line), STR("synced"));
	credential.id = take_octets(arena, &line);
	enum err e = webauthn_json_assertion(arena, line, &read);
	if (e == OK)
		e = webauthn_assert(&expected, &credential, &read.given, &proof, &verdict);
	if (is_refused(e, verdict))
		return;
	(void)printf("right");
	print_state(proof.sign_count, proof.backed_up, proof.verified);
}

static void answer(struct arena *arena, struct str line)
{
	struct str kind = take(&line);

	if (str_equal(kind, STR("create")))
		judge_create(arena, line);
	else if (str_equal(kind, STR("get")))
		judge_get(arena, line);
	else
		fail("neither create nor get");
}

int main(void)
{
	struct arena *arena = NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	json_init();
	if (arena_open(0, MEMORY, &arena) != OK)
		fail("not enough memory");
	while ((n = getline(&line, &room, stdin)) > 0) {
		answer(arena, (struct str){line, (size_t)n - 1});
		arena_reset(arena);
	}
	free(line);
	arena_close(&arena);
	return 0;
}
