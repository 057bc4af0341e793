/* The stable words of the contract for what went wrong, each with its status and its sentences. */
#include "problem.h"

#include <stddef.h>

/* Where a page finds the same in the visitor's language goes by the code. */
#define INFO(word, number, words, sentence)                                                        \
	{                                                                                          \
		.code = (word), .status = (number), .title = (words), .text = (sentence),          \
		.title_key = "problem." word ".title", .text_key = "problem." word ".text"         \
	}

static const struct problem_info PROBLEMS[PROBLEM_COUNT] = {
	[PROBLEM_INTERNAL] =
		INFO("internal", 500, "Something went wrong here",
		     "Gatepost failed to do this. It is not your fault; please try again "
		     "later."),
	[PROBLEM_INVALID_REQUEST] =
		INFO("invalid_request", 400, "This request cannot be understood",
		     "Something in the request is missing, repeated or malformed."),
	[PROBLEM_AMBIGUOUS_CREDENTIALS] =
		INFO("ambiguous_credentials", 400, "More than one credential",
		     "The request carries more than one credential. Send "
		     "exactly one."),
	[PROBLEM_INVALID_CREDENTIALS] = INFO("invalid_credentials", 401, "That did not work",
					     "The user name, the address or the password is not "
					     "right."),
	[PROBLEM_UNAUTHENTICATED] =
		INFO("unauthenticated", 401, "Please sign in",
		     "You are not signed in, so what you asked for was not done."),
	[PROBLEM_SESSION_EXPIRED] =
		INFO("session_expired", 401, "Your session has ended",
		     "Your session has ended, so what you asked for was not done. "
		     "Please sign in again."),
	[PROBLEM_REAUTHENTICATION_REQUIRED] =
		INFO("reauthentication_required", 401, "Please confirm that it is you",
		     "It has been a while since you proved who you are, "
		     "so what you asked for was not done. Please confirm "
		     "that it is you to go on."),
	[PROBLEM_SECOND_FACTOR_REQUIRED] =
		INFO("second_factor_required", 403, "One more step is needed",
		     "Your sign-in is not complete yet, so what you asked "
		     "for was not done."),
	[PROBLEM_FORBIDDEN] = INFO("forbidden", 403, "You may not do this",
				   "Your account does not have the right to do this."),
	[PROBLEM_CSRF_FAILED] =
		INFO("csrf_failed", 403, "This could not be confirmed",
		     "It could not be confirmed that this came from one of our own "
		     "pages, so nothing was done. Please go back, load the page again "
		     "and repeat it."),
	[PROBLEM_NOT_FOUND] = INFO("not_found", 404, "There is nothing here",
				   "What you asked for does not exist, or is not yours."),
	[PROBLEM_METHOD_NOT_ALLOWED] = INFO("method_not_allowed", 405, "This cannot be done here",
					    "This address does not take this kind of request."),
	[PROBLEM_NOT_ACCEPTABLE] = INFO("not_acceptable", 406, "No acceptable form",
					"The answer exists only as application/json or "
					"application/problem+json."),
	[PROBLEM_CONFLICT] = INFO("conflict", 409, "Something else came first",
				  "Something else changed this at the same moment, so nothing was "
				  "done. Please look at it again."),
	[PROBLEM_FLOW_EXPIRED] = INFO("flow_expired", 410, "This took too long",
				      "What was begun here is over, because its time has run out. "
				      "Please start again."),
	[PROBLEM_CODE_EXPIRED] =
		INFO("code_expired", 410, "This code is over",
		     "The code was used already, or is too old. Please start again "
		     "with a new one."),
	[PROBLEM_VERSION_MISMATCH] =
		INFO("version_mismatch", 412, "It has changed meanwhile",
		     "Somebody, perhaps you on another device, has changed this. "
		     "Nothing was done; look at it as it is now."),
	[PROBLEM_TOO_LARGE] = INFO("too_large", 413, "This is too large",
				   "The request has more than 64 KiB, so nothing was done."),
	[PROBLEM_UNSUPPORTED_MEDIA_TYPE] =
		INFO("unsupported_media_type", 415, "Unknown kind of content",
		     "The content of the request has a type that is not "
		     "taken here."),
	[PROBLEM_MISDIRECTED] = INFO("misdirected_request", 421, "Wrong address",
				     "Gatepost does not answer under this address. Please use the "
				     "address that you were given."),
	[PROBLEM_PRECONDITION_REQUIRED] =
		INFO("precondition_required", 428, "Which version?",
		     "This needs the header If-Match with the entity tag of "
		     "what is to be changed."),
	[PROBLEM_COOLDOWN] =
		INFO("cooldown", 429, "A little too soon",
		     "The last attempt was only just made, so this one was not counted. "
		     "Please wait a little."),
	[PROBLEM_TOO_MANY_ATTEMPTS] = INFO("too_many_attempts", 429, "Too many attempts",
					   "There were too many attempts. Please wait a little."),
	[PROBLEM_UNAVAILABLE] =
		INFO("unavailable", 503, "Not available just now",
		     "Gatepost cannot do this just now; nothing was done. Please try "
		     "again in a moment."),
};

const struct problem_info *problem_info(enum problem problem)
{
	size_t row = (size_t)problem;
	return &PROBLEMS[row < PROBLEM_COUNT ? row : PROBLEM_INTERNAL];
}
