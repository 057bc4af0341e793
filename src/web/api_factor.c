/* /session/second-factor and /session/challenge: a sign-in completed, and what is to be signed. */
#include "answer.h"
#include "call.h"
#include "codec.h"
#include "handlers.h"
#include "issued.h"
#include "passkey.h"
#include "passkey_json.h"
#include "prove_call.h"
#include "view.h"

#define SECOND_FACTORS (1U << PROVE_TOTP | 1U << PROVE_RECOVERY_CODE | 1U << PROVE_PASSKEY)

static enum err answer_complete(struct call *call)
{
	return view_problem(
		call, PROBLEM_CONFLICT,
		&(struct problem_detail){
			.detail = STR("This sign-in does not wait for a second factor.")});
}

enum err api_session_second_factor(struct call *call)
{
	struct prove_request request = {
		.trust = call_flag(call, "trust_device"),
		.presented = &call->credential,
		.current = &call->session,
	};
	struct prove_outcome outcome;
	struct session_issued issued;
	bool answered;
	if (!session_awaits_factor(&call->session) && call->session.standing != SESSION_REPLACED)
		return answer_complete(call);
	if (!issued_is_renewable(call))
		return issued_not_renewable(call);
	TRY(prove_call_read(call, SECOND_FACTORS, &request.proof, &answered));
	if (answered)
		return OK;
	TRY(issued_ready(call));
	TRY(prove_second_factor(&call->auth, &request, &outcome, &issued));
	return prove_call_answer(call, &outcome, &issued);
}

/* The kind of proof that the session can use one for. */
static struct challenge_place place_of(const struct call *call)
{
	return (struct challenge_place){
		.kind = session_awaits_factor(&call->session) ? CHALLENGE_SECOND_FACTOR
							      : CHALLENGE_STEP_UP,
		.session_id = call->session.found.session.id,
	};
}

static enum err add_passkey(struct call *call, struct json_out *out,
			    const struct challenge_place *place, const struct passkey_offer *offer)
{
	if (offer->known_count == 0) {
		json_none(out, "passkey");
		return OK;
	}
	return passkey_json_request(call, out, "passkey",
				    &(struct passkey_json_of){
					    .offer = offer,
					    .verified = place->kind == CHALLENGE_STEP_UP,
				    });
}

enum err api_session_challenge(struct call *call)
{
	struct challenge_place place = place_of(call);
	struct str purpose = call_text(call, "purpose");
	const struct session_row *row = &call->session.found.session;
	char encoded[CODEC_BASE64URL_LEN(PROVE_TEXT_MAX) + 1];
	struct passkey_offer offer;
	struct json_out out;
	struct str text;
	if (session_is_guest(&call->session) || call->session.standing == SESSION_PENDING) {
		if (!session_awaits_factor(&call->session) &&
		    !session_awaits_enrolment(&call->session))
			return answer_complete(call);
	}
	if (!config_is_flow_name(purpose))
		return answer_bad_field(call, STR("purpose"),
					STR("must be a name: small letters, digits, . _ -"));
	TRY(passkey_offer(&call->auth, &place, &row->user_id, purpose, &offer));
	TRY(prove_device_text(&call->auth, &row->id, &offer.challenge, &text));
	codec_base64url((const unsigned char *)text.p, text.n, encoded);
	answer_json_begin(call, 200, &out);
	json_text(&out, "challenge", str_of(encoded));
	json_text(&out, "purpose", purpose);
	json_time(&out, "expires_at", offer.challenge.row.expires_at);
	TRY(add_passkey(call, &out, &place, &offer));
	return answer_json_end(call, &out);
}
