/* Passwords: normal form, rules, Argon2id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "password.h"
#include "slots.h"

struct world {
	struct config config;
	struct arena *arena;
	struct hasher *hasher;
};

static int set_up(void **state)
{
	static struct world world;

	world.config.password.memory = 19456;
	world.config.password.passes = 2;
	world.config.password.min_length = 15;
	*state = &world;
	return hasher_open(&world.config, NULL, &world.hasher) != OK ||
	       arena_open(4096, 1 << 20, &world.arena) != OK;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	arena_close(&world->arena);
	hasher_close(&world->hasher);
	assert_null(world->hasher);
	return 0;
}

static void put(char *text, struct str piece)
{
	memcpy(text, piece.p, piece.n);
}

static int64_t soon(void)
{
	return clock_monotonic() + 30 * CLOCK_SECOND;
}

static struct secret normal_of(struct world *world, struct str typed)
{
	struct secret normal = SECRET_NONE;
	enum password_flaw flaw = PASSWORD_NOT_TEXT;

	assert_int_equal(password_normalise(world->arena, typed, &normal, &flaw), OK);
	assert_int_equal(flaw, PASSWORD_FINE);
	return normal;
}

static enum password_flaw flaw_of(struct world *world, struct str typed)
{
	struct secret normal = SECRET_NONE;
	enum password_flaw flaw = PASSWORD_FINE;

	assert_int_equal(password_normalise(world->arena, typed, &normal, &flaw), OK);
	if (flaw != PASSWORD_FINE)
		assert_false(secret_is_present(normal));
	return flaw;
}

static bool is_unchanged(struct world *world, struct str typed)
{
	struct secret normal = normal_of(world, typed);

	return normal.len == typed.n && memcmp(normal.bytes, typed.p, typed.n) == 0;
}

static struct secret hash_of(struct world *world, struct secret normal)
{
	struct secret phc = SECRET_NONE;

	assert_int_equal(password_hash(world->hasher, world->arena, normal, soon(), &phc), OK);
	return phc;
}

static enum password_verdict verdict_of(struct world *world, struct secret phc,
					struct secret normal)
{
	enum password_verdict verdict = PASSWORD_WRONG;

	assert_int_equal(password_verify(world->hasher, phc, normal, soon(), &verdict), OK);
	return verdict;
}

/* PW-06: composed and decomposed are one password … */
static void nfc_equals_nfd(void **state)
{
	struct world *world = *state;
	struct secret nfc = normal_of(world, STR("Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 \xc3\xa9"));
	struct secret nfd = normal_of(world, STR("Zaz\xcc\x87"
						 "o\xcc\x81\xc5\x82"
						 "c\xcc\x81 e\xcc\x81"));

	assert_true(secret_equal(nfc, nfd));
	assert_int_equal(verdict_of(world, hash_of(world, nfc), nfd), PASSWORD_RIGHT);
}

/* PW-06: … and nothing else is changed: no trim, no case fold, no compatibility form. */
static void nothing_else_changes(void **state)
{
	struct world *world = *state;

	assert_true(is_unchanged(world, STR("  Two Spaces \t")));
	assert_true(is_unchanged(world, STR("\xef\xac\x81 \xef\xbc\xa1 \xc2\xb2"))); /* ﬁ Ａ ² */
	assert_true(is_unchanged(world, STR("\xe2\x80\x8b\xc2\xad"))); /* zero width, soft hyphen */
	assert_true(is_unchanged(world, STR("\xf0\x9f\x90\xb4\xf0\x9f\x94\x8b")));
	assert_true(is_unchanged(world, STR("a")));
	assert_int_equal(normal_of(world, STR("")).len, 0);
	assert_int_equal(normal_of(world, STR_NONE).len, 0);
}

/* PW-07, PW-04: NUL and what is no UTF-8 are refused. */
static void not_text_is_refused(void **state)
{
	struct world *world = *state;

	assert_int_equal(flaw_of(world, STR("abc\0x")), PASSWORD_NOT_TEXT);
	assert_int_equal(flaw_of(world, STR("\0")), PASSWORD_NOT_TEXT);
	assert_int_equal(flaw_of(world, STR("caf\xe9")), PASSWORD_NOT_TEXT);
	assert_int_equal(flaw_of(world, STR("\xc0\x80")), PASSWORD_NOT_TEXT);
	assert_int_equal(flaw_of(world, STR("\xed\xa0\x80")), PASSWORD_NOT_TEXT);
}

