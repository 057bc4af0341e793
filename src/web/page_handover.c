/* The page of a browser that takes a hand-over: its QR code, the code it is given, and whose. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "codec.h"
#include "guard.h"
#include "handlers.h"
#include "handover_call.h"
#include "issued.h"
#include "onward.h"
#include "qr.h"
#include "return_call.h"
#include "say.h"
#include "sha256.h"
#include "url.h"
#include "view.h"

#define LABEL_MAX 300
#define LINK_MAX 1000

struct taking_page {
	int status;
	struct str error;
};

/* "Firefox on Linux, 192.0.2.7": what this server sees, for the giver's eyes. */
static enum err device_text(struct call *call, struct str *out)
{
	struct str device;
	TRY(say_device(call, call->auth.user_agent, &device));
	const struct say_value values[] = {{"device", device}, {"ip", call->auth.ip}};
	return say_with(call, "handover.from", values, 2, out);
}

static enum err challenge_text(struct call *call, struct str *out)
{
	struct str verifier;
	TRY(handover_own_verifier(call, &verifier));
	struct digest challenge = sha256(verifier);
	struct buf text;
	char room[DIGEST_TEXT + 1];
	codec_base64url(challenge.b, DIGEST_BYTES, room);
	buf_init(&text, call->arena, DIGEST_TEXT);
	buf_add(&text, (struct str){room, DIGEST_TEXT});
	return buf_str(&text, out);
}

static enum err link_path(struct call *call, struct str *out)
{
	struct handover_link link = {.to = handover_receiver_word(HANDOVER_BROWSER)};
	struct str sign;
	struct buf text;
	TRY(challenge_text(call, &link.challenge));
	TRY(device_text(call, &link.device));
	TRY(handover_sign(call, &link, &sign));
	buf_init(&text, call->arena, LINK_MAX);
	buf_add(&text, STR("/handover/give?challenge="));
	buf_add(&text, link.challenge);
	buf_add(&text, STR("&to="));
	buf_add(&text, link.to);
	buf_add(&text, STR("&device="));
	url_add_encoded(&text, link.device);
	buf_add(&text, STR("&sign="));
	buf_add(&text, sign);
	return buf_str(&text, out);
}

static enum err add_qr(struct call *call, struct template_data *data)
{
	const struct config *config = call->app->config;
	struct str path;
	struct url own, link;
	struct qr qr;
	TRY(link_path(call, &path));
	TRY(url_own(call->arena, config->server.base_path, path, &own));
	TRY(url_absolute(call->arena, config->server.origin, own.text, &link));
	TRY(qr_encode(call->arena, link.text, &qr));
	template_text(data, "qr_size", qr.size);
	template_text(data, "qr_path", qr.path);
	template_url(data, "url_give", link);
	return OK;
}

static enum err show_start(struct call *call, const struct taking_page *page)
{
	struct return_to target = return_of_call(call);
	struct template_data *data;
	/* The -pre cookie comes first: the page's token may be bound to it as well. */
	TRY(guard_pre(call));
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/handover")));
	TRY(return_url(call, &target, data, "url_login", STR("/login")));
	TRY(add_qr(call, data));
	template_text(data, "return_to", target.url.text);
	template_text(data, "error", page->error);
	return view_page(call, page->status, "handover.html", data);
}

static enum err show_refused(struct call *call, enum handover_verdict verdict)
{
	struct taking_page page = {.status = 400, .error = say(call, "handover.wrong")};
	if (verdict == HANDOVER_OVER)
		page = (struct taking_page){.status = 410, .error = say(call, "handover.over")};
	return show_start(call, &page);
}

/* What this browser would take: its own verifier, and that somebody else may be signed in here. */
static enum err request_of(struct call *call, struct handover_request *out)
{
	*out = (struct handover_request){
		.receiver = HANDOVER_BROWSER,
		.replaces_other = true,
		.presented = &call->credential,
		.current = &call->session,
	};
	return handover_own_verifier(call, &out->verifier);
}

/* The row's key stands for the code: without this browser's cookie it is worth nothing. */
static bool read_ticket(struct str text, struct handover_request *request)
{
	if (codec_base64url_decode(text, request->hashes[0].b, DIGEST_BYTES) != OK)
		return false;
	request->hashes[1] = request->hashes[0];
	return true;
}

