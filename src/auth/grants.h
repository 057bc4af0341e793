/* The denormalised roles and permissions of a user: words with one space between. */
#ifndef GATEPOST_AUTH_GRANTS_H
#define GATEPOST_AUTH_GRANTS_H

#include <stdbool.h>

#include "str.h"

/* "role:admin", "perm:users:manage", "elevated". Absent or empty grants have nothing. */
bool grants_has(struct str grants, struct str word);
/* The same for prefix and name behind each other ("role:", "admin"). */
bool grants_has_named(struct str grants, struct str prefix, struct str name);
/* Next word with the prefix ("role:"), without it. False at the end. *rest starts as the grants. */
bool grants_next(struct str *rest, struct str prefix, struct str *name);

#endif
