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
	answer_asset(call, asset);
	return OK;
}
