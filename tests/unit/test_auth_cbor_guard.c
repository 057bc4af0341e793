/* WA-13: CBOR of strangers is bounded before anything else reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "arena.h"
#include "attestation.h"
#include "cbor_guard.h"
#include "ceremonies.h"

#define ARENA ((size_t)1 << 20)
#define MEMORY_MOST 1024 /* KiB */

/* Octets with their number, NUL included. */
#define OCTETS(text)                                                                               \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

/* KiB; mallinfo knows nothing of a sanitizer's memory. */
static long peak(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void what_is_sound_is_reached_to_its_end(void **state)
{
	static const struct str sound[] = {
		OCTETS("\x00"),
		OCTETS("\x38\x63"),
		OCTETS("\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"),
		OCTETS("\x40"),
		OCTETS("\x43\x01\x02\x03"),
		OCTETS("\x63\x61\x62\x63"),
		OCTETS("\x80"),
		OCTETS("\x83\x01\x02\x03"),
		OCTETS("\xa0"),
		OCTETS("\xa2\x01\x02\x20\x03"),
		OCTETS("\xa1\x61\x61\xf5"),
		OCTETS("\xf4"),
		OCTETS("\xf6"),
		OCTETS("\x81\x81\x81\x81\x81\x80"), /* six deep */
	};

	(void)state;
	for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
		size_t n = 0;

		assert_true(cbor_guard_reach(sound[i], &n));
		assert_int_equal(n, sound[i].n);
		assert_true(cbor_guard_is_whole(sound[i]));
	}
}

/* Not even one of these may be given on; most are bombs for who allocates what is declared. */
static const struct str refused[] = {
	OCTETS(""),
	OCTETS("\x18"),                                 /* cut short */
	OCTETS("\x9b\x00\x00\x7f\xff\xff\xff\xff\xff"), /* an array of 2^47 */
	OCTETS("\xbb\x00\x00\x7f\xff\xff\xff\xff\xff"), /* a map */
	OCTETS("\x5b\x00\x00\x7f\xff\xff\xff\xff\xff"), /* octets */
	OCTETS("\x7b\x00\x00\x7f\xff\xff\xff\xff\xff"), /* text */
	OCTETS("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
	OCTETS("\x9a\x10\x00\x00\x00\x00"),
	OCTETS("\x81\x9a\x10\x00\x00\x00"),
	OCTETS("\xa1\x01\x9a\x10\x00\x00\x00"),
	OCTETS("\x99\xff\xff\x00"),
	OCTETS("\x42\x00"), /* less than declared */
	OCTETS("\x82\x00"),
	OCTETS("\x9f\x00\xff"), /* indefinite lengths */
	OCTETS("\xbf\x01\x02\xff"),
	OCTETS("\x5f\x41\x00\xff"),
	OCTETS("\x7f\x61\x61\xff"),
	OCTETS("\xff"),         /* a break alone */
	OCTETS("\xc0\x61\x61"), /* a tag */
	OCTETS("\xd9\xd9\xf7\x00"),
	OCTETS("\xf9\x00\x00"), /* floats */
	OCTETS("\xfb\x00\x00\x00\x00\x00\x00\x00\x00"),
	OCTETS("\xf7"),                                 /* undefined */
	OCTETS("\xf8\x20"),                             /* an unassigned simple value */
	OCTETS("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), /* more than 63 bits */
	OCTETS("\x61\xff"),                             /* no UTF-8 */
	OCTETS("\xa2\x01\x02\x01\x03"),                 /* a key twice */
	OCTETS("\xa2\x61\x61\x02\x61\x61\x03"),
	OCTETS("\xa1\x80\x02"),                 /* a key that is an array */
	OCTETS("\x81\x81\x81\x81\x81\x81\x80"), /* seven deep */
};

static void what_is_not_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		size_t n = 77;

		if (cbor_guard_reach(refused[i], &n))
			fail_msg("number %zu was let through", i);
		assert_int_equal(n, 77);
		assert_false(cbor_guard_is_whole(refused[i]));
	}
}

static void nothing_may_stand_behind(void **state)
{
	static const struct str trailing = OCTETS("\xa0\x00");
	struct cbor_guard_map map;
	size_t n = 0;

	(void)state;
	assert_true(cbor_guard_reach(trailing, &n));
	assert_int_equal(n, 1);
	assert_false(cbor_guard_is_whole(trailing));
	assert_false(cbor_guard_read_map(trailing, &map));
}

