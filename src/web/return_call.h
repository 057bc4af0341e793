/* Return over HTTP: the field return_to on its way through pages, and where it ends. */
#ifndef GATEPOST_WEB_RETURN_CALL_H
#define GATEPOST_WEB_RETURN_CALL_H

#include "err.h"
#include "return_to.h"
#include "str.h"

struct call;
struct template_data;

/* What the declared field return_to leads to: of a POST in its body, else in the query. A bad one
 * is as good as none. */
struct return_to return_of_call(const struct call *call);
/* A path below base_path; if there is a target, with it as the parameter return_to. */
MUST_CHECK enum err return_path(struct call *call, const struct return_to *target,
				struct str own_path, struct str *out);
/* A link of a page to such a path. */
MUST_CHECK enum err return_url(struct call *call, const struct return_to *target,
			       struct template_data *data, const char *name, struct str own_path);
/*
 * 303 to the target if it is of this origin; to the page "Return to NAME" if it is foreign; to that
 * path below base_path if there is none.
 */
MUST_CHECK enum err return_go_on(struct call *call, const struct return_to *target,
				 struct str own_path);
/* A link to where return_go_on would lead. */
MUST_CHECK enum err return_link(struct call *call, const struct return_to *target,
				struct template_data *data, const char *name, struct str own_path);

#endif
