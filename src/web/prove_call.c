/* What a person shows of a factor, from the fields of a request; and what became of it. */
#include "prove_call.h"

#include "answer.h"
#include "arena.h"
#include "call.h"
#include "codec.h"
#include "issued.h"
#include "view.h"
#include "webauthn_json.h"

#define SIGNATURE_MAX 128 /* octets: DER of P-256 is 72 at most, Ed25519 64 */

static enum err refuse(struct call *call, const char *field, const char *reason, bool *answered)
{
	*answered = true;
	return answer_bad_field(call, str_of(field), str_of(reason));
}

/* A field that the method needs. */
static enum err need(struct call *call, const char *name, struct str *out, bool *answered)
{
	*out = call_text(call, name);
	return str_is_present(*out) ? OK : refuse(call, name, "is missing", answered);
}

enum err prove_call_passkey(struct call *call, struct str json, struct prove_proof *out,
			    bool *well_formed)
{
	struct webauthn_json_assertion read;
	enum err e = webauthn_json_assertion(call->arena, json, &read);

	*well_formed = e == OK;
	if (e != OK)
		return e == ERR_INPUT ? OK : e;
	out->method = PROVE_PASSKEY;
	out->passkey = read.given;
	out->user_handle = read.user_handle;
	return OK;
}

static enum err read_passkey(struct call *call, struct prove_proof *proof, bool *answered)
{
	bool well_formed = false;
	struct str json;

	TRY(need(call, "passkey", &json, answered));
	if (*answered)
		return OK;
	TRY(prove_call_passkey(call, json, proof, &well_formed));
	return well_formed ? OK
			   : refuse(call, "passkey", "is not what a browser gives of a passkey",
				    answered);
}

/* At most max octets of base64url. *out absent: it is none. */
static enum err decode(struct call *call, struct str text, size_t max, struct str *out)
{
	size_t n = text.n * 3 / 4;
	unsigned char *bytes = arena_alloc(call->arena, max);

	if (bytes == NULL)
		return ERR_MEMORY;
	*out = STR_NONE;
	if (n > 0 && n <= max && codec_base64url_decode(text, bytes, n) == OK)
		*out = (struct str){(const char *)bytes, n};
	return OK;
}

static enum err read_signed(struct call *call, struct str signature, struct prove_proof *proof,
			    bool *answered)
{
	TRY(decode(call, proof->sent, PROVE_TEXT_MAX, &proof->challenge));
	if (!str_is_present(proof->challenge))
		return refuse(call, "challenge", "must be as it was given", answered);
	TRY(decode(call, signature, SIGNATURE_MAX, &proof->signature));
	if (!str_is_present(proof->signature))
		return refuse(call, "signature", "must be base64url of a signature", answered);
	return OK;
}

static enum err read_device(struct call *call, struct prove_proof *proof, bool *answered)
{
	struct str signature;

	TRY(need(call, "device_id", &proof->device, answered));
	if (!*answered)
		TRY(need(call, "challenge", &proof->sent, answered));
	if (!*answered)
		TRY(need(call, "signature", &signature, answered));
	return *answered ? OK : read_signed(call, signature, proof, answered);
}

/* A member of another method's: the program means something else than it says. */
static const char *foreign_field(const struct call *call, enum prove_method method)
{
	static const struct {
		const char *name;
		unsigned methods;
	} FIELDS[] = {
		{"password", 1U << PROVE_NOTHING},
		{"code", 1U << PROVE_TOTP | 1U << PROVE_RECOVERY_CODE},
		{"passkey", 1U << PROVE_PASSKEY},
		{"device_id", 1U << PROVE_DEVICE_KEY},
		{"challenge", 1U << PROVE_DEVICE_KEY},
		{"signature", 1U << PROVE_DEVICE_KEY},
	};
	for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++)
		if ((FIELDS[i].methods & 1U << method) == 0 && call_has(call, FIELDS[i].name))
			return FIELDS[i].name;
	return NULL;
}

enum err prove_call_check(struct call *call, enum prove_method method, bool *answered)
{
	const char *foreign = foreign_field(call, method);

	*answered = false;
	return foreign == NULL ? OK : refuse(call, foreign, "is none of this method's", answered);
}

enum err prove_call_read(struct call *call, unsigned allowed, struct prove_proof *out,
			 bool *answered)
{
	struct prove_proof proof = {.method = prove_method_of(call_text(call, "method"))};

	*answered = false;
	if (proof.method == PROVE_NOTHING || (allowed & 1U << proof.method) == 0)
		return refuse(call, "method", "is none that is good for this", answered);
	TRY(prove_call_check(call, proof.method, answered));
	if (*answered)
		return OK;
	if (proof.method == PROVE_PASSKEY)
		TRY(read_passkey(call, &proof, answered));
	else if (proof.method == PROVE_DEVICE_KEY)
		TRY(read_device(call, &proof, answered));
	else
		TRY(need(call, "code", &proof.code, answered));
	*out = proof;
	return OK;
}

enum err prove_call_answer(struct call *call, const struct prove_outcome *outcome,
			   const struct session_issued *issued)
{
	static const struct problem_detail wrong = {
		.detail = {"What was shown is not right, or was used before.", 48}};
	static const struct problem_detail ended = {
		.detail = {"That was wrong too often: this sign-in is over. Sign in anew.", 61}};
	struct json_out out;

	switch (outcome->verdict) {
	case PROVE_GONE:
		return issued_gone(call);
	case PROVE_WRONG:
		return view_problem(call, PROBLEM_INVALID_CREDENTIALS, &wrong);
	case PROVE_ENDED:
		return view_problem(call, PROBLEM_UNAUTHENTICATED, &ended);
	case PROVE_THROTTLED:
		return answer_throttled(call, answer_seconds(outcome->wait));
	case PROVE_DONE:
		break;
	}
	issued_take(call, issued);
	TRY(issued_json(call, 200, issued, &out));
	return answer_json_end(call, &out);
}