static void maps_are_read_by_name_and_number(void **state)
{
	static const struct str text = OCTETS("\xa3\x61\x61\x43\x01\x02\x03\x20\x07\x03\x38\xff");
	struct cbor_guard_map map;

	(void)state;
	assert_true(cbor_guard_read_map(text, &map));
	assert_int_equal(map.n, 3);
	assert_int_equal(cbor_guard_named(&map, STR("a"))->kind, CBOR_GUARD_BYTES);
	assert_int_equal(cbor_guard_named(&map, STR("a"))->text.n, 3);
	assert_int_equal(cbor_guard_numbered(&map, -1)->number, 7);
	assert_int_equal(cbor_guard_numbered(&map, 3)->number, -256);
	assert_null(cbor_guard_named(&map, STR("b")));
	assert_null(cbor_guard_numbered(&map, 1));
}

/* Maps have a most: one pair more is refused. */
static void a_map_has_so_many_pairs(void **state)
{
	char text[1 + 2 * (CBOR_GUARD_PAIRS + 1)];
	size_t n = 0;

	(void)state;
	for (unsigned pairs = CBOR_GUARD_PAIRS - 1; pairs <= CBOR_GUARD_PAIRS + 1; pairs++) {
		size_t at = 0;
		char head[2] = {(char)0xb8, (char)pairs};
		char whole[sizeof head + sizeof text];

		memcpy(whole, head, sizeof head);
		at = sizeof head;
		for (unsigned i = 0; i < pairs; i++) {
			whole[at++] = (char)i;
			whole[at++] = 0;
		}
		assert_int_equal(cbor_guard_reach((struct str){whole, at}, &n),
				 pairs <= CBOR_GUARD_PAIRS);
	}
}

/* What the recordings have passes, and with each of the above in it nothing does. */
static void bombs_in_authenticator_data_cost_no_memory(void **state)
{
	static struct ceremony list[CEREMONIES_MAX];
	struct arena *arena = NULL;
	struct attestation split;
	struct auth_data data;
	long before = 0;
	size_t n = 0;

	(void)state;
	assert_int_equal(arena_open(65536, ARENA, &arena), OK);
	n = ceremonies_load(arena, TEST_SOURCE_DIR "/tests/unit/ceremonies.txt", list);
	assert_true(n >= 8);
	before = peak();
	for (size_t i = 0; i < n; i++) {
		struct str whole = list[i].registration.attestation_object;
		struct str get = list[i].assertion.authenticator_data;

		assert_true(cbor_guard_is_whole(whole));
		assert_true(attestation_split(whole, &split));
		assert_true(auth_data_read(split.auth_data, &data) && data.has_credential);
		for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
			char bomb[2048];

			/* ED set, and the bomb where extensions are (WebAuthn L3 §6.1). */
			assert_true(get.n + refused[k].n <= sizeof bomb);
			memcpy(bomb, get.p, get.n);
			memcpy(bomb + get.n, refused[k].p, refused[k].n);
			bomb[32] = (char)((unsigned char)bomb[32] | 0x80U);
			assert_false(
				auth_data_read((struct str){bomb, get.n + refused[k].n}, &data));
			assert_false(attestation_split(refused[k], &split));
		}
	}
	assert_true(peak() < before + MEMORY_MOST);
	arena_close(&arena);
}

/* ED and AT must tell the truth about what follows. */
static void flags_announce_what_is_there(void **state)
{
	static struct ceremony list[CEREMONIES_MAX];
	struct arena *arena = NULL;
	struct attestation split;
	struct auth_data data;
	char bytes[2048];

	(void)state;
	assert_int_equal(arena_open(65536, ARENA, &arena), OK);
	assert_true(ceremonies_load(arena, TEST_SOURCE_DIR "/tests/unit/ceremonies.txt", list) > 0);
	assert_true(attestation_split(list[0].registration.attestation_object, &split));
	assert_true(split.auth_data.n < sizeof bytes);
	memcpy(bytes, split.auth_data.p, split.auth_data.n);
	for (size_t n = 0; n < split.auth_data.n; n++)
		assert_false(auth_data_read((struct str){bytes, n}, &data));
	bytes[split.auth_data.n] = 0;
	assert_false(auth_data_read((struct str){bytes, split.auth_data.n + 1}, &data));
	bytes[32] = (char)((unsigned char)bytes[32] & ~0x40U); /* AT */
	assert_false(auth_data_read((struct str){bytes, split.auth_data.n}, &data));
	assert_true(auth_data_read((struct str){bytes, 37}, &data));
	assert_false(data.has_credential);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sound_is_reached_to_its_end),
		cmocka_unit_test(what_is_not_is_refused),
		cmocka_unit_test(nothing_may_stand_behind),
		cmocka_unit_test(maps_are_read_by_name_and_number),
		cmocka_unit_test(a_map_has_so_many_pairs),
		cmocka_unit_test(bombs_in_authenticator_data_cost_no_memory),
		cmocka_unit_test(flags_announce_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
