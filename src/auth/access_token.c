/* Access tokens: what one claims of a session, and whether claims may be believed now. */
#include "access_token.h"

#include "buf.h"

#define ISSUER_MAX 512

enum err access_token_issuer(struct arena *arena, const struct config *config, struct str *out)
{
	struct buf buf;

	buf_init(&buf, arena, ISSUER_MAX);
	buf_add(&buf, config->server.origin);
	buf_add(&buf, config->server.base_path);
	return buf_str(&buf, out);
}

static bool is_live_user(const struct session *session)
{
	return session->standing == SESSION_LIVE && !session_is_guest(session);
}

/* Words with a space between; more than there is room for never come together. */
static void add_methods(struct claims *claims, struct str words)
{
	struct str word;
	bool more = words.n > 0;

	while (more) {
		more = str_cut(words, ' ', &word, &words);
		if (word.n > 0 && claims->method_count < CLAIMS_METHODS)
			claims->methods[claims->method_count++] = word;
	}
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

enum err access_token_claims(const struct auth_context *context, const struct access_grant *grant,
			     struct claims *out)
{
	const struct session *session = grant->session;
	const struct session_row *row = &session->found.session;
	struct claims claims = {.version = row->epoch, .client = grant->client};
	int64_t issued_at = grant->issued_at > 0 ? grant->issued_at : context->now;

	if (!is_live_user(session))
		return ERR_CONFLICT;
	TRY(access_token_issuer(context->arena, context->config, &claims.issuer));
	if (grant->audience.n > 0 && !str_equal(grant->audience, claims.issuer))
		claims.audiences[claims.audience_count++] = grant->audience;
	claims.audiences[claims.audience_count++] = claims.issuer;
	claims.subject = row->user_id;
	claims.session = row->id;
	claims.token = id_is_none(grant->token) ? id_random() : grant->token;
	claims.issued_at = issued_at / CLOCK_SECOND;
	claims.expires_at =
		smaller(issued_at + context->config->token.life, session->ends.absolute) /
		CLOCK_SECOND;
	if (claims.expires_at <= claims.issued_at)
		return ERR_CONFLICT;
	claims.auth_time = row->auth_time / CLOCK_SECOND;
	add_methods(&claims, row->amr);
	claims.level = session->aal >= 2 ? STR("aal2") : STR("aal1");
	if (grant->scope.n > 0)
		claims.scope = grant->scope;
	*out = claims;
	return OK;
}

static bool is_for_us(const struct claims *claims, struct str issuer)
{
	for (size_t i = 0; i < claims->audience_count; i++)
		if (str_equal(claims->audiences[i], issuer))
			return true;
	return false;
}

enum access_verdict access_token_judge(const struct config *config, struct str issuer,
				       const struct claims *claims, int64_t now)
{
	int64_t seconds = now / CLOCK_SECOND;
	int64_t leeway = smaller(config->token.leeway, ACCESS_LEEWAY_MAX) / CLOCK_SECOND;

	if (issuer.n == 0 || !str_equal(claims->issuer, issuer) || !is_for_us(claims, issuer))
		return ACCESS_REFUSED;
	if (claims->expires_at <= claims->issued_at ||
	    claims->expires_at - claims->issued_at > ACCESS_LIFE_MAX / CLOCK_SECOND)
		return ACCESS_REFUSED;
	if (claims->issued_at > seconds + leeway || claims->not_before > seconds + leeway)
		return ACCESS_REFUSED;
	return claims->expires_at + leeway <= seconds ? ACCESS_EXPIRED : ACCESS_VALID;
}
