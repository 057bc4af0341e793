/* The only door to a mail server: one connection, many mails (libcurl). */
#include "smtp.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "signals.h"

#define ARENA ((size_t)16 * 1024)
#define URL_MAX 1024
#define CONNECT_SECONDS 20L
#define GOODBYE_MS 1000L
#define COMMAND 4 /* letters of a command */

/* Replies that say more than their first digit (RFC 5321 §4.2.3, RFC 4954 §6). */
#define REPLY_CLOSING 421
#define REPLY_UNPROVEN 530
#define REPLY_FULL 552

/* How far a mail has come: the last command that was sent. */
enum stage { STAGE_BEFORE = 0, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_BODY };

struct smtp {
	struct arena *arena; /* holds this struct */
	const struct config *config;
	CURL *curl;
	/* Of the mail on its way. */
	struct str rest;
	enum stage stage;
	bool deaf;         /* something else was said since: good-bye */
	unsigned reply;    /* to the last command; 0: none yet */
	char enhanced[12]; /* "5.1.1" (RFC 3463), "": none */
	int64_t stop_since;
};

static size_t give_text(char *out, size_t size, size_t n, void *opaque)
{
	struct smtp *smtp = opaque;
	size_t room = size * n;
	size_t part = smtp->rest.n < room ? smtp->rest.n : room;

	memcpy(out, smtp->rest.p, part);
	smtp->rest = str_sub(smtp->rest, part, smtp->rest.n);
	return part;
}

/* No server's text is for us. */
static size_t drop(const char *bytes, size_t size, size_t n, void *opaque)
{
	(void)bytes;
	(void)opaque;
	return size * n;
}

static void note_command(struct smtp *smtp, struct str line)
{
	static const struct {
		struct str word;
		enum stage stage;
	} commands[] = {
		{{"MAIL", COMMAND}, STAGE_MAIL},
		{{"RCPT", COMMAND}, STAGE_RCPT},
		{{"DATA", COMMAND}, STAGE_DATA},
	};

	smtp->deaf = smtp->stage != STAGE_BEFORE;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (!str_starts(line, commands[i].word))
			continue;
		smtp->deaf = false;
		smtp->stage = commands[i].stage;
		smtp->reply = 0;
		smtp->enhanced[0] = '\0';
	}
}

/* "550 5.1.1 …": numbers only; what else it says may repeat an address or a link. */
static void note_reply(struct smtp *smtp, struct str line)
{
	uint64_t reply = 0;
	size_t n = 0;

	if (smtp->deaf || line.n < 4 || str_to_u64(str_sub(line, 0, 3), 999, &reply) != OK)
		return;
	smtp->reply = (unsigned)reply;
	line = str_sub(line, 4, line.n);
	while (n < line.n && n + 1 < sizeof smtp->enhanced &&
	       str_contains(STR("0123456789."), line.p[n]))
		n++;
	if (n < 5 || line.p[1] != '.')
		n = 0;
	memcpy(smtp->enhanced, line.p, n);
	smtp->enhanced[n] = '\0';
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as libcurl calls it. */
static int watch(CURL *curl, curl_infotype type, char *bytes, size_t n, void *opaque)
{
	struct smtp *smtp = opaque;
	struct str line = {.p = bytes, .n = n};

	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_command(smtp, line);
	if (type == CURLINFO_HEADER_IN)
		note_reply(smtp, line);
	if (type == CURLINFO_DATA_OUT && smtp->stage == STAGE_DATA) {
		smtp->stage = STAGE_BODY;
		smtp->reply = 0;
		smtp->enhanced[0] = '\0';
	}
	return 0;
}

/* Called about once a second, and oftener while something moves. */
static int may_go_on(void *opaque, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct smtp *smtp = opaque;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return signals_is_over(&smtp->stop_since) ? 1 : 0;
}

static void set_callbacks(struct smtp *smtp)
{
	CURL *curl = smtp->curl;

	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_text);
	curl_easy_setopt(curl, CURLOPT_READDATA, smtp);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, may_go_on);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static void set_safety(struct smtp *smtp)
{
	const struct config *config = smtp->config;
	CURL *curl = smtp->curl;
	bool plain = config->mail.smtp_tls == MAIL_PLAIN;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(config->mail.timeout / CLOCK_MS));
	/* Anything less could be talked out of TLS on the way. */
	curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!str_is_present(config->mail.smtp_ca))
		return;
	curl_easy_setopt(curl, CURLOPT_CAINFO, config->mail.smtp_ca.p);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

/* The name behind the slash is what we call ourselves: the sender's domain. */
static enum err set_server(struct smtp *smtp)
{
	const struct config *config = smtp->config;
	bool six = str_contains(config->mail.smtp_host, ':');
	struct str url = STR_NONE;
	struct str local = STR_NONE;
	struct str domain = STR_NONE;
	struct buf buf;

	(void)str_cut(config->mail.from, '@', &local, &domain);
	buf_init(&buf, smtp->arena, URL_MAX);
	buf_add(&buf, config->mail.smtp_tls == MAIL_IMPLICIT ? STR("smtps://") : STR("smtp://"));
	buf_add(&buf, six ? STR("[") : STR(""));
	buf_add(&buf, config->mail.smtp_host);
	buf_add(&buf, six ? STR("]:") : STR(":"));
	buf_add_u64(&buf, config->mail.smtp_port);
	buf_add_char(&buf, '/');
	buf_add(&buf, domain);
	TRY(buf_str(&buf, &url));
	curl_easy_setopt(smtp->curl, CURLOPT_URL, url.p);
	if (!str_is_present(config->mail.smtp_user))
		return OK;
	curl_easy_setopt(smtp->curl, CURLOPT_USERNAME, config->mail.smtp_user.p);
	curl_easy_setopt(smtp->curl, CURLOPT_PASSWORD,
			 (const char *)config->mail.smtp_password.bytes);
	return OK;
}

