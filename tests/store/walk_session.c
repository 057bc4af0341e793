/* Steps of a random walk: sessions and their values. */
#include "walk.h"

#include <inttypes.h>

#include "purge.h"

static struct digest proof_of(uint64_t number)
{
	struct digest proof = {{0}};

	memcpy(proof.b, &number, sizeof number);
	return proof;
}

void walk_remember(struct walk *walk, struct walk_request request)
{
	walk->requests[walk->request_count++ % WALK_RECENT] = request;
}

void walk_issued(struct walk *walk, const struct session_issued *issued, int value, bool repeated)
{
	struct model_session *s = &walk->m.sessions[walk->m.values[value].session];
	struct str text = text_of(*issued);

	assert_int_equal(issued->repeated, repeated);
	if (repeated) {
		assert_true(str_equal(text, str_of(walk->texts[value])));
	} else {
		for (int v = 0; v < value; v++)
			assert_false(str_equal(text, str_of(walk->texts[v])));
		assert_true(text.n < WALK_TEXT);
		memcpy(walk->texts[value], text.p, text.n);
	}
	if (id_is_none(s->id))
		s->id = issued->session.found.session.id;
	if (s->carrier == MODEL_TOKEN)
		walk_keep_claim(walk, value, &issued->session.found.session);
	assert_int_equal(issued->session.standing, SESSION_LIVE);
	walk_check_session(walk, &issued->session, s);
	walk_note(walk, " -> v%d of s%d", value, walk->m.values[value].session);
}

struct secret walk_device(int device)
{
	static unsigned char refs[][8] = {"phone-0", "phone-1"};

	return device == NONE ? SECRET_NONE : (struct secret){refs[device], 7};
}

static void sign_in_with(struct walk *walk, const struct walk_arrival *arrival,
			 const struct model_entry *entry)
{
	static const char *const ways[] = {"gone", "repeated", "renewed", "promoted", "new"};
	struct session_start start = {
		.user_id = walk->users[entry->user],
		.carrier = walk_carrier(entry->carrier),
		.remember = entry->remember,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.device_kind = entry->device == NONE ? DEVICE_NONE : DEVICE_APP,
		.device_ref = walk_device(entry->device),
		.presented = &arrival->credential,
		.current = &arrival->session,
		.proof = proof_of(entry->request),
	};
	struct session_issued issued;
	int value = NONE;

	walk_note(walk, " sign in u%d by %s%s, device %d, request %" PRIu64 ", with v%d",
		  entry->user, walk_carrier_name(entry->carrier),
		  entry->remember ? " for long" : "", entry->device, entry->request,
		  entry->presented);
	if (entry->tenant != NONE)
		start.tenant_id = walk->tenants[entry->tenant];
	enum model_way way = model_sign_in(&walk->m, entry, &value);
	walk_note(walk, " (%s)", ways[way]);
	walk->ways[way]++;
	assert_ok(session_sign_in(&walk->w->context, &start, &issued));
	walk_issued(walk, &issued, value, way == WAY_REPEATED);
}

void walk_check_dead(struct walk *walk, int value)
{
	if (value != NONE)
		(void)walk_look(walk, value);
}

struct model_entry walk_entry(struct walk *walk)
{
	int carrier = walk_below(walk, MODEL_CARRIERS);

	return (struct model_entry){
		.user = walk_below(walk, MODEL_USERS),
		.carrier = (enum model_carrier)carrier,
		.remember = walk_chance(walk, 40),
		.device = walk_chance(walk, 40) ? walk_below(walk, 2) : NONE,
		.presented = NONE,
		.tenant = NONE,
		.request = ++walk->numbers,
	};
}

int walk_pick_presented(struct walk *walk)
{
	int what = walk_below(walk, 10);

	if (what < 2)
		return NONE;
	if (what < 6)
		return walk_pick_live(walk, true);
	return what < 9 ? walk_pick_live(walk, false) : walk_pick_any(walk);
}

/* What a guest's request that was resolved before the sign-in may do after it: nothing. */
static void act_as_the_guest(struct walk *walk, const struct walk_arrival *arrival)
{
	struct flow_reach reach = flow_reach_of(&arrival->session);
	const char *kind = walk_chance(walk, 50) ? "fund" : "tour";

	assert_verdict(start(walk->w, reach, kind), FLOW_GONE);
	assert_verdict(attempt(walk->w, reach, kind, "otp"), FLOW_GONE);
	walk->gone++;
}

/* Another request that had been resolved before this one signed in. */
static void race(struct walk *walk, const struct walk_arrival *arrival, struct model_entry entry)
{
	walk->w->context.now = ++walk->m.now;
	if (walk_chance(walk, 70)) {
		entry = walk_entry(walk);
		entry.presented = arrival->value;
		entry.tenant = walk->m.users[entry.user].tenant;
	}
	sign_in_with(walk, arrival, &entry);
}

