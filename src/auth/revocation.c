/* Revocation: whoever has a token ends what it stands for (RFC 7009), which is its session. */
#include "revocation.h"

#include "refresh.h"
#include "session.h"

static enum err end(const struct auth_context *context, const struct session *session,
		    struct str client, enum revocation_outcome *out)
{
	if (str_is_present(client) && !str_equal(client, session->found.session.client)) {
		*out = REVOCATION_FOREIGN;
		return OK;
	}
	TRY(session_end(context, session));
	*out = REVOCATION_DONE;
	return OK;
}

enum err revocation_of_handle(const struct auth_context *context, const struct credential *handle,
			      struct str client, enum revocation_outcome *out)
{
	struct session session;

	TRY(session_resolve(context, handle, 1, &session));
	if (!id_is_none(session.found.session.id))
		return end(context, &session, client, out);
	*out = REVOCATION_NOTHING;
	return OK;
}

enum err revocation_of_access(const struct auth_context *context, const struct claims *claims,
			      struct str client, enum revocation_outcome *out)
{
	struct session session = {.standing = SESSION_UNKNOWN};
	struct session_row *row = &session.found.session;
	bool found = false;

	TRY(session_store_find_by_id(context->db, context->arena, &claims->session, row, &found));
	if (found && row->epoch == claims->version && id_equal(row->user_id, claims->subject))
		return end(context, &session, client, out);
	*out = REVOCATION_NOTHING;
	return OK;
}

enum err revocation_of_refresh(const struct auth_context *context, struct str token,
			       struct str client, enum revocation_outcome *out)
{
	const struct refresh_request request = {.token = token, .client = client};

	return refresh_revoke(context, &request, out);
}
