/* What failed calls of libcrypto leave on their thread. */
#include "openssl_errors.h"

#include <openssl/err.h>

void openssl_errors_clear(void)
{
	ERR_clear_error();
}
