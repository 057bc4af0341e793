/* HTML escaping, one function for text and quoted attributes alike. */
#ifndef GATEPOST_HTTP_HTML_H
#define GATEPOST_HTTP_HTML_H

#include "str.h"

struct buf;

/* Appends s with & < > " ' escaped; controls other than tab and newline, and malformed UTF-8,
 * become U+FFFD. */
void html_add(struct buf *buf, struct str s);

#endif
