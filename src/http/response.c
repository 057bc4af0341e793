/* An answer: its own headers and body, the headers every answer has, one piece of memory, one
 * write. */
#include "response.h"

#include <string.h>

#include "arena.h"
#include "cookie.h"
#include "fcgi.h"
#include "url.h"

#define USUAL_BYTES 1000
#define STATUS_BYTES 160 /* of the lines Status, Cache-Control and Content-Length */
#define NO_STORE "Cache-Control: no-store\r\n"

/* On every answer (HD-02 to HD-05, HD-07, HD-10). */
#define CSP                                                                                        \
	"Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; "       \
	"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "            \
	"object-src 'none'"
#define OTHERS                                                                                     \
	"X-Content-Type-Options: nosniff\r\n"                                                      \
	"Referrer-Policy: same-origin\r\n"                                                         \
	"X-Frame-Options: DENY\r\n"                                                                \
	"Cross-Origin-Opener-Policy: same-origin\r\n"                                              \
	"Cross-Origin-Resource-Policy: same-origin\r\n"                                            \
	"Permissions-Policy: camera=(), microphone=(), geolocation=(), "                           \
	"publickey-credentials-get=(self), publickey-credentials-create=(self)\r\n"
static const char fixed_headers[] = OTHERS CSP "\r\n";
static const char connecting_headers[] = OTHERS CSP "; connect-src 'self'\r\n";

const char *response_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{303, "See Other"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{409, "Conflict"},
		{410, "Gone"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{421, "Misdirected Request"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Error";
}

void response_init(struct response *response, struct arena *arena)
{
	*response = (struct response){.status = 200};
	buf_init(&response->headers, arena, RESPONSE_HEADERS_MAX);
	buf_init(&response->body, arena, RESPONSE_BODY_MAX);
	/* What an answer to a program takes: it grows by no copy. */
	buf_expect(&response->headers, USUAL_BYTES);
	buf_expect(&response->body, USUAL_BYTES);
}

void response_reset(struct response *response)
{
	bool head_only = response->head_only;

	response_init(response, response->headers.arena);
	response->head_only = head_only;
}

void response_status(struct response *response, int status)
{
	response->status = status;
}

/* Takes out the lines that begin with prefix. */
static void drop_lines(struct buf *headers, struct str prefix)
{
	struct str rest = {.p = headers->p, .n = headers->n};
	struct str line = STR_NONE;
	size_t kept = 0;

	while (str_cut(rest, '\n', &line, &rest)) {
		if (str_starts(line, prefix))
			continue;
		memmove(headers->p + kept, line.p, line.n + 1);
		kept += line.n + 1;
	}
	headers->n = kept;
}

static void fail(struct buf *buf, enum err failed)
{
	if (buf->failed == OK)
		buf->failed = failed;
}

void response_header(struct response *response, const char *name, struct str value)
{
	struct buf *headers = &response->headers;

	if (str_has_control(value)) {
		fail(headers, ERR_INTERNAL);
		return;
	}
	buf_add(headers, str_of(name));
	buf_add(headers, STR(": "));
	buf_add(headers, value);
	buf_add(headers, STR("\r\n"));
}

void response_drop(struct response *response, const char *name)
{
	struct buf prefix;
	struct str text = STR_NONE;

	buf_init(&prefix, response->headers.arena, USUAL_BYTES);
	buf_add(&prefix, str_of(name));
	buf_add(&prefix, STR(": "));
	enum err failed = buf_str(&prefix, &text);
	if (failed == OK)
		drop_lines(&response->headers, text);
	else
		fail(&response->headers, failed);
}

void response_cookie(struct response *response, const struct cookie *cookie)
{
	struct buf *headers = &response->headers;
	struct buf prefix;
	struct str text = STR_NONE;

	buf_init(&prefix, headers->arena, RESPONSE_HEADERS_MAX);
	buf_add(&prefix, STR("Set-Cookie: "));
	buf_add(&prefix, cookie->name);
	buf_add_char(&prefix, '=');
	enum err failed = buf_str(&prefix, &text);
	if (failed != OK) {
		fail(headers, failed);
		return;
	}
	drop_lines(headers, text);
	buf_add(headers, STR("Set-Cookie: "));
	cookie_add(headers, cookie);
	buf_add(headers, STR("\r\n"));
}

void response_type(struct response *response, const char *type)
{
	drop_lines(&response->headers, STR("Content-Type: "));
	response_header(response, "Content-Type", str_of(type));
	response->has_body = true;
}

void response_redirect(struct response *response, const struct url *location)
{
	response->status = 303;
	response->has_body = false;
	response->body.n = 0;
	drop_lines(&response->headers, STR("Content-Type: "));
	response_header(response, "Location", location->text);
}

void response_bare(struct response *response)
{
	drop_lines(&response->headers, STR("Content-Type: "));
	response->has_body = false;
	response->body.n = 0;
	response->bare = true;
}

size_t response_size(const struct response *response)
{
	size_t fixed = response->bare ? 0 : sizeof connecting_headers;

	return response->headers.n + response->body.n + fixed + STATUS_BYTES;
}

#define PARTS 12
#define NUMBER_BYTES 24

/* What an answer is made of, in order. */
struct parts {
	struct str part[PARTS];
	size_t n;
	size_t bytes;
};

static void add(struct parts *parts, struct str text)
{
	parts->part[parts->n++] = text;
	parts->bytes += text.n;
}

/* Decimal digits at the end of text. */
static struct str number(char text[NUMBER_BYTES], size_t value)
{
	size_t at = NUMBER_BYTES;

	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return (struct str){.p = text + at, .n = NUMBER_BYTES - at};
}

static enum err join(const struct parts *parts, struct arena *arena, struct str *out)
{
	char *text = arena_alloc(arena, parts->bytes);
	size_t at = 0;

	if (text == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < parts->n; i++) {
		if (parts->part[i].n > 0)
			memcpy(text + at, parts->part[i].p, parts->part[i].n);
		at += parts->part[i].n;
	}
	*out = (struct str){.p = text, .n = at};
	return OK;
}

enum err response_send(struct response *response, struct fcgi_call *call)
{
	bool bodiless = response->status == 204 || response->status == 304 || response->bare;
	char status[NUMBER_BYTES];
	char length[NUMBER_BYTES];
	struct parts parts = {.n = 0};
	struct str headers = STR_NONE;
	struct str body = STR_NONE;
	struct str answer = STR_NONE;

	TRY(buf_str(&response->headers, &headers));
	TRY(buf_str(&response->body, &body));
	if (response->status < 200 || response->status > 599)
		return ERR_INTERNAL;

	add(&parts, STR("Status: "));
	add(&parts, number(status, (size_t)response->status));
	add(&parts, STR(" "));
	add(&parts, str_of(response_reason(response->status)));
	add(&parts, response->cacheable ? STR("\r\n") : STR("\r\n" NO_STORE));
	if (!response->bare)
		add(&parts, response->connects ? STR(connecting_headers) : STR(fixed_headers));
	add(&parts, headers);
	if (!bodiless) {
		add(&parts, STR("Content-Length: "));
		add(&parts, number(length, body.n));
		add(&parts, STR("\r\n"));
	}
	add(&parts, STR("\r\n"));
	if (!bodiless && !response->head_only)
		add(&parts, body);
	TRY(join(&parts, response->headers.arena, &answer));
	return fcgi_write(call, answer);
}
