/* A hint about a password for people; nothing decides by it. The only door to libzxcvbn. */
#include "strength.h"

#include <zxcvbn.h>

#include "arena.h"

/* What is looked at: longer ones are never weak by what stands behind this. */
#define MEASURED_MAX 100

/* Bits = 3.32 times the digits of the number of guesses. */
#define BITS_WEAK 33.2 /* 10^10: hours for a leaked fast hash */
#define BITS_FAIR 46.5 /* 10^14 */

static enum err measure(struct arena *arena, const struct password_about *about,
			struct secret normal, double *bits)
{
	const char *words[] = {
		str_is_present(about->username) ? about->username.p : "",
		str_is_present(about->email) ? about->email.p : "",
		NULL,
	};
	struct secret copy = SECRET_NONE;
	size_t n = normal.len < MEASURED_MAX ? normal.len : MEASURED_MAX;

	TRY(secret_from_str(arena, (struct str){(const char *)normal.bytes, n}, &copy));
	*bits = copy.len == 0 ? 0 : ZxcvbnMatch((const char *)copy.bytes, words, NULL);
	secret_wipe(&copy);
	return OK;
}

enum err strength_hint(struct arena *arena, const struct password_about *about,
		       struct secret normal, enum password_hint *hint)
{
	double bits = 0;

	TRY(measure(arena, about, normal, &bits));
	*hint = PASSWORD_HINT_NONE;
	if (bits < BITS_WEAK)
		*hint = PASSWORD_HINT_WEAK;
	else if (bits < BITS_FAIR)
		*hint = PASSWORD_HINT_FAIR;
	return OK;
}
