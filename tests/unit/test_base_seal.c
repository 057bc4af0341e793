/* ST-06: secrets at rest, bound to their row and to a numbered root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_scratch.h"
#include "seal.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"
#define KEY_C "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"
#define PLAIN "thirty-two octets of some secret"

struct sealed {
	unsigned char box[sizeof PLAIN - 1 + SEAL_OVERHEAD];
	uint32_t root;
};

static struct keyring *keys_of(struct scratch *scratch, const char *content)
{
	struct keyring *keys = NULL;
	struct fault fault = {""};

	assert_int_equal(keyring_load(scratch_file(scratch, "keys", content, 0600), &keys, &fault),
			 OK);
	return keys;
}

static struct sealed sealed_with(const struct keyring *keys, struct str place)
{
	struct sealed sealed;

	seal_close(keys, place, keyring_part(PLAIN, sizeof PLAIN - 1), sealed.box, &sealed.root);
	return sealed;
}

static enum err opened(const struct keyring *keys, struct str place, struct sealed sealed)
{
	unsigned char plain[sizeof PLAIN - 1] = {0};
	struct secret box = {.bytes = sealed.box, .len = sizeof sealed.box};
	enum err e = seal_open(keys, sealed.root, place, box, plain);

	if (e == OK)
		assert_memory_equal(plain, PLAIN, sizeof plain);
	return e;
}

static void a_box_opens_in_its_place_only(void **state)
{
	struct keyring *keys = keys_of(*state, "7 " KEY_A "\n");
	struct sealed sealed = sealed_with(keys, STR("totp alice"));
	struct sealed again = sealed_with(keys, STR("totp alice"));

	assert_int_equal(sealed.root, 7);
	assert_memory_not_equal(sealed.box, again.box, sizeof sealed.box);
	assert_int_equal(opened(keys, STR("totp alice"), sealed), OK);
	assert_int_equal(opened(keys, STR("totp bob"), sealed), ERR_INPUT);
	assert_int_equal(opened(keys, STR(""), sealed), ERR_INPUT);
	keyring_free(&keys);
}

static void a_changed_or_short_box_does_not_open(void **state)
{
	struct keyring *keys = keys_of(*state, "7 " KEY_A "\n");
	struct sealed sealed = sealed_with(keys, STR("x"));
	unsigned char plain[sizeof PLAIN];

	for (size_t i = 0; i < sizeof sealed.box; i++) {
		struct sealed changed = sealed;

		changed.box[i] ^= 0x40;
		assert_int_equal(opened(keys, STR("x"), changed), ERR_INPUT);
		assert_int_equal(seal_open(keys, 7, STR("x"),
					   (struct secret){.bytes = sealed.box, .len = i}, plain),
				 ERR_INPUT);
	}
	keyring_free(&keys);
}

/* What was sealed under any root of the file opens, the newest seals. */
static void roots_are_told_apart_by_number(void **state)
{
	struct keyring *first = keys_of(*state, "1 " KEY_A "\n");
	struct sealed sealed = sealed_with(first, STR("x"));
	struct keyring *all = keys_of(*state, "1 " KEY_A "\n2 " KEY_B "\n3 " KEY_C " 1795000000\n");
	struct keyring *without = keys_of(*state, "3 " KEY_C "\n2 " KEY_B "\n");
	struct keyring *wrong = keys_of(*state, "1 " KEY_C "\n");
	size_t n = 0;

	assert_int_equal(opened(all, STR("x"), sealed), OK);
	assert_int_equal(sealed_with(all, STR("x")).root, 3);
	assert_int_equal(opened(without, STR("x"), sealed), ERR_CONFIG);
	assert_int_equal(opened(wrong, STR("x"), sealed), ERR_INPUT);
	assert_int_equal(keyring_root_at(all, 0, &n).made_at, INT64_C(1795000000000000));
	assert_int_equal(keyring_root_at(all, 2, &n).number, 1);
	assert_int_equal(keyring_root_at(all, 2, &n).made_at, 0);
	assert_int_equal(n, 3);
	keyring_free(&first);
	keyring_free(&all);
	keyring_free(&without);
	keyring_free(&wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_opens_in_its_place_only),
		cmocka_unit_test(a_changed_or_short_box_does_not_open),
		cmocka_unit_test(roots_are_told_apart_by_number),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