enum err smtp_open(const struct config *config, struct smtp **out)
{
	struct arena *arena = NULL;

	TRY(arena_open(ARENA, ARENA, &arena));
	struct smtp *smtp = arena_alloc(arena, sizeof *smtp);
	if (smtp == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	smtp->arena = arena;
	smtp->config = config;
	smtp->curl = curl_easy_init();
	enum err e = smtp->curl == NULL ? ERR_MEMORY : set_server(smtp);
	if (e != OK) {
		smtp_close(&smtp);
		return e;
	}
	set_safety(smtp);
	set_callbacks(smtp);
	*out = smtp;
	return OK;
}

static curl_socket_t socket_of(struct smtp *smtp)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(smtp->curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
		return CURL_SOCKET_BAD;
	return fd;
}

/*
 * libcurl's own good-bye waits two minutes for a server that has fallen silent: so it is said as a
 * command, which has a second, and the rest is not heard.
 */
void smtp_rest(struct smtp *smtp)
{
	CURL *curl = smtp->curl;

	if (socket_of(smtp) == CURL_SOCKET_BAD)
		return;
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 0L);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, NULL);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "QUIT");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, GOODBYE_MS);
	(void)curl_easy_perform(curl);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, NULL);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(smtp->config->mail.timeout / CLOCK_MS));
	curl_socket_t left = socket_of(smtp);
	if (left != CURL_SOCKET_BAD)
		(void)shutdown(left, SHUT_RDWR);
}

void smtp_close(struct smtp **smtp)
{
	if (*smtp == NULL)
		return;
	struct arena *arena = (*smtp)->arena;
	if ((*smtp)->curl != NULL)
		smtp_rest(*smtp);
	curl_easy_cleanup((*smtp)->curl);
	curl_global_cleanup();
	arena_close(&arena);
	*smtp = NULL;
}

/* "<ADDRESS>", so that libcurl makes nothing of it. */
static struct curl_slist *list_recipient(const struct parcel *parcel)
{
	char text[300];

	(void)snprintf(text, sizeof text, "<%.*s>", (int)parcel->to.n, parcel->to.p);
	return curl_slist_append(NULL, text);
}

static CURLcode perform(struct smtp *smtp, const struct parcel *parcel)
{
	struct curl_slist *recipients = list_recipient(parcel);
	char from[300];
	CURL *curl = smtp->curl;

	if (recipients == NULL)
		return CURLE_OUT_OF_MEMORY;
	(void)snprintf(from, sizeof from, "<%.*s>", (int)parcel->from.n, parcel->from.p);
	smtp->rest = parcel->text;
	smtp->stage = STAGE_BEFORE;
	smtp->deaf = false;
	smtp->reply = 0;
	smtp->enhanced[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)parcel->text.n);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(recipients);
	return code;
}

/* A connection that the server had closed meanwhile: nothing of the mail was said on it. */
static bool was_stale(struct smtp *smtp, CURLcode code)
{
	long made = 0;

	return code != CURLE_OK && code != CURLE_ABORTED_BY_CALLBACK && smtp->stage <= STAGE_MAIL &&
	       smtp->reply == 0 &&
	       curl_easy_getinfo(smtp->curl, CURLINFO_NUM_CONNECTS, &made) == CURLE_OK && made == 0;
}

static enum delivery_verdict judge(const struct smtp *smtp, CURLcode code)
{
	if (code == CURLE_OK)
		return DELIVERY_SENT;
	if (smtp->stage <= STAGE_MAIL || code == CURLE_ABORTED_BY_CALLBACK ||
	    smtp->reply == REPLY_CLOSING || smtp->reply == REPLY_UNPROVEN)
		return DELIVERY_BROKEN;
	if (smtp->reply >= 500 && smtp->reply != REPLY_FULL)
		return DELIVERY_NEVER;
	return DELIVERY_LATER;
}

static void explain(const struct smtp *smtp, CURLcode code, struct delivery *out)
{
	static const char *const after[] = {
		[STAGE_BEFORE] = "before a mail",  [STAGE_MAIL] = "to the sender",
		[STAGE_RCPT] = "to the recipient", [STAGE_DATA] = "to the wish to send",
		[STAGE_BODY] = "to the mail",
	};

	if (code == CURLE_OK)
		out->reason[0] = '\0';
	else if (smtp->reply >= 400)
		(void)snprintf(out->reason, sizeof out->reason, "the server said %u%s%s %s",
			       smtp->reply, smtp->enhanced[0] == '\0' ? "" : " ", smtp->enhanced,
			       after[smtp->stage]);
	else
		(void)snprintf(out->reason, sizeof out->reason, "no answer %s: %s",
			       after[smtp->stage], curl_easy_strerror(code));
}

void smtp_send(struct smtp *smtp, const struct parcel *parcel, struct delivery *out)
{
	CURLcode code = perform(smtp, parcel);

	if (was_stale(smtp, code)) {
		curl_easy_setopt(smtp->curl, CURLOPT_FRESH_CONNECT, 1L);
		code = perform(smtp, parcel);
		curl_easy_setopt(smtp->curl, CURLOPT_FRESH_CONNECT, 0L);
	}
	out->verdict = judge(smtp, code);
	explain(smtp, code, out);
}
