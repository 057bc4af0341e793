/* What can be shown: its names, and who can show it. */
#include "factor_store.h"
#include "prove.h"

static const char *const names[PROVE_METHOD_COUNT] = {
	[PROVE_NOTHING] = "",
	[PROVE_TOTP] = "totp",
	[PROVE_RECOVERY_CODE] = "recovery_code",
	[PROVE_PASSKEY] = "passkey",
	[PROVE_DEVICE_KEY] = "device_key",
};

const char *prove_method_name(enum prove_method method)
{
	return names[method < PROVE_METHOD_COUNT ? method : PROVE_NOTHING];
}

enum prove_method prove_method_of(struct str name)
{
	for (unsigned i = PROVE_NOTHING + 1; i < PROVE_METHOD_COUNT; i++)
		if (str_equal(name, str_of(names[i])))
			return (enum prove_method)i;
	return PROVE_NOTHING;
}

unsigned prove_methods(const struct auth_context *context, const struct session_found *found,
		       bool second, bool has_key)
{
	unsigned bits = 0;

	if (has_key && !second)
		bits |= 1U << PROVE_DEVICE_KEY;
	if (context->config->second_factor.require == FACTOR_OFF)
		return bits;
	if ((found->factors & FACTOR_TOTP) != 0)
		bits |= 1U << PROVE_TOTP;
	if ((found->factors & FACTOR_RECOVERY) != 0)
		bits |= 1U << PROVE_RECOVERY_CODE;
	if ((found->factors & FACTOR_PASSKEY) != 0)
		bits |= 1U << PROVE_PASSKEY;
	return bits;
}