static void sign_in_over(struct walk *walk, int presented)
{
	struct model_entry entry = walk_entry(walk);
	struct walk_arrival arrival = walk_arrive(walk, presented);
	struct walk_arrival after;
	bool was_guest = arrival.live != NULL && arrival.live->user == NONE;

	if (arrival.live != NULL && !was_guest && walk_chance(walk, 50)) {
		entry.user = arrival.live->user;
		entry.carrier = arrival.live->carrier;
	}
	entry.presented = presented;
	entry.tenant = walk->m.users[entry.user].tenant;
	sign_in_with(walk, &arrival, &entry);
	walk_remember(walk, (struct walk_request){.act = WALK_SIGN_IN, .entry = entry});
	if (was_guest) {
		act_as_the_guest(walk, &arrival);
		after = walk_look(walk, arrival.live->value);
		walk_check_flows(walk, &after);
	}
	if (arrival.live != NULL && walk_chance(walk, 30))
		race(walk, &arrival, entry);
	walk_check_dead(walk, presented);
}

void walk_sign_in(struct walk *walk)
{
	sign_in_over(walk, walk_pick_presented(walk));
}

void walk_promote_late(struct walk *walk, int value)
{
	struct model_session *s = model_live(&walk->m, value);

	if (s == NULL || s->user != NONE)
		return;
	walk_wait(walk, model_counter_of(&walk->m, s, KIND_FUND, 1)->ends +
				walk_below(walk, (int)RESEND_COOLDOWN / 2));
	sign_in_over(walk, value);
}

static void begin_guest(struct walk *walk)
{
	static const char *const sources[MODEL_SOURCES] = {"192.0.2.7", "198.51.100.8",
							   "203.0.113.9"};
	struct world *w = walk->w;
	enum model_carrier carrier = walk_chance(walk, 50) ? MODEL_COOKIE : MODEL_HANDLE;
	struct guest_request request = {.carrier = walk_carrier(carrier), .client = STR("app")};
	enum guest_verdict verdict = GUEST_THROTTLED;
	struct session_issued issued;
	int source = walk_chance(walk, 85) ? 0 : 1 + walk_below(walk, MODEL_SOURCES - 1);
	int64_t wait = 0;
	int64_t expected = 0;

	walk_note(walk, " guest from source %d", source);
	w->context.ip = str_of(sources[source]);
	bool begins = model_guest(&walk->m, source, carrier, &expected);
	assert_ok(guest_begin(&w->context, &request, &verdict, &wait, &issued));
	w->context.ip = str_of(sources[0]);
	assert_int_equal(verdict, begins ? GUEST_BEGUN : GUEST_THROTTLED);
	assert_int_equal(wait, begins ? 0 : expected);
	if (begins)
		walk_issued(walk, &issued, walk->m.value_count - 1, false);
	walk->throttled += begins ? 0 : 1;
}

/* Now and then somebody wants too many. */
void walk_guest(struct walk *walk)
{
	int wanted = walk_chance(walk, 2) ? MODEL_GUESTS + 2 : 1;

	while (wanted-- > 0)
		begin_guest(walk);
}

static void step_up_with(struct walk *walk, const struct walk_arrival *arrival, uint64_t number)
{
	const struct model_session *s = &walk->m.sessions[walk->m.values[arrival->value].session];
	struct session_proof_again again = {
		.user_id = s->user == NONE ? ID_NONE : walk->users[s->user],
		.presented = &arrival->credential,
		.current = &arrival->session,
		.proof = proof_of(number),
		.method = STR("pwd"),
		.purpose = STR("walk"),
	};
	struct session_issued issued;
	int value = NONE;

	walk_note(walk, " step up v%d, request %" PRIu64, arrival->value, number);
	enum model_way way = model_step_up(&walk->m, arrival->value, number, &value);
	walk->ways[way]++;
	assert_int_equal(session_prove_again(&walk->w->context, &again, &issued),
			 way == WAY_GONE ? ERR_CONFLICT : OK);
	if (way == WAY_GONE)
		walk_note(walk, " (gone)");
	else
		walk_issued(walk, &issued, value, way == WAY_REPEATED);
}

void walk_step_up(struct walk *walk)
{
	int value = walk_chance(walk, 75) ? walk_pick_live(walk, false) : walk_pick_any(walk);
	struct walk_request request = {.act = WALK_STEP_UP};
	struct walk_arrival arrival;

	if (value == NONE)
		return;
	request.entry = (struct model_entry){.presented = value, .request = ++walk->numbers};
	arrival = walk_arrive(walk, value);
	step_up_with(walk, &arrival, request.entry.request);
	walk_remember(walk, request);
	if (walk_chance(walk, 25))
		step_up_with(walk, &arrival,
			     walk_chance(walk, 50) ? request.entry.request : ++walk->numbers);
	walk_check_dead(walk, value);
}

