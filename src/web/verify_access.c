/* GET /verify-access: the guard's decision for servers that ask by a request of their own. */
#include "facts.h"
#include "guarded.h"
#include "handlers.h"
#include "view.h"

/* nginx takes 401 and 403 for a refusal and everything else for a failure. */
static int status_of(enum problem problem)
{
	return problem_info(problem)->status == 401 ? 401 : 403;
}

static enum err refuse(struct call *call)
{
	enum problem problem = guarded_problem(call);
	struct url location;
	bool there = false;

	call->guarded->navigates = false;
	TRY(guarded_refuse(call));
	TRY(guarded_location(call, &location, &there));
	if (there)
		response_header(&call->response, "X-Gatepost-Location", location.text);
	response_status(&call->response, status_of(problem));
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
