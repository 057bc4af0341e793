/* Steps of a random walk: tenants are chosen, joined and left. */
#include "walk.h"

#include "member.h"

static void choose(struct walk *walk, int tenant)
{
	struct walk_arrival arrival;
	struct model_session *s = walk_arrive_live(walk, &arrival);
	enum member_choice choice = MEMBER_CHOICE_NONE;
	struct session after;

	if (s == NULL)
		return;
	walk_note(walk, " v%d goes to t%d", arrival.value, tenant);
	bool may = model_choose(&walk->m, s, tenant);
	assert_ok(member_choose(&walk->w->context, &arrival.credential, &walk->tenants[tenant],
				&choice, &after));
	assert_int_equal(choice, may ? MEMBER_CHOICE_MADE : MEMBER_CHOICE_NONE);
	if (may)
		walk_check_session(walk, &after, s);
}

/* What the members of a tenant are is an administrator's. */
static void move(struct walk *walk, int tenant)
{
	int user = walk_below(walk, MODEL_USERS);
	bool leaves = walk_chance(walk, 40);
	struct member_act act = {
		.key = {.user_id = walk->users[user], .tenant_id = walk->tenants[tenant]},
	};
	struct member_effect effect;

	walk_note(walk, " u%d %s t%d", user, leaves ? "leaves" : "joins", tenant);
	if (leaves) {
		bool was = model_leave(&walk->m, user, tenant);
		assert_ok(member_remove(&walk->w->context, &act, &effect));
		assert_int_equal(effect.outcome, was ? MEMBER_DONE : MEMBER_NOT_A_MEMBER);
	} else {
		bool new = model_join(&walk->m, user, tenant);
		assert_ok(member_add(&walk->w->context, &act, &effect));
		assert_int_equal(effect.outcome, new ? MEMBER_DONE : MEMBER_ALREADY);
	}
}

void walk_tenant(struct walk *walk)
{
	int tenant = walk_below(walk, MODEL_TENANTS);

	if (walk_chance(walk, 70))
		choose(walk, tenant);
	else
		move(walk, tenant);
}
