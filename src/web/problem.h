/* The stable words of the contract for what went wrong, each with its status and its sentences. */
#ifndef GATEPOST_WEB_PROBLEM_H
#define GATEPOST_WEB_PROBLEM_H

enum problem {
	PROBLEM_INTERNAL = 0,
	PROBLEM_INVALID_REQUEST,
	PROBLEM_AMBIGUOUS_CREDENTIALS,
	PROBLEM_INVALID_CREDENTIALS,
	PROBLEM_UNAUTHENTICATED,
	PROBLEM_SESSION_EXPIRED,
	PROBLEM_REAUTHENTICATION_REQUIRED,
	PROBLEM_SECOND_FACTOR_REQUIRED,
	PROBLEM_FORBIDDEN,
	PROBLEM_CSRF_FAILED,
	PROBLEM_NOT_FOUND,
	PROBLEM_METHOD_NOT_ALLOWED,
	PROBLEM_NOT_ACCEPTABLE,
	PROBLEM_CONFLICT,
	PROBLEM_FLOW_EXPIRED,
	PROBLEM_CODE_EXPIRED,
	PROBLEM_VERSION_MISMATCH,
	PROBLEM_TOO_LARGE,
	PROBLEM_UNSUPPORTED_MEDIA_TYPE,
	PROBLEM_MISDIRECTED, /* 421 */
	PROBLEM_PRECONDITION_REQUIRED,
	PROBLEM_COOLDOWN,
	PROBLEM_TOO_MANY_ATTEMPTS,
	PROBLEM_UNAVAILABLE,
	PROBLEM_COUNT
};

/* Static storage. */
struct problem_info {
	const char *code; /* "invalid_request" */
	int status;
	const char *title;                /* a few words, in English for programs */
	const char *text;                 /* a sentence */
	const char *title_key, *text_key; /* of the same for people, see say.h */
};

/* What is wrong in particular. */
struct problem_sentence {
	const char *text; /* in English, for programs; NULL: nothing more is to be said */
	const char *key;  /* of the same for people; NULL: pages say what the problem says */
};

/* Never NULL; a value outside the enum is PROBLEM_INTERNAL's. */
const struct problem_info *problem_info(enum problem problem);

#endif
