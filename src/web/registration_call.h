/* Registration at the pages: what its forms have in common. */
#ifndef GATEPOST_WEB_REGISTRATION_CALL_H
#define GATEPOST_WEB_REGISTRATION_CALL_H

#include "err.h"
#include "registration.h"
#include "str.h"

struct call;
struct template_data;

/* What is wrong with a form, as sentences; absent: nothing. */
struct registration_flaws {
	struct str error; /* with the form as a whole */
	struct str email, username, display_name, password, code;
};
/* ERR_INTERNAL: a flaw that no such form can have. */
MUST_CHECK enum err registration_explain(struct call *call,
					 const struct registration_result *result,
					 struct registration_flaws *out);
/* The names below error_…, and the fields' own values. */
void registration_add_flaws(struct template_data *data, const struct registration_flaws *flaws);
/* 403: nobody registers here, or only who was invited. */
MUST_CHECK enum err registration_show_closed(struct call *call);

#endif
