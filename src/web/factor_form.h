/* The forms in which a person shows a second factor: what sign-in and step-up share. */
#ifndef GATEPOST_WEB_FACTOR_FORM_H
#define GATEPOST_WEB_FACTOR_FORM_H

#include <stdbool.h>

#include "err.h"
#include "prove.h"
#include "return_to.h"
#include "str.h"

struct call;
struct template_data;

struct factor_form {
	struct str own_path; /* of the page, below base_path, with what its query keeps */
	struct str purpose;  /* of a passkey's challenge: a name */
	struct return_to return_to;
	bool second;   /* of a sign-in: prove_methods */
	bool recovery; /* a recovery code is asked for instead */
};

/* The slots: what there is to show, links to the other ways, and where a passkey's options are. */
MUST_CHECK enum err factor_form_add(struct call *call, const struct factor_form *form,
				    struct template_data *data);
/* The proof of the fields code, with and passkey. PROVE_NOTHING: there is none, or it is
 * malformed. */
MUST_CHECK enum err factor_form_read(struct call *call, struct prove_proof *out);
/* What is wrong with that proof, for the person who gave it. */
struct str factor_form_wrong(const struct call *call, const struct prove_proof *proof);

/* The URL of a route of the API, for the script of a page; from now on the page may ask it. */
MUST_CHECK enum err factor_form_options(struct call *call, struct template_data *data,
					struct str own_path);

#endif
