/* /openapi.yaml: what this API is, for programs. */
#include "answer.h"
#include "call.h"
#include "handlers.h"

enum err api_document_send(struct call *call)
{
	answer_asset(call, &call->app->document);
	return OK;
}
