/* What the tests of acts that mail share: what was queued, opened. */
#ifndef GATEPOST_TESTS_STORE_MAIL_WORLD_H
#define GATEPOST_TESTS_STORE_MAIL_WORLD_H

#include "auth_world.h"
#include "mail.h"
#include "mail_code.h"

static inline size_t mail_bytes(const char *hex, unsigned char *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned value = 0;

		assert_int_equal(sscanf(hex + 2 * i, "%2X", &value), 1);
		out[i] = (unsigned char)value;
	}
	return n;
}

/* The payload of the newest mail that the condition finds, as JSON. */
static inline struct str mail_found(struct world *w, const char *where)
{
	static char hex[2 * 8192 + 1];
	char sql[512];
	char name[2 * ID_BYTES + 1];
	unsigned char sealed[8192];
	struct str json = STR_NONE;
	struct id id;
	size_t n = 0;

	(void)snprintf(sql, sizeof sql,
		       "SELECT HEX(id) FROM outbox WHERE %s ORDER BY created_at DESC LIMIT 1",
		       where);
	fixture_text(sql, name, sizeof name);
	assert_int_equal(mail_bytes(name, id.b), ID_BYTES);
	(void)snprintf(sql, sizeof sql, "SELECT HEX(payload) FROM outbox WHERE id = UNHEX('%s')",
		       name);
	fixture_text(sql, hex, sizeof hex);
	n = mail_bytes(hex, sealed);
	(void)snprintf(sql, sizeof sql, "SELECT root FROM outbox WHERE id = UNHEX('%s')", name);
	assert_ok(mail_open(
		w->context.keys, w->context.arena,
		&((struct mail_box){id, (uint32_t)fixture_number(sql), {(const char *)sealed, n}}),
		&json));
	return json;
}

static inline bool mail_has(struct str json, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= json.n; i++)
		if (memcmp(json.p + i, text, n) == 0)
			return true;
	return false;
}

/* The value of a member; absent: it has none. No value of these has a quotation mark. */
static inline struct str mail_value_of(struct str json, const char *name)
{
	struct str rest = json;
	struct str head = STR_NONE;
	struct str value = STR_NONE;

	while (str_cut(rest, '"', &head, &rest)) {
		struct str key = STR_NONE;

		assert_true(str_cut(rest, '"', &key, &rest));
		assert_true(str_cut(rest, '"', &head, &rest));
		assert_true(str_cut(rest, '"', &value, &rest));
		if (str_equal(key, str_of(name)))
			return value;
	}
	return STR_NONE;
}

/* What stands behind "?code=". */
static inline struct str mail_link_code(struct str json)
{
	struct str head = STR_NONE;
	struct str code = STR_NONE;

	assert_true(str_cut(mail_value_of(json, "link"), '=', &head, &code));
	return code;
}

#endif
