/* Declared inputs: from query, form and JSON body to the fields that a handler may see. */
#ifndef GATEPOST_WEB_INPUTS_H
#define GATEPOST_WEB_INPUTS_H

#include <stdbool.h>

#include "call.h"
#include "err.h"

/*
 * Each refuses by answering 400, 413 or 415 and setting *answered; else leaves it alone. In this
 * order: the query; what the headers say of the body; a page's form as text, so that its token can
 * be looked at; and, once the guards have passed, the body's meaning.
 */
MUST_CHECK enum err inputs_read_query(struct call *call, bool *answered);
MUST_CHECK enum err inputs_check_body(struct call *call, bool *answered);
MUST_CHECK enum err inputs_read_form(struct call *call, bool *answered);
MUST_CHECK enum err inputs_take_body(struct call *call, bool *answered);

#endif
