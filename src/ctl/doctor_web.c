/* What arrives through the configured URL, and what the web server does to it. */
#include "buf.h"
#include "clock.h"
#include "doctor.h"
#include "drill.h"
#include "fetch.h"
#include "judge.h"

#define URL_MAX 4096
#define FOREIGN_HOST STR("Host: gatepost-doctor.invalid")

enum err web_ask(const struct web *web, const char *path, struct fetch_request *request,
		 struct fetch_answer *answer)
{
	const struct config *config = web->doctor->config;
	struct buf url;

	buf_init(&url, web->doctor->arena, URL_MAX);
	buf_add(&url, config->server.origin);
	buf_add(&url, config->server.base_path);
	buf_add(&url, str_of(path));
	TRY(buf_str(&url, &request->url));
	return fetch_get(web->fetch, web->doctor->arena, request, answer);
}

/* False: nothing more can be learned here. */
static bool check_health(const struct web *web, struct fetch_answer *answer)
{
	struct doctor *doctor = web->doctor;
	struct fetch_request request = {.plain = false};

	if (web_ask(web, "/health?ready", &request, answer) != OK) {
		doctor->complete = false;
		return false;
	}
	if (answer->untrusted) {
		doctor_add(doctor, DOCTOR_FAIL, "certificate",
			   "give the web server the whole chain; a private authority: --ca FILE",
			   "%.300s: %s", request.url.p, answer->trouble);
		return false;
	}
	if (!answer->answered) {
		doctor_add(doctor, DOCTOR_FAIL, "health",
			   "is the web server running, and does the name lead here (--resolve)?",
			   "%.300s: %s", request.url.p, answer->trouble);
		return false;
	}
	doctor_add(doctor, DOCTOR_OK, "certificate", "", "verifies");
	if (answer->status != 200) {
		doctor_add(doctor, DOCTOR_FAIL, "health",
			   "502 and 503: the worker does not answer the web server; 404: the path "
			   "does not lead to it",
			   "%.300s answers %d, not 200", request.url.p, answer->status);
		return false;
	}
	doctor_add(doctor, DOCTOR_OK, "health", "", "%.300s answers", request.url.p);
	return true;
}

static void check_hsts(struct doctor *doctor, const struct fetch_answer *answer)
{
	struct str value = fetch_header(answer, "Strict-Transport-Security", 0);
	enum doctor_result result = judge_hsts(value, doctor->config->server.hsts);

	if (doctor->config->server.hsts == 0)
		doctor_add(doctor, DOCTOR_OK, "hsts", "", "switched off by hsts = 0");
	else if (result == DOCTOR_OK)
		doctor_add(doctor, result, "hsts", "", "%.*s", (int)value.n, value.p);
	else
		doctor_add(doctor, result, "hsts",
			   "the web server takes it away or writes its own: leave it to Gatepost",
			   "arrives as \"%.*s\", configured are %lld seconds", (int)value.n,
			   value.n > 0 ? value.p : "",
			   (long long)(doctor->config->server.hsts / CLOCK_SECOND));
}

static bool contains(struct str s, struct str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++)
		if (str_equal_nocase(str_sub(s, i, i + part.n), part))
			return true;
	return false;
}

static void name_header(struct buf *text, const char *name)
{
	buf_add(text, text->n > 0 ? STR(", ") : STR(""));
	buf_add(text, str_of(name));
}

static void judge_headers(struct doctor *doctor, const struct fetch_answer *answer)
{
	static const struct {
		const char *name;
		struct str holds;
	} wanted[] = {
		{"X-Content-Type-Options", {"nosniff", 7}},
		{"Referrer-Policy", {"same-origin", 11}},
		{"X-Frame-Options", {"DENY", 4}},
		{"Cross-Origin-Opener-Policy", {"same-origin", 11}},
		{"Cross-Origin-Resource-Policy", {"same-origin", 11}},
		{"Content-Security-Policy", {"frame-ancestors 'none'", 22}},
		{"Cache-Control", {"no-store", 8}},
	};
	struct buf lost;
	struct buf twice;

	buf_init(&lost, doctor->arena, 1024);
	buf_init(&twice, doctor->arena, 1024);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (!contains(fetch_header(answer, wanted[i].name, 0), wanted[i].holds))
			name_header(&lost, wanted[i].name);
		if (str_is_present(fetch_header(answer, wanted[i].name, 1)))
			name_header(&twice, wanted[i].name);
	}
	if (lost.n > 0)
		doctor_add(doctor, DOCTOR_FAIL, "headers",
			   "the web server takes them away or changes them: leave them to Gatepost",
			   "missing or changed: %.*s", (int)lost.n, lost.p);
	else if (twice.n > 0)
		doctor_add(doctor, DOCTOR_WARN, "headers",
			   "the web server adds its own: browsers may heed either",
			   "there twice: %.*s", (int)twice.n, twice.p);
	else
		doctor_add(doctor, DOCTOR_OK, "headers", "", "all arrive");
}

