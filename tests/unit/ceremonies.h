/* The recorded WebAuthn ceremonies of ceremonies.txt (support/ceremonies.mjs says what is there).
 */
#ifndef GATEPOST_TESTS_CEREMONIES_H
#define GATEPOST_TESTS_CEREMONIES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "codec.h"
#include "webauthn.h"

#define CEREMONIES_MAX 32

struct ceremony {
	struct str name;
	bool accepted; /* a registration of its kind is to be taken */
	bool verified; /* UV */
	struct str origin;
	struct webauthn_expected create;
	struct webauthn_expected get;
	struct webauthn_registration registration;
	struct webauthn_assertion assertion;
	struct str user_handle; /* absent: none */
	struct str create_json;
	struct str get_json;
};

static inline struct str ceremony_octets(struct arena *arena, struct str text)
{
	size_t n = text.n * 3 / 4;
	unsigned char *bytes = arena_alloc(arena, n);

	if (bytes == NULL || codec_base64url_decode(text, bytes, n) != OK)
		abort();
	return (struct str){(const char *)bytes, n};
}

/* What stands behind "name" in a text that a browser or Node wrote: enough for what is recorded. */
static inline struct str ceremony_member(struct str json, const char *name)
{
	char start[64];
	int n = snprintf(start, sizeof start, "\"%s\":\"", name);
	const char *at = memmem(json.p, json.n, start, (size_t)n);
	struct str rest = STR_NONE;
	struct str value = STR_NONE;

	if (at == NULL)
		return STR_NONE;
	at += n;
	(void)str_cut((struct str){at, json.n - (size_t)(at - json.p)}, '"', &value, &rest);
	return value;
}

static inline struct webauthn_client_data ceremony_client_data(struct str raw)
{
	return (struct webauthn_client_data){
		.raw = raw,
		.type = ceremony_member(raw, "type"),
		.challenge = ceremony_member(raw, "challenge"),
		.origin = ceremony_member(raw, "origin"),
	};
}

static inline void ceremony_set(struct arena *arena, struct ceremony *c, struct str name,
				struct str value)
{
	const struct {
		const char *name;
		struct str *at;
	} texts[] = {{"name", &c->name},
		     {"origin", &c->origin},
		     {"rpId", &c->create.rp_id},
		     {"create", &c->create_json},
		     {"get", &c->get_json}},
	  octets[] = {{"id", &c->registration.id},
		      {"createClientData", &c->registration.client_data.raw},
		      {"attestationObject", &c->registration.attestation_object},
		      {"getClientData", &c->assertion.client_data.raw},
		      {"authenticatorData", &c->assertion.authenticator_data},
		      {"signature", &c->assertion.signature}};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (str_equal(name, str_of(texts[i].name)))
			*texts[i].at = value;
	}
	for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++) {
		if (str_equal(name, str_of(octets[i].name)))
			*octets[i].at = ceremony_octets(arena, value);
	}
	if (str_equal(name, STR("accepted")))
		c->accepted = str_equal(value, STR("yes"));
	if (str_equal(name, STR("verified")))
		c->verified = str_equal(value, STR("yes"));
	if (str_equal(name, STR("userHandle")) && !str_equal(value, STR("-")))
		c->user_handle = ceremony_octets(arena, value);
	if (str_equal(name, STR("createChallenge")))
		memcpy(c->create.challenge, ceremony_octets(arena, value).p, WEBAUTHN_CHALLENGE);
	if (str_equal(name, STR("getChallenge")))
		memcpy(c->get.challenge, ceremony_octets(arena, value).p, WEBAUTHN_CHALLENGE);
}

static inline void ceremony_finish(struct ceremony *c)
{
	c->create.origins = &c->origin;
	c->create.origin_count = 1;
	c->create.verified = c->verified;
	c->get.rp_id = c->create.rp_id;
	c->get.origins = &c->origin;
	c->get.origin_count = 1;
	c->get.verified = c->verified;
	c->assertion.id = c->registration.id;
	c->registration.client_data = ceremony_client_data(c->registration.client_data.raw);
	c->assertion.client_data = ceremony_client_data(c->assertion.client_data.raw);
}

/* How many; all in the arena, which needs some 200 KiB. */
static inline size_t ceremonies_load(struct arena *arena, const char *path,
				     struct ceremony list[CEREMONIES_MAX])
{
	FILE *file = fopen(path, "rbe");
	char *line = NULL;
	size_t room = 0;
	size_t n = 0;
	ssize_t length;

	if (file == NULL)
		abort();
	memset(list, 0, sizeof *list * CEREMONIES_MAX);
	while ((length = getline(&line, &room, file)) > 0) {
		struct str name;
		struct str value;
		struct str text = {line, (size_t)length - 1};

		if (text.n == 0 || n == CEREMONIES_MAX)
			continue;
		if (str_copy(arena, text, &text) != OK || !str_cut(text, ' ', &name, &value))
			abort();
		ceremony_set(arena, &list[n], name, value);
		if (str_equal(name, STR("get")))
			ceremony_finish(&list[n++]);
	}
	free(line);
	(void)fclose(file);
	return n;
}

#endif
