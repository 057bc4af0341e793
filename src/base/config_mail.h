/* [mail]: who sends, how, and what belongs together. */
#ifndef GATEPOST_BASE_CONFIG_MAIL_H
#define GATEPOST_BASE_CONFIG_MAIL_H

#include "config_draft.h"

/* Checks what belongs together and fills in what hangs on other settings. ERR_CONFIG with the
 * fault.
 */
MUST_CHECK enum err config_mail_check(struct config_draft *draft);

#endif
