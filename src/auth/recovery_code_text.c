/* Recovery codes as a person keeps and types them: the codes that are typed elsewhere, too. */
#include "recovery_code_text.h"

#include "typed_code.h"

_Static_assert(RECOVERY_CODE_BYTES == TYPED_CODE_BYTES, "a typed code");

enum err recovery_code_make(struct arena *arena, struct secret *bytes, struct secret *text)
{
	struct secret made = SECRET_NONE;

	TRY(secret_random(arena, RECOVERY_CODE_BYTES, &made));
	TRY(typed_code_text(arena, made.bytes, text));
	*bytes = made;
	return OK;
}

void recovery_code_read(struct str typed, unsigned char bytes[RECOVERY_CODE_BYTES], bool *is_one)
{
	*is_one = typed_code_parse(typed, bytes);
	if (!*is_one)
		secret_wipe_bytes(bytes, RECOVERY_CODE_BYTES);
}
