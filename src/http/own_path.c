/* Which paths are Gatepost's own: told without the handlers, so that the command can tell, too. */
#include "own_path.h"

#include <string.h>

/* One a path of the route table. */
static const char *const PATTERNS[] = {
	"",
	"/",
	"/.well-known/jwks.json",
	"/.well-known/oauth-authorization-server",
	"/account",
	"/account/activity",
	"/account/address",
	"/account/close",
	"/account/password",
	"/account/security",
	"/account/security/app",
	"/account/security/codes",
	"/account/security/passkey",
	"/account/security/remove",
	"/account/sessions",
	"/admin/overview",
	"/admin/users",
	"/admin/users/{id}",
	"/api/v1/activity",
	"/api/v1/admin/users",
	"/api/v1/admin/users/{id}",
	"/api/v1/admin/users/{id}/hold",
	"/api/v1/admin/users/{id}/lock",
	"/api/v1/admin/users/{id}/recover",
	"/api/v1/admin/users/{id}/reset-factors",
	"/api/v1/admin/users/{id}/roles",
	"/api/v1/admin/users/{id}/roles/{role}",
	"/api/v1/admin/users/{id}/sessions",
	"/api/v1/admin/users/{id}/sessions/{session}",
	"/api/v1/admin/users/{id}/unlock",
	"/api/v1/devices",
	"/api/v1/devices/{id}",
	"/api/v1/devices/{id}/key",
	"/api/v1/email",
	"/api/v1/email/verify",
	"/api/v1/flows/{kind}",
	"/api/v1/flows/{kind}/attempts",
	"/api/v1/flows/{kind}/step",
	"/api/v1/openapi.yaml",
	"/api/v1/passkeys",
	"/api/v1/passkeys/options",
	"/api/v1/passkeys/{id}",
	"/api/v1/password",
	"/api/v1/password/recover",
	"/api/v1/password/reset",
	"/api/v1/recovery-codes",
	"/api/v1/session",
	"/api/v1/session/challenge",
	"/api/v1/session/handover",
	"/api/v1/session/reauth",
	"/api/v1/session/second-factor",
	"/api/v1/session/state",
	"/api/v1/session/tenant",
	"/api/v1/session/token",
	"/api/v1/sessions",
	"/api/v1/sessions/guest",
	"/api/v1/sessions/passkey/options",
	"/api/v1/sessions/{id}",
	"/api/v1/sessions/{id}/hold",
	"/api/v1/tenants",
	"/api/v1/totp",
	"/api/v1/totp/confirm",
	"/api/v1/user",
	"/api/v1/users",
	"/assets/{id}",
	"/denied",
	"/handover",
	"/handover/give",
	"/health",
	"/invite",
	"/login",
	"/logout",
	"/metrics",
	"/not-me",
	"/oauth/introspect",
	"/oauth/revoke",
	"/oauth/token",
	"/problems",
	"/reauth",
	"/recover",
	"/register",
	"/reset",
	"/return",
	"/second-factor",
	"/setup",
	"/verify",
	"/verify-access",
};

const char *own_path_at(size_t i)
{
	return i < sizeof PATTERNS / sizeof PATTERNS[0] ? PATTERNS[i] : NULL;
}

/* RFC 8414 §3.1: the host's name for the metadata, before the path of what it is about. */
static bool is_metadata(struct str path, struct str base)
{
	return str_starts(path, OWN_PATH_METADATA) &&
	       str_equal(str_sub(path, OWN_PATH_METADATA.n, path.n), base);
}

bool own_path_cut(struct str base, struct str path, struct str *own)
{
	if (!str_is_present(path))
		return false;
	if (is_metadata(path, base)) {
		*own = OWN_PATH_METADATA;
		return true;
	}
	if (!str_starts(path, base))
		return false;
	*own = str_sub(path, base.n, path.n);
	return own->n == 0 || own->p[0] == '/';
}

static size_t segment_length(struct str path)
{
	size_t n = 0;
	while (n < path.n && path.p[n] != '/')
		n++;
	return n;
}

bool own_path_fits(const char *pattern, struct str own, struct str segments[OWN_PATH_SEGMENTS])
{
	size_t found = 0;
	while (*pattern != '\0') {
		if (*pattern == '{') {
			size_t n = segment_length(own);
			if (n == 0 || found == OWN_PATH_SEGMENTS)
				return false;
			segments[found++] = str_sub(own, 0, n);
			own = str_sub(own, n, own.n);
			pattern += strcspn(pattern, "}") + 1;
			continue;
		}
		if (own.n == 0 || own.p[0] != *pattern)
			return false;
		own = str_sub(own, 1, own.n);
		pattern++;
	}
	return own.n == 0;
}

bool own_path_is(struct str base, struct str path)
{
	struct str segments[OWN_PATH_SEGMENTS];
	struct str own = STR_NONE;
	const char *pattern = NULL;

	if (!own_path_cut(base, path, &own))
		return false;
	for (size_t i = 0; (pattern = own_path_at(i)) != NULL; i++)
		if (own_path_fits(pattern, own, segments))
			return true;
	return false;
}
