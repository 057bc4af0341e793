/* Steps of a random walk: a session is handed over. */
#include "walk.h"

#include "handover.h"
#include "sha256.h"

static struct str verifier_of(struct walk *walk, int code)
{
	char text[64];
	struct str copy = STR_NONE;

	(void)snprintf(text, sizeof text, "the-verifier-of-the-device-that-takes-%08d", code);
	assert_ok(str_copy(walk->w->context.arena, str_of(text), &copy));
	return copy;
}

void walk_give(struct walk *walk)
{
	struct walk_arrival arrival;
	struct model_session *s = walk_arrive_live(walk, &arrival);
	int code = walk->m.code_count;
	int receiver = walk_chance(walk, 50) ? HANDOVER_BROWSER : HANDOVER_NATIVE;
	struct digest challenge = sha256(verifier_of(walk, code));
	struct handover_given given;

	if (s == NULL)
		return;
	bool fresh = walk->m.now - s->auth_time <= 15 * CLOCK_MINUTE;
	assert_int_equal(policy_is_fresh(&arrival.session.found.session,
					 walk->w->config.session.fresh, walk->m.now),
			 fresh);
	if (!fresh)
		return;
	walk_note(walk, " v%d gives c%d to %d", arrival.value, code, receiver);
	model_give(&walk->m, s, receiver);
	assert_ok(handover_give(&walk->w->context, &arrival.session, &challenge,
				(enum handover_receiver)receiver, &given));
	assert_int_equal(given.expires_at, walk->m.codes[code].ends);
	assert_true(given.code.len < WALK_TEXT);
	memcpy(walk->codes[code], given.code.bytes, given.code.len);
	if (walk_chance(walk, 40))
		walk_take(walk);
}

static enum handover_verdict verdict_of(enum model_take take)
{
	static const enum handover_verdict verdicts[] = {
		[TAKE_REFUSED] = HANDOVER_REFUSED,
		[TAKE_OVER] = HANDOVER_OVER,
		[TAKE_OTHER] = HANDOVER_OTHER,
		[TAKE_ACCEPTED] = HANDOVER_ACCEPTED,
	};

	return verdicts[take];
}

static struct handover_request request_of(struct walk *walk, const struct model_taking *taking,
					  const struct walk_arrival *arrival)
{
	struct handover_request request = {
		.verifier = verifier_of(walk, taking->code + (taking->knows_verifier ? 0 : 1)),
		.receiver = (enum handover_receiver)taking->receiver,
		.replaces_other = taking->replaces_other,
		.carrier = walk_carrier(taking->entry.carrier),
		.remember = taking->entry.remember,
		.client = STR("app"),
		.device_kind = taking->entry.device == NONE ? DEVICE_NONE : DEVICE_APP,
		.device_ref = walk_device(taking->entry.device),
		.presented = &arrival->credential,
		.current = &arrival->session,
	};

	assert_true(handover_is_verifier(request.verifier));
	assert_true(handover_code_hashes(walk->w->context.keys, str_of(walk->codes[taking->code]),
					 request.hashes));
	return request;
}

/* The page that asks says what the act will do; it changes nothing. */
static void look(struct walk *walk, const struct model_taking *taking,
		 const struct handover_request *request)
{
	enum handover_verdict verdict = HANDOVER_REFUSED;
	enum model_take take = model_look(&walk->m, taking);
	struct user_row user;

	if (request->current->standing == SESSION_REPLACED)
		return;
	assert_ok(handover_look(&walk->w->context, request, &verdict, &user));
	assert_int_equal(verdict, verdict_of(take));
	if (take >= TAKE_OTHER)
		assert_true(id_equal(user.id, walk->users[walk->m.codes[taking->code].user]));
}

void walk_take_with(struct walk *walk, struct model_taking taking)
{
	struct walk_arrival arrival = walk_arrive(walk, taking.entry.presented);
	struct handover_request request = request_of(walk, &taking, &arrival);
	enum handover_verdict verdict = HANDOVER_REFUSED;
	enum model_way way = WAY_GONE;
	struct session_issued issued;
	int value = NONE;

	walk_note(walk, " take c%d as %d, %s verifier%s, device %d, with v%d", taking.code,
		  taking.receiver, taking.knows_verifier ? "right" : "wrong",
		  taking.replaces_other ? ", replaces" : "", taking.entry.device,
		  taking.entry.presented);
	look(walk, &taking, &request);
	enum model_take take = model_take(&walk->m, &taking, &way, &value);
	walk_note(walk, " (%d, %d)", (int)take, (int)way);
	walk->takes[take]++;
	assert_ok(handover_take(&walk->w->context, &request, &verdict, &issued));
	assert_int_equal(verdict, verdict_of(take));
	if (take == TAKE_ACCEPTED)
		walk_issued(walk, &issued, value, way == WAY_REPEATED);
	walk_check_dead(walk, taking.entry.presented);
}

void walk_take(struct walk *walk)
{
	const struct model *m = &walk->m;
	struct model_taking taking = {
		.knows_verifier = walk_chance(walk, 92),
		.replaces_other = walk_chance(walk, 40),
		.entry = walk_entry(walk),
	};

	if (m->code_count == 0)
		return;
	taking.code = m->code_count - 1;
	if (taking.code > 2 && walk_chance(walk, 30))
		taking.code -= walk_below(walk, 3);
	if (walk_chance(walk, 15))
		walk_wait(walk, m->codes[taking.code].ends);
	taking.receiver = m->codes[taking.code].receiver;
	if (walk_chance(walk, 8))
		taking.receiver = HANDOVER_BROWSER + HANDOVER_NATIVE - taking.receiver;
	taking.entry.presented = walk_pick_presented(walk);
	/* Who takes in the same way sends the same request, whenever it is. */
	taking.entry.request = (UINT64_C(1) << 40) + (uint64_t)taking.code * 128 +
			       (uint64_t)taking.entry.carrier * 32 +
			       (taking.entry.remember ? 16 : 0) + (taking.knows_verifier ? 8 : 0) +
			       (uint64_t)(taking.entry.device + 1);
	walk_take_with(walk, taking);
	walk_remember(walk, (struct walk_request){.act = WALK_TAKE, .taking = taking});
}
