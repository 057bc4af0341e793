/* The page of somebody signed in who lets another device go on as them: which one, and the code. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "fields.h"
#include "handlers.h"
#include "handover_call.h"
#include "qr.h"
#include "say.h"
#include "url.h"
#include "view.h"

#define LINK_MAX 300

/* What the link or the form says. */
struct giving {
	struct handover_link link;
	struct str sign;
	struct digest challenge;
	enum handover_receiver receiver;
	bool is_signed;
};

/* field absent: nothing is wrong. */
static struct problem_detail read(const struct call *call, bool posted, struct giving *out)
{
	struct str (*text)(const struct call *, const char *) = posted ? call_text : call_query;
	struct giving giving = {
		.link = {.challenge = text(call, "challenge"),
			 .to = text(call, "to"),
			 .device = text(call, "device")},
		.sign = text(call, "sign"),
		.challenge = {{0}},
	};
	giving.receiver = handover_receiver_of(giving.link.to);
	giving.is_signed = handover_is_signed(call, &giving.link, giving.sign);
	*out = giving;
	if (handover_challenge_of(out->link.challenge, &out->challenge) != OK)
		return (struct problem_detail){.field = STR("challenge"),
					       .reason = STR("must be 43 characters of base64url")};
	if (giving.receiver == HANDOVER_NOBODY)
		return (struct problem_detail){.field = STR("to"),
					       .reason = STR("must be browser or native")};
	if (!fields_is_device_name(giving.link.device) && !giving.is_signed)
		return (struct problem_detail){.field = STR("device"),
					       .reason =
						       STR("at most 100 characters, no controls")};
	return (struct problem_detail){.field = STR_NONE};
}

static enum err show(struct call *call, const struct giving *giving, int status, struct str error)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/handover/give")));
	answer_person(data, &call->session.found);
	template_text(data, "error", error);
	template_text(data, "challenge", giving->link.challenge);
	template_text(data, "to", giving->link.to);
	template_text(data, "device", giving->link.device);
	template_text(data, "sign", giving->sign);
	template_flag(data, "is_signed", giving->is_signed);
	template_flag(data, "is_app", giving->receiver == HANDOVER_NATIVE);
	return view_page(call, status, "handover-give.html", data);
}

enum err page_handover_ask(struct call *call)
{
	struct giving giving;
	struct problem_detail flaw = read(call, false, &giving);
	if (str_is_present(flaw.field))
		return view_problem(call, PROBLEM_INVALID_REQUEST, &flaw);
	return show(call, &giving, 200, STR_NONE);
}

/* What an app scans; a browser that opens it without being the receiver is refused. */
static enum err add_qr(struct call *call, struct str code, struct template_data *data)
{
	const struct config *config = call->app->config;
	struct str path;
	struct url own, link;
	struct qr qr;
	struct buf text;
	buf_init(&text, call->arena, LINK_MAX);
	buf_add(&text, STR("/handover?code="));
	buf_add(&text, code);
	TRY(buf_str(&text, &path));
	TRY(url_own(call->arena, config->server.base_path, path, &own));
	TRY(url_absolute(call->arena, config->server.origin, own.text, &link));
	TRY(qr_encode(call->arena, link.text, &qr));
	template_text(data, "qr_size", qr.size);
	template_text(data, "qr_path", qr.path);
	return OK;
}

static enum err show_code(struct call *call, const struct giving *giving,
			  const struct handover_given *given)
{
	/* The one page that shows a code: it is there to be typed on the other device. */
	struct str code = {(const char *)given->code.bytes, given->code.len};
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(add_qr(call, code, data));
	template_text(data, "code", code);
	template_text(data, "device", giving->link.device);
	template_flag(data, "is_app", giving->receiver == HANDOVER_NATIVE);
	return view_page(call, 200, "handover-code.html", data);
}

enum err page_handover_give(struct call *call)
{
	struct giving giving;
	struct handover_given given;
	struct problem_detail flaw = read(call, true, &giving);
	if (str_is_present(flaw.field))
		return view_problem(call, PROBLEM_INVALID_REQUEST, &flaw);
	if (call->csrf_stale)
		return show(call, &giving, 403, say(call, "page.stale"));
	TRY(handover_give(&call->auth, &call->session, &giving.challenge, giving.receiver, &given));
	return show_code(call, &giving, &given);
}
