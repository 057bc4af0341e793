/* The list of devices, their keys, and taking one away, against a database. */
#include "address_world.h"

#include "devices.h"

#define KEY_A                                                                                      \
	"\x04"                                                                                     \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_B "cccccccccccccccccccccccccccccccc"

static const struct device_key key_a = {DEVICE_KEY_P256, {KEY_A, sizeof KEY_A - 1}};
static const struct device_key key_b = {DEVICE_KEY_ED25519, {KEY_B, sizeof KEY_B - 1}};

static struct session_issued on_device(struct world *w, const struct person *who,
				       const char *device)
{
	return sign_in(
		w, (struct client){.user = who->id, .carrier = CARRIER_HANDLE, .device = device});
}

static struct id device_of(const struct session_issued *issued)
{
	return issued->session.found.session.device_id;
}

static struct devices_list list_of(struct world *w, struct id user, const struct page_cursor *from)
{
	struct devices_list list;

	assert_ok(devices_list(&w->context, &user, from, &list));
	return list;
}

static struct device_row row_of(struct world *w, struct id user, struct id id)
{
	struct device_row row = {.kind = DEVICE_NONE};
	bool found = false;

	assert_ok(device_store_find_by_id(w->db, w->context.arena, &user, &id, &row, &found));
	assert_true(found);
	return row;
}

static enum devices_verdict set_key(struct world *w, const struct session_issued *of, struct id id,
				    const struct device_key *key)
{
	enum devices_verdict verdict = DEVICES_GONE;

	assert_ok(devices_set_key(&w->context, &of->session, &id, key, &verdict));
	return verdict;
}

static enum devices_verdict remove_one(struct world *w, const struct session_issued *of,
				       struct id id)
{
	enum devices_verdict verdict = DEVICES_GONE;

	assert_ok(devices_remove(&w->context, &of->session, &id, &verdict));
	return verdict;
}

/* Newest first, a page at a time, nobody else's. */
static void the_list_has_pages(void **state)
{
	static const char *const NAMES[] = {"one", "two", "three", "four", "five"};
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person bob = add_person(w, "bob", NULL);
	struct page_cursor from = {.limit = 2};
	struct id made[5];
	struct devices_list list = {.more = true};
	size_t n = 5;

	for (size_t i = 0; i < 5; i++) {
		struct session_issued issued = on_device(w, &alice, NAMES[i]);

		made[i] = device_of(&issued);
		w->context.now += CLOCK_SECOND;
	}
	on_device(w, &bob, "one");
	for (; list.more; from = list.next) {
		list = list_of(w, alice.id, &from);
		for (size_t i = 0; i < list.n; i++)
			assert_true(id_equal(list.rows[i].id, made[--n]));
	}
	assert_int_equal(n, 0);
	assert_int_equal(list_of(w, bob.id, &(struct page_cursor){.limit = 100}).n, 1);
	from.limit = 0;
	assert_int_equal(devices_list(&w->context, &alice.id, &from, &list), ERR_INPUT);
	from.limit = DEVICES_LIST_MAX + 1;
	assert_int_equal(devices_list(&w->context, &alice.id, &from, &list), ERR_INPUT);
}

/* MF-19: told once; another key replaces it. */
static void a_device_sets_its_own_key(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct session_issued phone = on_device(w, &alice, "phone");
	struct id id = device_of(&phone);
	struct device_row row;

	assert_int_equal(set_key(w, &phone, id, &key_a), DEVICES_DONE);
	row = row_of(w, alice.id, id);
	assert_int_equal(row.key_kind, DEVICE_KEY_P256);
	assert_true(str_equal(row.public_key, key_a.public_key));
	assert_int_equal(row.key_set_at, w->context.now);
	assert_int_equal(mails("factor-added"), 1);
	assert_string_equal(letter(w, "factor-added").recipient, "alice@example.org");
	w->context.now += CLOCK_SECOND;
	assert_int_equal(set_key(w, &phone, id, &key_a), DEVICES_DONE);
	assert_int_equal(row_of(w, alice.id, id).key_set_at, row.key_set_at);
	assert_int_equal(events("device_key_set"), 1);
	assert_int_equal(set_key(w, &phone, id, &key_b), DEVICES_DONE);
	row = row_of(w, alice.id, id);
	assert_int_equal(row.key_kind, DEVICE_KEY_ED25519);
	assert_true(str_equal(row.public_key, key_b.public_key));
	assert_int_equal(mails("factor-added"), 2);
	assert_int_equal(events("device_key_set"), 2);
}

static void only_its_own(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person bob = add_person(w, "bob", NULL);
	struct session_issued phone = on_device(w, &alice, "phone");
	struct session_issued tablet = on_device(w, &alice, "tablet");
	struct session_issued other = on_device(w, &bob, "phone");

	assert_int_equal(set_key(w, &phone, device_of(&tablet), &key_a), DEVICES_ELSEWHERE);
	assert_int_equal(set_key(w, &alice.session, device_of(&phone), &key_a), DEVICES_ELSEWHERE);
	assert_int_equal(set_key(w, &phone, device_of(&other), &key_a), DEVICES_GONE);
	assert_int_equal(set_key(w, &phone, id_random(), &key_a), DEVICES_GONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE key_kind <> 0"), 0);
	assert_int_equal(mails("factor-added"), 0);
	assert_ok(session_end(&w->context, &phone.session));
	assert_int_equal(set_key(w, &phone, device_of(&phone), &key_a), DEVICES_GONE);
}

/* Its sessions end with it; the others, and the same app of another account, go on. */
static void a_device_is_taken_away(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct person bob = add_person(w, "bob", NULL);
	struct session_issued phone = on_device(w, &alice, "phone");
	struct session_issued other = on_device(w, &bob, "phone");

	assert_int_equal(set_key(w, &phone, device_of(&phone), &key_a), DEVICES_DONE);
	assert_int_equal(remove_one(w, &alice.session, device_of(&other)), DEVICES_GONE);
	assert_int_equal(remove_one(w, &alice.session, device_of(&phone)), DEVICES_DONE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(phone)), SESSION_UNKNOWN);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(alice.session)), SESSION_LIVE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(other)), SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device"), 1);
	assert_int_equal(events("device_removed"), 1);
	assert_int_equal(mails("factor-removed"), 1);
	assert_int_equal(remove_one(w, &alice.session, device_of(&phone)), DEVICES_GONE);
	/* It comes back as one that is neither trusted nor has a key. */
	phone = on_device(w, &alice, "phone");
	assert_int_equal(row_of(w, alice.id, device_of(&phone)).key_kind, DEVICE_KEY_NONE);
}

static void the_own_one_too(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct session_issued phone = on_device(w, &alice, "phone");

	assert_int_equal(remove_one(w, &phone, device_of(&phone)), DEVICES_DONE);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(phone)), SESSION_UNKNOWN);
	assert_int_equal(mails("factor-removed"), 0);
	assert_int_equal(remove_one(w, &phone, device_of(&phone)), DEVICES_GONE);
}

#define TEST(name) cmocka_unit_test_setup(name, address_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_list_has_pages),     TEST(a_device_sets_its_own_key), TEST(only_its_own),
		TEST(a_device_is_taken_away), TEST(the_own_one_too),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
