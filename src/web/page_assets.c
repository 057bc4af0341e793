/* The style sheet and pictures. */
#include "answer.h"
#include "assets.h"
#include "call.h"
#include "handlers.h"

enum err page_assets_send(struct call *call)
{
	const struct asset *asset = assets_find(call->app->assets, call->match.segment);
	if (asset == NULL)
		return answer_not_found(call);
	response_status(&call->response, 200);
	response_type(&call->response, asset->type);
	response_header(&call->response, "Cache-Control", STR("public, max-age=3600"));
	response_header(&call->response, "ETag", asset->etag);
	buf_add(&call->response.body, asset->bytes);
	return OK;
}
