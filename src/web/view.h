/* From a verdict to an answer: problem documents for the API, pages for people. */
#ifndef GATEPOST_WEB_VIEW_H
#define GATEPOST_WEB_VIEW_H

#include "call.h"
#include "problem.h"
#include "session.h"
#include "template.h"

struct json_out;

/* Details of a problem; zeroed is fine. */
struct problem_detail {
	struct str detail;    /* a sentence for programs; absent: the problem's own */
	const char *key;      /* of the sentence for people; NULL: the problem's own */
	struct str field;     /* invalid_request: the member or field at fault */
	struct str reason;    /* … and why */
	bool rotated;         /* unauthenticated */
	unsigned retry_after; /* seconds, for 429 and 503; 0: the default */
	/* Members of the problem document beside those above; NULL: none. */
	void (*add)(struct json_out *out, const void *of);
	const void *add_of;
};

/* With such a sentence. */
struct problem_detail view_detail(const struct problem_sentence *sentence);

/* Answers in the call's surface: problem+json or the error page of that status. Replaces what was
 * begun. */
MUST_CHECK enum err view_problem(struct call *call, enum problem problem,
				 const struct problem_detail *detail);
/* An error of an OAuth endpoint that is no problem of the contract's; the text in ASCII. */
MUST_CHECK enum err view_oauth_error(struct call *call, int status, const char *word,
				     struct str text);
/* The header Retry-After, for what answers 429 or 503 without a problem. */
void view_retry_after(struct call *call, unsigned seconds);
/* The problem that an error of a handler becomes. */
enum problem view_problem_of(enum err e);

/* Data that every page has: base paths, service name, csrf token, who is signed in. */
MUST_CHECK enum err view_page_data(struct call *call, struct template_data **out);
/* Renders and answers with the status; Content-Type, CSP. */
MUST_CHECK enum err view_page(struct call *call, int status, const char *name,
			      const struct template_data *data);
/* 303 to a path below base_path ("/account"). */
MUST_CHECK enum err view_redirect(struct call *call, struct str own_path);

/*
 * CONTRACT §4: the members "session" and "user". session is the caller's own: the presented one, or
 * the one just issued. csrf_token only for a cookie's.
 */
/* Members of an open array: "totp", "passkey", … of bits 1 << enum prove_method. */
void view_methods_json(struct json_out *out, unsigned methods);
MUST_CHECK enum err view_session_json(struct call *call, struct json_out *out, const char *name,
				      const struct session *session);
/* The same shape from a row of a list, as an item: without csrf_token; "current" marks the
 * caller's. elevated: whose it is has an elevated role there. */
void view_session_row_json(struct json_out *out, const struct call *call,
			   const struct session_row *row, bool elevated);
void view_user_json(struct json_out *out, const char *name, const struct session *session);
/* Its parts: words with a space between as an array; "roles", "permissions" and "tenant". */
void view_words_json(struct json_out *out, const char *name, struct str words);
void view_grants_json(struct json_out *out, const struct session_found *found);
/* Sets the session cookie of a sign-in by cookie; nothing for another carrier. */
void view_issue_cookie(struct call *call, const struct session_issued *issued);

/* "admin, editor": the names of the roles among grants. */
MUST_CHECK enum err view_roles_text(struct arena *arena, struct str grants, struct str *out);

#endif
