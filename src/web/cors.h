/* Cross-origin headers: none, unless the configuration lists exact origins. */
#ifndef GATEPOST_WEB_CORS_H
#define GATEPOST_WEB_CORS_H

#include "call.h"

/*
 * Adds what a page of a listed origin needs to read an answer of the API, and on OPTIONS what it
 * may send. Cookies never come along (no Allow-Credentials). Nothing without a list.
 */
void cors_add_headers(struct call *call);

#endif