static enum err ticket_text(struct call *call, const struct handover_request *request,
			    struct str *out)
{
	char room[DIGEST_TEXT + 1];
	struct buf text;
	codec_base64url(request->hashes[0].b, DIGEST_BYTES, room);
	buf_init(&text, call->arena, DIGEST_TEXT);
	buf_add(&text, (struct str){room, DIGEST_TEXT});
	return buf_str(&text, out);
}

static enum err ask(struct call *call, const struct handover_request *request, int status,
		    struct str error)
{
	struct session_found found = {.user_state = USER_NONE};
	struct return_to target = return_of_call(call);
	enum handover_verdict verdict;
	struct template_data *data;
	struct user_row user;
	struct str ticket;
	TRY(handover_look(&call->auth, request, &verdict, &user));
	if (verdict != HANDOVER_ACCEPTED)
		return show_refused(call, verdict);
	found.username = user.username;
	found.email = user.email;
	found.display_name = user.display_name;
	TRY(ticket_text(call, request, &ticket));
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/handover")));
	answer_person(data, &found);
	template_text(data, "ticket", ticket);
	template_text(data, "return_to", target.url.text);
	template_text(data, "error", error);
	template_flag(data, "is_other",
		      call->session.standing == SESSION_LIVE &&
			      !id_equal(call->session.found.session.user_id, user.id));
	return view_page(call, status, "handover-continue.html", data);
}

/* The code leaves the address bar before anything is shown. */
static enum err exchange(struct call *call, struct str code)
{
	struct return_to target = return_of_call(call);
	struct handover_request request;
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct user_row user;
	struct str ticket, path;
	struct buf text;
	TRY(request_of(call, &request));
	if (handover_code_hashes(call->app->keys, code, request.hashes))
		TRY(handover_look(&call->auth, &request, &verdict, &user));
	if (verdict != HANDOVER_ACCEPTED)
		return show_refused(call, verdict);
	TRY(ticket_text(call, &request, &ticket));
	buf_init(&text, call->arena, LABEL_MAX);
	buf_add(&text, STR("/handover?ticket="));
	buf_add(&text, ticket);
	TRY(buf_str(&text, &path));
	TRY(return_path(call, &target, path, &path));
	return view_redirect(call, path);
}

enum err page_handover_show(struct call *call)
{
	struct str code = call_query(call, "code"), ticket = call_query(call, "ticket");
	struct handover_request request;
	if (str_is_present(code))
		return exchange(call, code);
	if (!str_is_present(ticket))
		return show_start(call, &(struct taking_page){.status = 200});
	TRY(request_of(call, &request));
	if (!read_ticket(ticket, &request))
		return show_refused(call, HANDOVER_REFUSED);
	return ask(call, &request, 200, STR_NONE);
}

static enum err take(struct call *call, struct handover_request *request)
{
	struct signin_form form = {
		.identifier = STR("handover"),
		.password = request->verifier,
		.carrier = CARRIER_COOKIE,
		.client = CLIENT_PAGES,
	};
	struct return_to target = return_of_call(call);
	enum handover_verdict verdict;
	struct session_issued issued;
	TRY(handover_of_call(call, &form, request, &verdict, &issued));
	if (verdict != HANDOVER_ACCEPTED)
		return show_refused(call, verdict);
	return onward_go(call, &issued.session, &target, STR("/account"));
}

enum err page_handover_post(struct call *call)
{
	struct str code = call_text(call, "code"), ticket = call_text(call, "ticket");
	struct handover_request request;
	TRY(request_of(call, &request));
	if (str_is_present(ticket)) {
		if (!read_ticket(ticket, &request))
			return show_refused(call, HANDOVER_REFUSED);
		return call->csrf_stale ? ask(call, &request, 403, say(call, "page.stale"))
					: take(call, &request);
	}
	if (call->csrf_stale)
		return show_start(call, &(struct taking_page){403, say(call, "page.stale")});
	/* Shows whose it is; it is used by the next form only. */
	if (!handover_code_hashes(call->app->keys, code, request.hashes))
		return show_refused(call, HANDOVER_REFUSED);
	return ask(call, &request, 200, STR_NONE);
}