/* PW-02: 1024 bytes are taken whole, 1025 are refused and not cut. */
static void length_is_bounded(void **state)
{
	struct world *world = *state;
	char text[PASSWORD_BYTES_MAX + 1];

	memset(text, 'x', sizeof text);
	assert_int_equal(normal_of(world, (struct str){text, PASSWORD_BYTES_MAX}).len,
			 PASSWORD_BYTES_MAX);
	assert_int_equal(flaw_of(world, (struct str){text, PASSWORD_BYTES_MAX + 1}),
			 PASSWORD_TOO_LONG);
}

/* PW-02: the bound holds for the normal form too, which may be longer (U+0958 becomes two). */
static void length_is_bounded_after_nfc(void **state)
{
	struct world *world = *state;
	char text[900];

	for (size_t i = 0; i < sizeof text; i += 3)
		put(text + i, STR("\xe0\xa5\x98"));
	assert_int_equal(flaw_of(world, (struct str){text, sizeof text}), PASSWORD_TOO_LONG);
}

/* PW-01, PW-04: code points count, not bytes; no rule of composition. */
static void new_ones_are_long_enough(void **state)
{
	struct world *world = *state;
	static const struct {
		struct str typed;
		enum password_flaw flaw;
	} cases[] = {
		{{"aaaaaaaaaaaaaa", 14}, PASSWORD_TOO_SHORT},
		{{"aaaaaaaaaaaaaaa", 15}, PASSWORD_FINE},
		{{"three plain words", 17}, PASSWORD_FINE},
		{{"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 16},
		 PASSWORD_TOO_SHORT},
	};
	char emoji[60];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(
			password_check_new(&world->config, normal_of(world, cases[i].typed)),
			cases[i].flaw);
	for (size_t i = 0; i < sizeof emoji; i += 4)
		put(emoji + i, STR("\xf0\x9f\x90\xb4"));
	assert_int_equal(
		password_check_new(&world->config, normal_of(world, (struct str){emoji, 60})),
		PASSWORD_FINE);
	assert_int_equal(
		password_check_new(&world->config, normal_of(world, (struct str){emoji, 56})),
		PASSWORD_TOO_SHORT);
}

/* PW-16: a PHC string with the set cost; equal passwords, different hashes. */
static void hashes_are_salted_phc(void **state)
{
	struct world *world = *state;
	struct secret normal = normal_of(world, STR("the same for both of them"));
	struct secret a = hash_of(world, normal);
	struct secret b = hash_of(world, normal);
	struct str start = STR("$argon2id$v=19$m=19456,t=2,p=1$");

	assert_true(a.len > start.n);
	assert_memory_equal(a.bytes, start.p, start.n);
	assert_false(secret_equal(a, b));
	assert_int_equal(verdict_of(world, a, normal), PASSWORD_RIGHT);
	assert_int_equal(verdict_of(world, b, normal), PASSWORD_RIGHT);
}

/* PW-02: every byte counts, the last of 200 too. */
static void last_byte_counts(void **state)
{
	struct world *world = *state;
	char a[200];
	char b[200];
	struct secret phc;

	memset(a, 'p', sizeof a);
	memset(b, 'p', sizeof b);
	b[199] = 'q';
	phc = hash_of(world, normal_of(world, (struct str){a, sizeof a}));
	assert_int_equal(verdict_of(world, phc, normal_of(world, (struct str){a, sizeof a})),
			 PASSWORD_RIGHT);
	assert_int_equal(verdict_of(world, phc, normal_of(world, (struct str){b, sizeof b})),
			 PASSWORD_WRONG);
	assert_int_equal(verdict_of(world, phc, normal_of(world, (struct str){a, 199})),
			 PASSWORD_WRONG);
}

/* TH-10: no hash to compare with is the same work, and wrong whatever was typed. */
static void missing_hash_is_wrong(void **state)
{
	struct world *world = *state;
	unsigned char garbage[300];

	memset(garbage, '$', sizeof garbage);
	assert_int_equal(verdict_of(world, SECRET_NONE, normal_of(world, STR(""))), PASSWORD_WRONG);
	assert_int_equal(verdict_of(world, SECRET_NONE, normal_of(world, STR("anything"))),
			 PASSWORD_WRONG);
	assert_int_equal(verdict_of(world, (struct secret){garbage, sizeof garbage},
				    normal_of(world, STR("anything"))),
			 PASSWORD_WRONG);
	assert_int_equal(
		verdict_of(world, (struct secret){garbage, 20}, normal_of(world, STR("anything"))),
		PASSWORD_WRONG);
}

/* PW-21: no slot until the deadline is "unavailable", and nothing is hashed. */
static void hashes_are_bounded_by_slots(void **state)
{
	struct world *world = *state;
	char dir[] = "/tmp/gatepost-slots-XXXXXX";
	char lock[sizeof dir + 16];
	struct slots *slots = NULL;
	struct hasher *bounded = NULL;
	struct fault fault;
	struct secret phc = SECRET_NONE;
	struct secret normal = normal_of(world, STR("one slot for all of us"));
	unsigned taken = 0;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(slots_open(dir, 1, &slots, &fault), OK);
	assert_int_equal(hasher_open(&world->config, slots, &bounded), OK);
	assert_int_equal(slots_take(slots, soon(), &taken), OK);
	assert_int_equal(password_hash(bounded, world->arena, normal, clock_monotonic(), &phc),
			 ERR_UNAVAILABLE);
	assert_false(secret_is_present(phc));
	slots_give(slots, taken);
	assert_int_equal(password_hash(bounded, world->arena, normal, soon(), &phc), OK);
	assert_int_equal(slots_take(slots, clock_monotonic(), &taken), OK);
	slots_give(slots, taken);
	hasher_close(&bounded);
	slots_close(&slots);
	snprintf(lock, sizeof lock, "%s/hash-0.lock", dir);
	unlink(lock);
	rmdir(dir);
}

#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
/* A salt of 16 octets, a hash of 32. */
#define TAIL "QkxoRDFWZ3hWUk52eGIvTw$3GVCIrRED+ltJ+mu/4DR59JhLSVMCmCCiHL/Uhnk5Ms"

/* PW-18: a hash that costs less than today's, or is of another form, is told from one that costs
 * as much or more. */
static void outdated_hashes_are_told(void **state)
{
	static const struct {
		struct str phc;
		bool outdated;
	} cases[] = {
		{TEXT("$argon2id$v=19$m=19456,t=2,p=1$" TAIL), false},
		{TEXT("$argon2id$v=19$m=19456,t=3,p=1$" TAIL), false},
		{TEXT("$argon2id$v=19$m=65536,t=2,p=1$" TAIL), false},
		{TEXT("$argon2id$v=19$m=4194304,t=64,p=1$" TAIL), false},
		{TEXT("$argon2id$v=19$m=9216,t=4,p=1$" TAIL), true},
		{TEXT("$argon2id$v=19$m=19455,t=2,p=1$" TAIL), true},
		{TEXT("$argon2id$v=19$m=65536,t=4,p=2$" TAIL), true},
		{TEXT("$argon2i$v=19$m=65536,t=4,p=1$" TAIL), true},
		{TEXT("$argon2id$v=19$m=x,t=2,p=1$" TAIL), false},
		{TEXT("$argon2id$v=19$m=4194305,t=2,p=1$" TAIL), false},
		{TEXT("$2y$10$copcAr3axLBbJMqslCOWxu1f1m.uXyEHM3XEkR59NkGItYIGII3U."), true},
		{TEXT("$2y$14$copcAr3axLBbJMqslCOWxu1f1m.uXyEHM3XEkR59NkGItYIGII3U."), false},
		{TEXT("{SHA}yqD2UGIrgAlvTafixTcpxkIECbg="), true},
		{TEXT("$2y$12$abcdefghijklmnopqrstuv"), false},
		{TEXT(""), false},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct secret phc = SECRET_NONE;

		assert_int_equal(secret_from_str(world->arena, cases[i].phc, &phc), OK);
		assert_int_equal(password_is_outdated(world->hasher, phc), cases[i].outdated);
	}
	assert_false(password_is_outdated(world->hasher, SECRET_NONE));
	assert_false(password_is_outdated(world->hasher,
					  hash_of(world, normal_of(world, STR("made today")))));
}

static void a_hash_is_measured(void **state)
{
	int64_t took = 0;

	(void)state;
	assert_int_equal(password_measure(19456, 2, &took), OK);
	assert_true(took > 0);
}

static void every_flaw_has_a_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PASSWORD_FLAW_COUNT; i++)
		assert_non_null(password_flaw_text((enum password_flaw)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nfc_equals_nfd),
		cmocka_unit_test(nothing_else_changes),
		cmocka_unit_test(not_text_is_refused),
		cmocka_unit_test(length_is_bounded),
		cmocka_unit_test(length_is_bounded_after_nfc),
		cmocka_unit_test(new_ones_are_long_enough),
		cmocka_unit_test(hashes_are_salted_phc),
		cmocka_unit_test(last_byte_counts),
		cmocka_unit_test(missing_hash_is_wrong),
		cmocka_unit_test(hashes_are_bounded_by_slots),
		cmocka_unit_test(outdated_hashes_are_told),
		cmocka_unit_test(a_hash_is_measured),
		cmocka_unit_test(every_flaw_has_a_text),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
