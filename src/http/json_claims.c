/* The claims of an access token as JSON text, strict on the way in (jansson behind it). */
#include "json_claims.h"

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_tree.h"

#define CLAIMS_MAX 3072                   /* octets: in base64url it fits a token */
#define LAST_SECOND INT64_C(253402300799) /* of the year 9999 */
#define TEXT_MAX 1024

/* What a reading works on. */
struct reading {
	struct arena *arena;
	struct claims claims;
};

static enum err read_text(struct reading *r, json_t *value, struct str *out)
{
	struct str text;

	if (!json_is_string(value))
		return ERR_INPUT;
	text = (struct str){json_string_value(value), json_string_length(value)};
	if (text.n == 0 || text.n > TEXT_MAX || str_has_control(text))
		return ERR_INPUT;
	return str_copy(r->arena, text, out);
}

static enum err read_texts(struct reading *r, json_t *array, struct str *out, size_t *n)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count == 0 || count > *n)
		return ERR_INPUT;
	for (size_t i = 0; i < count; i++)
		TRY(read_text(r, json_array_get(array, i), &out[i]));
	*n = count;
	return OK;
}

static enum err read_id(json_t *value, struct id *out)
{
	struct id id;

	if (!json_is_string(value))
		return ERR_INPUT;
	TRY(id_parse((struct str){json_string_value(value), json_string_length(value)}, &id));
	if (id_is_none(id))
		return ERR_INPUT;
	*out = id;
	return OK;
}

static enum err read_number(json_t *value, int64_t most, int64_t *out)
{
	if (!json_is_integer(value))
		return ERR_INPUT;
	int64_t number = json_integer_value(value);
	if (number < 1 || number > most)
		return ERR_INPUT;
	*out = number;
	return OK;
}

static enum err read_issuer(struct reading *r, json_t *value)
{
	return read_text(r, value, &r->claims.issuer);
}

static enum err read_audience(struct reading *r, json_t *value)
{
	size_t n = CLAIMS_AUDIENCES;

	if (json_is_string(value)) {
		r->claims.audience_count = 1;
		return read_text(r, value, &r->claims.audiences[0]);
	}
	TRY(read_texts(r, value, r->claims.audiences, &n));
	r->claims.audience_count = n;
	return OK;
}

static enum err read_subject(struct reading *r, json_t *value)
{
	return read_id(value, &r->claims.subject);
}

static enum err read_session(struct reading *r, json_t *value)
{
	return read_id(value, &r->claims.session);
}

static enum err read_token(struct reading *r, json_t *value)
{
	return read_id(value, &r->claims.token);
}

static enum err read_version(struct reading *r, json_t *value)
{
	int64_t number = 0;

	TRY(read_number(value, UINT32_MAX, &number));
	r->claims.version = (uint32_t)number;
	return OK;
}

static enum err read_client(struct reading *r, json_t *value)
{
	return read_text(r, value, &r->claims.client);
}

static enum err read_expiry(struct reading *r, json_t *value)
{
	return read_number(value, LAST_SECOND, &r->claims.expires_at);
}

static enum err read_issue(struct reading *r, json_t *value)
{
	return read_number(value, LAST_SECOND, &r->claims.issued_at);
}

static enum err read_not_before(struct reading *r, json_t *value)
{
	return read_number(value, LAST_SECOND, &r->claims.not_before);
}

static enum err read_auth_time(struct reading *r, json_t *value)
{
	return read_number(value, LAST_SECOND, &r->claims.auth_time);
}

static enum err read_methods(struct reading *r, json_t *value)
{
	size_t n = CLAIMS_METHODS;

	TRY(read_texts(r, value, r->claims.methods, &n));
	r->claims.method_count = n;
	return OK;
}

static enum err read_level(struct reading *r, json_t *value)
{
	return read_text(r, value, &r->claims.level);
}

static enum err read_scope(struct reading *r, json_t *value)
{
	return read_text(r, value, &r->claims.scope);
}

static const struct {
	const char *name;
	bool required;
	enum err (*read)(struct reading *r, json_t *value);
} known[] = {
	{"iss", true, read_issuer},
	{"aud", true, read_audience},
	{"sub", true, read_subject},
	{"sid", true, read_session},
	{"jti", true, read_token},
	{"sv", true, read_version},
	{"client_id", true, read_client},
	{"exp", true, read_expiry},
	{"iat", true, read_issue},
	{"nbf", false, read_not_before},
	{"auth_time", false, read_auth_time},
	{"amr", false, read_methods},
	{"acr", false, read_level},
	{"scope", false, read_scope},
};

/* Every member is a known one when as many were found as there are. */
static enum err read_object(struct reading *r, json_t *object)
{
	size_t found = 0;

	if (!json_is_object(object))
		return ERR_INPUT;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		json_t *value = json_object_get(object, known[i].name);

		if (value == NULL && known[i].required)
			return ERR_INPUT;
		if (value == NULL)
			continue;
		TRY(known[i].read(r, value));
		found++;
	}
	return found == json_object_size(object) ? OK : ERR_INPUT;
}

enum err json_claims_read(struct arena *arena, struct str payload, struct claims *out)
{
	struct reading r = {.arena = arena};
	json_error_t error = {.line = 0};

	if (payload.n == 0 || json_is_too_deep(payload))
		return ERR_INPUT;
	json_t *object = json_tree_load(payload, &error);
	enum err e = ERR_INPUT;
	if (object != NULL)
		e = read_object(&r, object);
	else if (json_error_code(&error) == json_error_out_of_memory)
		e = ERR_MEMORY;
	json_decref(object);
	if (e == OK)
		*out = r.claims;
	return e;
}

static void write_texts(struct json_out *json, const char *name, const struct str *texts, size_t n)
{
	json_open_array(json, name);
	for (size_t i = 0; i < n; i++)
		json_text(json, NULL, texts[i]);
	json_close_array(json);
}

static void write_known(struct json_out *json, const struct claims *claims)
{
	if (claims->not_before > 0)
		json_number(json, "nbf", claims->not_before);
	if (claims->auth_time > 0)
		json_number(json, "auth_time", claims->auth_time);
	if (claims->method_count > 0)
		write_texts(json, "amr", claims->methods, claims->method_count);
	if (str_is_present(claims->level))
		json_text(json, "acr", claims->level);
	if (str_is_present(claims->scope))
		json_text(json, "scope", claims->scope);
}

enum err json_claims_write(struct arena *arena, const struct claims *claims, struct str *out)
{
	struct json_out json;
	struct buf buf;

	buf_init(&buf, arena, CLAIMS_MAX);
	json_begin(&json, &buf);
	json.bare = true;
	json_open_object(&json, NULL);
	json_text(&json, "iss", claims->issuer);
	json_id(&json, "sub", claims->subject);
	if (claims->audience_count == 1)
		json_text(&json, "aud", claims->audiences[0]);
	else
		write_texts(&json, "aud", claims->audiences, claims->audience_count);
	json_number(&json, "exp", claims->expires_at);
	json_number(&json, "iat", claims->issued_at);
	json_id(&json, "jti", claims->token);
	json_text(&json, "client_id", claims->client);
	json_id(&json, "sid", claims->session);
	json_number(&json, "sv", claims->version);
	write_known(&json, claims);
	json_close_object(&json);
	return buf_str(&buf, out);
}