static void check_headers(const struct web *web)
{
	struct fetch_request request = {.plain = false};
	struct fetch_answer answer;

	if (web_ask(web, "/login", &request, &answer) != OK)
		web->doctor->complete = false;
	else if (!answer.answered || answer.status != 200)
		doctor_add(web->doctor, DOCTOR_FAIL, "headers", "see the worker's log",
			   "%.300s does not answer 200: %d %s", request.url.p, answer.status,
			   answer.trouble);
	else
		judge_headers(web->doctor, &answer);
}

/* Only Gatepost says 401 there; whatever else refuses or shows something is another site. */
static void check_host(const struct web *web)
{
	struct fetch_request request = {.headers = {FOREIGN_HOST}};
	struct fetch_answer answer;

	if (web_ask(web, "/api/v1/session", &request, &answer) != OK)
		web->doctor->complete = false;
	else if (answer.answered && answer.status == 401)
		doctor_add(web->doctor, DOCTOR_FAIL, "host",
			   "pass Host on as it was sent (HTTP_HOST), and set no other",
			   "a request for a foreign Host reaches Gatepost as one of its own");
	else
		doctor_add(web->doctor, DOCTOR_OK, "host", "", "a foreign Host is refused (%d)",
			   answer.status);
}

/* Host without port, "[v6]" with its brackets. */
static struct str bare_host(struct str host)
{
	for (size_t i = host.n; i > 0 && host.p[i - 1] != ']'; i--)
		if (host.p[i - 1] == ':')
			return str_sub(host, 0, i - 1);
	return host;
}

static enum err ask_plain(const struct web *web, const char *path, struct fetch_answer *answer)
{
	const struct config *config = web->doctor->config;
	struct str port = ctl_value(web->doctor->ctl, CTL_HTTP_PORT);
	struct fetch_request request = {.plain = true};
	struct buf url;

	buf_init(&url, web->doctor->arena, URL_MAX);
	buf_add(&url, STR("http://"));
	buf_add(&url, bare_host(config->server.host));
	buf_add_char(&url, ':');
	buf_add(&url, str_is_present(port) ? port : STR("80"));
	buf_add(&url, config->server.base_path);
	buf_add(&url, str_of(path));
	TRY(buf_str(&url, &request.url));
	return fetch_get(web->fetch, web->doctor->arena, &request, answer);
}

static void judge_plain(struct doctor *doctor, const struct fetch_answer *page,
			const struct fetch_answer *api)
{
	struct str location = fetch_header(page, "Location", 0);
	bool moved =
		page->status >= 301 && page->status <= 308 && str_starts(location, STR("https://"));

	if (!page->answered || !api->answered)
		doctor_add(doctor, DOCTOR_WARN, "plain-http",
			   "who types the address without https meets nothing: redirect it "
			   "(--http-port when it is not 80)",
			   "does not answer: %s", page->answered ? api->trouble : page->trouble);
	else if (page->status == 200 || api->status == 200 || api->status == 401)
		doctor_add(doctor, DOCTOR_FAIL, "plain-http",
			   "redirect http to https, and let no request over http reach the worker "
			   "with HTTPS=on",
			   "pages and API are served without TLS (%d, %d)", page->status,
			   api->status);
	else if (!moved)
		doctor_add(doctor, DOCTOR_WARN, "plain-http",
			   "redirect http to https for whoever types the address",
			   "is refused (%d), but not redirected", page->status);
	else
		doctor_add(doctor, DOCTOR_OK, "plain-http", "",
			   "pages are redirected to https, the API is refused (%d)", api->status);
}

static void check_plain(const struct web *web)
{
	struct fetch_answer page;
	struct fetch_answer api;

	if (ask_plain(web, "/login", &page) != OK || ask_plain(web, "/api/v1/session", &api) != OK)
		web->doctor->complete = false;
	else
		judge_plain(web->doctor, &page, &api);
}

static void check_all(const struct web *web)
{
	const struct ctl *ctl = web->doctor->ctl;
	struct fetch_answer health;

	if (!check_health(web, &health))
		return;
	check_hsts(web->doctor, &health);
	check_headers(web);
	check_host(web);
	check_plain(web);
	doctor_guarded(web);
	if (ctl_given(ctl, CTL_NO_DRILL))
		return;
	if (ctl->auth.db == NULL || ctl->auth.keys == NULL)
		doctor_add(web->doctor, DOCTOR_FAIL, "drill", "",
			   "not run: it needs the database and the keys");
	else
		drill_run(web);
}

void doctor_web(struct doctor *doctor)
{
	struct web web = {.doctor = doctor};
	const char *const *values = doctor->ctl->line.values;

	if (fetch_open(values[CTL_CA], values[CTL_RESOLVE], &web.fetch) != OK) {
		doctor->complete = false;
		return;
	}
	check_all(&web);
	fetch_close(&web.fetch);
}
