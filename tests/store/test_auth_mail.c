/* SE-04, ST-06, TH-11: what lies in the outbox is sealed, bound to its row, and of one size. */
#include "auth_world.h"

#include "mail.h"
#include "notice.h"

static void queue(struct world *w, const struct mail *mail)
{
	assert_ok(mail_queue(&w->context, w->db, mail));
}

/* The payload of the only row, opened as if it lay in the row named id. */
static enum err open_it(struct world *w, const char *id_sql, struct str *json)
{
	static char sealed[2 * 8192 + 1];
	char name[2 * ID_BYTES + 1];
	static unsigned char bytes[8192];
	struct id id;
	size_t n = 0;

	fixture_text("SELECT HEX(payload) FROM outbox", sealed, sizeof sealed);
	fixture_text(id_sql, name, sizeof name);
	n = strlen(sealed) / 2;
	for (size_t i = 0; i < n; i++) {
		unsigned value = 0;

		assert_int_equal(sscanf(sealed + 2 * i, "%2X", &value), 1);
		bytes[i] = (unsigned char)value;
	}
	for (size_t i = 0; i < ID_BYTES; i++) {
		unsigned value = 0;

		assert_int_equal(sscanf(name + 2 * i, "%2X", &value), 1);
		id.b[i] = (unsigned char)value;
	}
	return mail_open(w->keys, w->context.arena,
			 &(struct mail_box){id,
					    (uint32_t)fixture_number("SELECT root FROM outbox"),
					    {(const char *)bytes, n}},
			 json);
}

static void a_payload_is_sealed_and_opens_again(void **state)
{
	struct world *w = *state;
	const struct mail_value values[] = {
		{"code", STR("12345678")},
		{"display_name", STR("\"A\\B\"\r\n\x01 \xc5\x82")},
	};
	const struct mail mail = {
		.kind = STR("recover"),
		.recipient = STR("alice@example.org"),
		.language = STR("pl"),
		.values = values,
		.n = 2,
		.too_late = w->context.now + CLOCK_HOUR,
	};
	struct str json = STR_NONE;

	queue(w, &mail);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'recover' AND "
					"recipient = 'alice@example.org' AND language = 'pl' AND "
					"payload NOT LIKE '%12345678%' AND state = 1"),
			 1);
	assert_ok(open_it(w, "SELECT HEX(id) FROM outbox", &json));
	assert_true(str_starts(
		json, STR("{\"code\":\"12345678\",\"display_name\":\"\\\"A\\\\B\\\"\\u000d\\u000a"
			  "\\u0001 \xc5\x82\",\"ip\":\"192.0.2.7\",\"user_agent\":\"tests\","
			  "\"at\":\"2027-01-15T08:00:00Z\","
			  "\"expires_at\":\"2027-01-15T09:00:00Z\"} ")));
	assert_int_equal(open_it(w, "SELECT HEX(REVERSE(id)) FROM outbox", &json), ERR_INPUT);
}

static void a_decoy_is_as_large(void **state)
{
	struct world *w = *state;
	const struct mail_value values[] = {{"link", STR("https://www.example.org/auth/reset")}};
	struct mail mail = {.kind = STR("recover"), .values = values, .n = 1};

	queue(w, &mail);
	mail.recipient = STR("alice@example.org");
	mail.n = 0;
	queue(w, &mail);
	assert_int_equal(fixture_number("SELECT COUNT(DISTINCT LENGTH(payload)) FROM outbox"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE recipient IS NULL"), 1);
	assert_int_equal(fixture_number("SELECT MAX(LENGTH(payload)) FROM outbox"), 1024 + 40);
}

static void what_is_no_text_is_refused(void **state)
{
	struct world *w = *state;
	const struct mail_value values[] = {{"display_name", STR("\xff")}};
	const struct mail mail = {.kind = STR("recover"), .values = values, .n = 1};

	assert_int_equal(mail_queue(&w->context, w->db, &mail), ERR_INPUT);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 0);
}

/* Nobody is told where there is no address, and each notice can be disputed by itself. */
static void notices_have_a_link_each(void **state)
{
	struct world *w = *state;
	struct notice notice = {
		.kind = STR("handover"),
		.user_id = {{1}},
		.display_name = STR("Alice"),
	};
	struct str json = STR_NONE;

	assert_ok(notice_queue(&w->context, w->db, &notice));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 0);
	notice.recipient = STR("alice@example.org");
	assert_ok(notice_queue(&w->context, w->db, &notice));
	assert_ok(open_it(w, "SELECT HEX(id) FROM outbox", &json));
	assert_true(str_starts(json, STR("{\"link\":\"https://www.example.org/auth/not-me?code=")));
	assert_ok(notice_queue(&w->context, w->db, &notice));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 5 AND "
					"expires_at - created_at = 172800000000"),
			 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_payload_is_sealed_and_opens_again, world_clean),
		cmocka_unit_test_setup(a_decoy_is_as_large, world_clean),
		cmocka_unit_test_setup(what_is_no_text_is_refused, world_clean),
		cmocka_unit_test_setup(notices_have_a_link_each, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
