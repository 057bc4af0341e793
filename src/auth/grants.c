/* The denormalised roles and permissions of a user: words with one space between. */
#include "grants.h"

bool grants_has(struct str grants, struct str word)
{
	struct str rest = grants;

	if (word.n == 0)
		return false;
	while (rest.n > 0) {
		struct str head = STR_NONE;
		struct str tail = STR_NONE;

		str_cut(rest, ' ', &head, &tail);
		if (str_equal(head, word))
			return true;
		rest = tail;
	}
	return false;
}

bool grants_next(struct str *rest, struct str prefix, struct str *name)
{
	while (rest->n > 0) {
		struct str head = STR_NONE;
		struct str tail = STR_NONE;

		str_cut(*rest, ' ', &head, &tail);
		*rest = tail;
		if (head.n > prefix.n && str_starts(head, prefix)) {
			*name = str_sub(head, prefix.n, head.n);
			return true;
		}
	}
	return false;
}

bool grants_has_named(struct str grants, struct str prefix, struct str name)
{
	struct str other = STR_NONE;

	while (grants_next(&grants, prefix, &other))
		if (str_equal(other, name))
			return true;
	return false;
}
