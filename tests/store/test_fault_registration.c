/* ST-07, IN-25, SE-27: registration and invitation under every failure of the database. */
#include "fault_trial.h"
#include "mail_world.h"

#include "invitation.h"
#include "registration.h"

#define CONTEXT (&t->w->context)
#define CAROL STR("carol@example.org")
#define DAN STR("dan@example.org")

/* Links of a registration (carol's) and an invitation (dan's), made before the acts. */
static struct str carol_link, dan_link;

static enum err ask(struct trial *t, struct str email)
{
	const struct registration_request request = {
		.email = email,
		.display_name = STR("Somebody"),
		.asker = {.kind = MAIL_ASKER_API},
	};
	struct registration_asked asked;

	TRY(registration_ask(CONTEXT, &request, &asked));
	return must(asked.verdict == REGISTRATION_ACCEPTED);
}

ACT(ask_free, return ask(t, STR("nobody@example.org"));)
ACT(ask_taken, return ask(t, STR("alice@example.org"));)
ACT(ask_again, return ask(t, CAROL);)

static enum err invite(struct trial *t, struct str email)
{
	static const struct str roles[] = {{"admin", 5}};
	const struct invitation_request request = {.email = email, .roles = roles, .role_count = 1};
	struct invitation_result invited;

	TRY(invitation_send(CONTEXT, &request, &invited));
	return must(invited.flaw == ACCOUNT_FINE);
}

ACT(invite_somebody, return invite(t, STR("nobody@example.org"));)

static enum err withdraw(struct trial *t, void *out)
{
	bool withdrawn = false;

	(void)out;
	TRY(invitation_withdraw(CONTEXT, DAN, &withdrawn));
	return must(withdrawn);
}

static enum err look(struct trial *t, void *out)
{
	const struct registration_proof proof = {
		.code = carol_link,
		.links = 1U << MAIL_REGISTRATION,
	};
	struct registration_result result;
	struct mail_code_row row;

	(void)out;
	TRY(registration_look(CONTEXT, &proof, &row, &result));
	return must(result.verdict == REGISTRATION_ACCEPTED);
}

static struct registration_proof proof_of(struct str link, struct str password)
{
	return (struct registration_proof){
		.code = link,
		.links = 1U << MAIL_REGISTRATION | 1U << MAIL_INVITATION,
		.asker = {.kind = MAIL_ASKER_API},
		.new_password = password,
	};
}

static enum err prove(struct trial *t, const struct registration_proof *proof, void *out)
{
	struct registration_result result;

	TRY(registration_prove(CONTEXT, proof, &result));
	TRY(must(result.verdict == REGISTRATION_ACCEPTED));
	PUT(out, result);
	return OK;
}

ACT(prove_it, struct registration_proof proof = proof_of(carol_link, STR(WORLD_PASSWORD));
    return prove(t, &proof, out);)
ACT(prove_without, struct registration_proof proof = proof_of(carol_link, STR_NONE);
    return prove(t, &proof, out);)
ACT(accept, struct registration_proof proof = proof_of(dan_link, STR(WORLD_PASSWORD));
    return prove(t, &proof, out);)
/* The try of a name is counted first, and stays when the rest fails. */
ACT(prove_named, struct registration_proof proof = proof_of(carol_link, STR(WORLD_PASSWORD));
    proof.username = STR("somebody"); return prove(t, &proof, out);)

static void check_account(struct trial *t, const void *out)
{
	struct registration_result result;
	struct user_row user;
	bool found = false;

	memcpy(&result, out, sizeof result);
	assert_ok(user_store_find_by_id(t->w->db, CONTEXT->arena, &result.account.user.id, &user,
					&found));
	assert_true(found && user.email_proven_at == CONTEXT->now);
}

static int open_it(void **state)
{
	struct trial *t = NULL;

	if (trial_open(state) != 0)
		return -1;
	t = *state;
	t->w->config.throttle.mails = 1000;
	t->w->config.throttle.mails_day = 1000;
	t->w->config.throttle.source_mails = 1000;
	t->w->config.throttle.source_mails_day = 1000;
	assert_ok(ask(t, CAROL));
	carol_link = trial_lasting(
		t, mail_link_code(mail_found(t->w, "recipient = 'carol@example.org'")));
	assert_ok(invite(t, DAN));
	dan_link =
		trial_lasting(t, mail_link_code(mail_found(t->w, "recipient = 'dan@example.org'")));
	trial_keep(t);
	return 0;
}

static void acts_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"ask, free", ask_free, NULL, ACT_REPEATABLE},
		{"ask, taken", ask_taken, NULL, ACT_REPEATABLE},
		{"ask, again", ask_again, NULL, ACT_REPEATABLE},
		{"look at a link", look, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"prove", prove_it, check_account, ACT_ATOMIC},
		{"prove with a name", prove_named, check_account, 0},
		{"prove without password", prove_without, check_account, ACT_ATOMIC},
		{"invite", invite_somebody, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"accept an invitation", accept, check_account, ACT_ATOMIC},
		{"withdraw an invitation", withdraw, NULL, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acts_under_every_failure),
	};

	return cmocka_run_group_tests(tests, open_it, trial_close);
}
