/* Steps of a random walk: refresh tokens are exchanged, again, too late, and by a thief. */
#include "walk.h"

#include "refresh.h"

#define GRACE (10 * CLOCK_SECOND)

struct credential walk_access(struct walk *walk, int value)
{
	const struct credential_claim *claim = &walk->claims[value];
	unsigned char *text = arena_alloc(walk->w->context.arena, sizeof *claim);
	struct credential credential = {
		.syntax = CREDENTIAL_WELL_FORMED,
		.carrier = CARRIER_TOKEN,
		.value = {text, sizeof *claim},
	};

	assert_non_null(text);
	memcpy(text, claim, sizeof *claim);
	credential_prove(walk->w->context.keys, claim, &credential);
	return credential;
}

void walk_keep_claim(struct walk *walk, int value, const struct session_row *row)
{
	struct credential_claim *claim = &walk->claims[value];

	if (!id_is_none(claim->token_id))
		assert_true(id_equal(claim->token_id, row->pair_id));
	assert_false(id_is_none(row->pair_id));
	claim->session_id = row->id;
	claim->user_id = row->user_id;
	claim->token_id = row->pair_id;
	claim->version = row->epoch;
}

static struct refresh_request request_of(struct walk *walk, int value)
{
	return (struct refresh_request){.token = str_of(walk->texts[value]), .client = STR("app")};
}

static void present_as(struct walk *walk, int value, int who)
{
	static const enum refresh_verdict verdicts[] = {
		[EXCHANGE_REFUSED] = REFRESH_REFUSED,
		[EXCHANGE_REUSED] = REFRESH_REUSED,
		[EXCHANGE_REPEATED] = REFRESH_EXCHANGED,
		[EXCHANGE_DONE] = REFRESH_EXCHANGED,
	};
	struct world *w = walk->w;
	struct refresh_request request = request_of(walk, value);
	struct refresh_outcome outcome = {.verdict = REFRESH_VERDICT_COUNT};
	int heir = NONE;

	walk_note(walk, " exchange v%d%s", value, who == THIEF ? " by a thief" : "");
	enum model_exchange expected = model_exchange(&walk->m, value, who, &heir);
	walk_note(walk, " (%d)", (int)expected);
	walk->exchanges[expected]++;
	w->context.user_agent = who == THIEF ? STR("thief") : STR("tests");
	assert_ok(refresh_exchange(&w->context, &request, &outcome));
	w->context.user_agent = STR("tests");
	assert_int_equal(outcome.verdict, verdicts[expected]);
	if (outcome.verdict == REFRESH_EXCHANGED)
		walk_issued(walk,
			    &(struct session_issued){.session = outcome.session,
						     .carrier = CARRIER_TOKEN,
						     .text = outcome.token,
						     .repeated = outcome.repeated},
			    heir, expected == EXCHANGE_REPEATED);
}

static void present(struct walk *walk, int value)
{
	walk->w->context.now = ++walk->m.now;
	present_as(walk, value, walk_chance(walk, 8) ? THIEF : OWNER);
}

/* Of those that were given out lately; newest: of a live session, as its client has it. */
static int pick_pair(struct walk *walk, bool newest)
{
	const struct model *m = &walk->m;
	int found = NONE;

	for (int v = m->value_count - 1; v >= 0 && v > m->value_count - 120; v--) {
		const struct model_session *s = &m->sessions[m->values[v].session];

		if (m->values[v].carrier != MODEL_TOKEN ||
		    (newest && (s->value != v || !model_is_live(m, s))))
			continue;
		found = v;
		if (walk_chance(walk, 30))
			break;
	}
	return found;
}

/* A check that began before the exchange and writes after it that the pair is in use. */
static void exchange_meanwhile(struct walk *walk, int value)
{
	struct walk_arrival arrival;

	walk->w->context.now = ++walk->m.now;
	arrival = walk_look(walk, value);
	present_as(walk, value, OWNER);
	if (arrival.live != NULL && arrival.live->is)
		assert_ok(session_touch(&walk->w->context, &arrival.session));
	walk_note(walk, ", used before");
}

/* What happens before the same token is shown again. */
static void meanwhile(struct walk *walk, int value)
{
	int what = walk_below(walk, 8);
	int heir = walk->m.values[value].heir;

	if (what == 0)
		walk_wait(walk, walk->m.values[value].exchanged + GRACE);
	else if (what == 1)
		(void)walk_arrive(walk, value);
	else if (what == 2 && heir != NONE)
		(void)walk_arrive(walk, heir);
	else if (what == 3 && heir != NONE)
		present(walk, heir);
}

void walk_exchange(struct walk *walk)
{
	int value = pick_pair(walk, walk_chance(walk, 92));

	if (value == NONE)
		return;
	if (walk_chance(walk, 25))
		exchange_meanwhile(walk, value);
	else
		present(walk, value);
	for (int again = 0; again < 2 && walk_chance(walk, 30); again++) {
		meanwhile(walk, value);
		present(walk, value);
	}
}

void walk_revoke_token(struct walk *walk)
{
	int value = pick_pair(walk, walk_chance(walk, 50));
	struct refresh_request request;
	enum revocation_outcome outcome = REVOCATION_FOREIGN;

	if (value == NONE)
		return;
	walk_note(walk, " revoke by v%d", value);
	walk->w->context.now = ++walk->m.now;
	request = request_of(walk, value);
	bool ends = model_revoke(&walk->m, value);
	walk->revoked += ends ? 1 : 0;
	assert_ok(refresh_revoke(&walk->w->context, &request, &outcome));
	assert_int_equal(outcome, ends ? REVOCATION_DONE : REVOCATION_NOTHING);
	(void)walk_look(walk, value);
}
