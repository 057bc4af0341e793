/* What to say about a request that was refused, where the web server asks for that. */
#include "guarded.h"
#include "handlers.h"
#include "view.h"

/* What the web server has refused by itself, or would be granted by now. */
static enum err show_other(struct call *call)
{
	struct problem_detail detail = {.key = "problem.not_ours"};
	enum problem problem = PROBLEM_FORBIDDEN;

	if (str_equal(call->request.denied_status, STR("400")))
		problem = PROBLEM_INVALID_REQUEST;
	else if (str_equal(call->request.denied_status, STR("503")))
		problem = PROBLEM_UNAVAILABLE;
	if (problem != PROBLEM_FORBIDDEN)
		detail.key = NULL;
	return view_problem(call, problem, &detail);
}

/*
 * Apache keeps the headers of the refusal, and adds those of this answer: what is in both would be
 * there twice.
 */
static void leave_out_known(struct call *call)
{
	if (!str_is_present(call->request.denied_method))
		return;
	response_drop(&call->response, "WWW-Authenticate");
	call->response.cacheable = true;
}

/* The question is put again instead of being handed on: no text of an answer has to be believed. */
enum err page_denied(struct call *call)
{
	const struct guarded *guarded = call->guarded;
	bool is_question = str_is_present(call->request.denied) &&
			   guarded->flaw != GUARDED_NO_TARGET &&
			   (guarded->flaw != GUARDED_FINE || !guarded->own);

	if (!is_question)
		return view_problem(call, PROBLEM_NOT_FOUND, &(struct problem_detail){0});
	guarded_decide(call);
	TRY(guarded_is_granted(call) ? show_other(call) : guarded_refuse(call));
	leave_out_known(call);
	return OK;
}
