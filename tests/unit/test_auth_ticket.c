/* Tickets: for one service, one session, five minutes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "auth_keys.h"
#include "ticket.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

struct world {
	struct keyring *first, *both, *second;
	struct auth_context context;
	struct id session;
};

static int set_up(void **state)
{
	static struct world world;

	world.first = auth_keys(AUTH_KEY_1);
	world.both = auth_keys(AUTH_KEY_1 AUTH_KEY_2);
	world.second = auth_keys(AUTH_KEY_2);
	world.context = (struct auth_context){.keys = world.first, .now = NOW};
	world.session = id_random();
	*state = &world;
	return world.first == NULL || world.both == NULL || world.second == NULL ||
	       arena_open(4096, 65536, &world.context.arena) != OK;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	arena_close(&world->context.arena);
	keyring_free(&world->first);
	keyring_free(&world->both);
	keyring_free(&world->second);
	return 0;
}

static struct str made(struct world *w, const char *service)
{
	struct str text = STR_NONE;

	w->context.keys = w->first;
	w->context.now = NOW;
	assert_int_equal(ticket_make(&w->context, &w->session, str_of(service), &text), OK);
	return text;
}

static struct ticket read_as(struct world *w, struct str text, const char *service)
{
	struct ticket ticket;

	ticket_read(&w->context, text, str_of(service), &ticket);
	if (!ticket.valid) {
		assert_true(id_is_none(ticket.session_id));
		assert_int_equal(ticket.expires_at, 0);
	}
	return ticket;
}

static void names_its_session_to_its_service(void **state)
{
	struct world *w = *state;
	struct str text = made(w, "shop");
	struct ticket ticket = read_as(w, text, "shop");

	assert_true(ticket_is(text));
	assert_true(ticket.valid);
	assert_true(id_equal(ticket.session_id, w->session));
	assert_int_equal(ticket.expires_at, NOW + TICKET_LIFE);
	assert_false(read_as(w, text, "shop2").valid);
	assert_false(read_as(w, text, "sho").valid);
	assert_false(read_as(w, text, "").valid);
	assert_false(ticket_is(STR("gps_x")));
	assert_false(ticket_is(STR_NONE));
}

static void is_over_after_five_minutes(void **state)
{
	struct world *w = *state;
	struct str text = made(w, "shop");

	w->context.now = NOW + TICKET_LIFE - 1;
	assert_true(read_as(w, text, "shop").valid);
	w->context.now = NOW + TICKET_LIFE;
	assert_false(read_as(w, text, "shop").valid);
	/* Another machine's clock may be a minute behind, and no more. */
	w->context.now = NOW - CLOCK_MINUTE;
	assert_true(read_as(w, text, "shop").valid);
	w->context.now = NOW - CLOCK_MINUTE - 1;
	assert_false(read_as(w, text, "shop").valid);
}

static void outlives_a_new_root(void **state)
{
	struct world *w = *state;
	struct str text = made(w, "shop");

	w->context.keys = w->both;
	assert_true(read_as(w, text, "shop").valid);
	w->context.keys = w->second;
	assert_false(read_as(w, text, "shop").valid);
}

/* Whatever octet is another, and however long it is. */
static void no_other_text_is_one(void **state)
{
	struct world *w = *state;
	struct str text = made(w, "shop");
	char other[256];

	assert_true(text.n < sizeof other);
	for (size_t i = 0; i < text.n; i++) {
		memcpy(other, text.p, text.n);
		other[i] = other[i] == 'A' ? 'B' : 'A';
		assert_false(read_as(w, (struct str){other, text.n}, "shop").valid);
		assert_false(read_as(w, str_sub(text, 0, i), "shop").valid);
	}
	memcpy(other, text.p, text.n);
	memset(other + text.n, 'A', sizeof other - text.n);
	for (size_t n = text.n + 1; n < sizeof other; n++)
		assert_false(read_as(w, (struct str){other, n}, "shop").valid);
	assert_false(read_as(w, STR_NONE, "shop").valid);
}

static void is_made_for_sessions_and_services_only(void **state)
{
	struct world *w = *state;
	const struct id nobody = ID_NONE;
	char name[FLOW_NAME_MAX + 2];
	struct str text = STR_NONE;

	memset(name, 'a', sizeof name);
	assert_int_equal(ticket_make(&w->context, &nobody, STR("shop"), &text), ERR_INPUT);
	assert_int_equal(ticket_make(&w->context, &w->session, STR("Shop"), &text), ERR_INPUT);
	assert_int_equal(ticket_make(&w->context, &w->session, STR(""), &text), ERR_INPUT);
	assert_int_equal(
		ticket_make(&w->context, &w->session, (struct str){name, FLOW_NAME_MAX + 1}, &text),
		ERR_INPUT);
	assert_false(str_is_present(text));
	name[FLOW_NAME_MAX] = '\0';
	text = made(w, name);
	assert_true(read_as(w, text, name).valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_its_session_to_its_service),
		cmocka_unit_test(is_over_after_five_minutes),
		cmocka_unit_test(outlives_a_new_root),
		cmocka_unit_test(no_other_text_is_one),
		cmocka_unit_test(is_made_for_sessions_and_services_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