struct model_session *walk_arrive_live(struct walk *walk, struct walk_arrival *arrival)
{
	int value = walk_pick_live(walk, false);

	if (value == NONE)
		return NULL;
	*arrival = walk_arrive(walk, value);
	return arrival->live;
}

void walk_logout(struct walk *walk)
{
	int value = walk_chance(walk, 60)   ? walk_pick_live(walk, false)
		    : walk_chance(walk, 50) ? walk_pick_live(walk, true)
					    : walk_pick_any(walk);
	struct walk_arrival arrival;

	if (value == NONE)
		return;
	walk_note(walk, " logout v%d", value);
	arrival = walk_arrive(walk, value);
	assert_ok(session_end(&walk->w->context, &arrival.session));
	if (model_shows(&walk->m, value))
		walk->m.sessions[walk->m.values[value].session].is = false;
	walk_check_dead(walk, value);
}

static void revoke_one(struct walk *walk, const struct model_session *by)
{
	int value = walk_chance(walk, 80) ? walk_pick_live(walk, false) : walk_pick_any(walk);
	struct model_session *s = &walk->m.sessions[walk->m.values[value].session];
	bool ended = false;

	walk_note(walk, " revoke s%d by u%d", walk->m.values[value].session, by->user);
	assert_ok(session_end_one(&walk->w->context, &walk->users[by->user], &s->id, &ended));
	assert_int_equal(ended, model_end(&walk->m, by->user, s, NULL));
	walk_check_dead(walk, value);
}

void walk_revoke(struct walk *walk)
{
	struct walk_arrival arrival;
	struct model_session *by = walk_arrive_live(walk, &arrival);
	bool others = walk_chance(walk, 60);
	uint64_t ended = 0;

	if (by == NULL)
		return;
	if (walk_chance(walk, 70)) {
		revoke_one(walk, by);
		return;
	}
	walk_note(walk, " revoke %s of u%d by v%d", others ? "others" : "all", by->user,
		  arrival.value);
	assert_ok(session_end_all(&walk->w->context, &walk->users[by->user],
				  others ? &by->id : NULL, &ended));
	assert_int_equal(ended, model_end(&walk->m, by->user, NULL, others ? by : NULL));
	walk_check_dead(walk, arrival.value);
}

/* Until it is answered no more. */
static void wait_for_repeat(struct walk *walk, const struct walk_request *request)
{
	int value = request->act == WALK_TAKE ? request->taking.entry.presented
					      : request->entry.presented;

	if (value != NONE && walk->m.values[value].rotated)
		walk_wait(walk, walk->m.values[value].rotated_at + 30 * CLOCK_SECOND);
}

/* A client that lost the answer; or somebody who has seen the request. */
void walk_repeat(struct walk *walk)
{
	int n = walk->request_count < WALK_RECENT ? walk->request_count : WALK_RECENT;
	int back = walk_chance(walk, 60) ? 0 : 1;
	struct walk_request *request;
	struct walk_arrival arrival;

	if (n <= back)
		return;
	back = walk_chance(walk, 80) ? back : walk_below(walk, n);
	request = &walk->requests[(walk->request_count - 1 - back) % WALK_RECENT];
	walk_note(walk, " again:");
	if (walk_chance(walk, 20))
		wait_for_repeat(walk, request);
	if (request->act == WALK_TAKE) {
		walk_take_with(walk, request->taking);
		return;
	}
	arrival = walk_arrive(walk, request->entry.presented);
	if (request->act == WALK_STEP_UP) {
		step_up_with(walk, &arrival, request->entry.request);
		return;
	}
	request->entry.tenant = walk->m.users[request->entry.user].tenant;
	sign_in_with(walk, &arrival, &request->entry);
}

void walk_use(struct walk *walk)
{
	int value = walk_chance(walk, 30) ? walk_pick_any(walk)
					  : walk_pick_live(walk, walk_chance(walk, 40));
	struct walk_arrival arrival = walk_arrive(walk, value);

	walk_note(walk, " use v%d", value);
	if (arrival.live != NULL)
		walk_check_flows(walk, &arrival);
}

void walk_purge(struct walk *walk)
{
	struct purge_report report = {.sessions = 0};

	walk_note(walk, " purge");
	model_purge(&walk->m);
	assert_ok(purge_run(&walk->w->context, INT64_MAX, &report));
}
