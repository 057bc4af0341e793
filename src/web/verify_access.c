/* GET /verify-access: the guard's decision for servers that ask by a request of their own. */
#include "verify_access.h"

#include "facts.h"
#include "guarded.h"
#include "handlers.h"
#include "view.h"

bool verify_access_is(const struct call *call)
{
	return call->match.route != NULL && call->match.route->handle == verify_access;
}

enum problem verify_access_problem(enum problem problem)
{
	int status = problem_info(problem)->status;

	return status == 401 || status == 403 ? problem : PROBLEM_FORBIDDEN;
}

static enum err refuse(struct call *call)
{
	enum problem found = guarded_problem(call);
	enum problem said = verify_access_problem(found);
	struct problem_sentence sentence = guarded_sentence(call->guarded);
	struct problem_detail detail = view_detail(&sentence);
	struct url location;
	bool there = false;

	if (said != found && !str_is_present(detail.detail))
		detail.detail = str_of(problem_info(found)->text);
	TRY(view_problem(call, said, &detail));
	TRY(guarded_location(call, &location, &there));
	if (there)
		response_header(&call->response, "X-Gatepost-Location", location.text);
	return OK;
}

enum err verify_access(struct call *call)
{
	guarded_decide(call);
	if (!guarded_is_granted(call))
		return refuse(call);
	response_status(&call->response, 200);
	return facts_add(call, FACTS_HEADERS);
}
