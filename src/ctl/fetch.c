/* The only door to libcurl: one request to the configured server, exactly as said, and its answer.
 */
#include "fetch.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "arena.h"
#include "buf.h"
#include "secret.h"

#define BODY_MAX ((size_t)1024 * 1024)
#define HEADERS_MAX ((size_t)64 * 1024)
#define SECONDS 10L
#define ARENA ((size_t)1024)

struct fetch {
	struct arena *arena; /* holds this struct */
	CURL *curl;
	struct curl_slist *resolve;
};

static void set_up(struct fetch *fetch, const char *ca)
{
	CURL *curl = fetch->curl;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, SECONDS);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, fetch->resolve);
	if (ca == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

enum err fetch_open(const char *ca, const char *resolve, struct fetch **out)
{
	struct arena *arena = NULL;

	TRY(arena_open(ARENA, ARENA, &arena));
	struct fetch *fetch = arena_alloc(arena, sizeof *fetch);
	if (fetch == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	fetch->arena = arena;
	fetch->curl = curl_easy_init();
	if (resolve != NULL)
		fetch->resolve = curl_slist_append(NULL, resolve);
	if (fetch->curl == NULL || (resolve != NULL && fetch->resolve == NULL)) {
		fetch_close(&fetch);
		return ERR_MEMORY;
	}
	set_up(fetch, ca);
	*out = fetch;
	return OK;
}

void fetch_close(struct fetch **fetch)
{
	if (*fetch == NULL)
		return;
	struct arena *arena = (*fetch)->arena;
	curl_easy_cleanup((*fetch)->curl);
	curl_slist_free_all((*fetch)->resolve);
	curl_global_cleanup();
	arena_close(&arena);
	*fetch = NULL;
}

/* What comes beyond the buffer's maximum is thrown away; an answer is still an answer. */
static size_t keep(const char *bytes, size_t size, size_t n, void *opaque)
{
	struct buf *buf = opaque;
	size_t room = buf->max - buf->n;
	size_t all = size * n;

	buf_add(buf, (struct str){.p = bytes, .n = all < room ? all : room});
	return all;
}

static struct curl_slist *list_headers(const struct fetch_request *request)
{
	/* "Expect:" keeps libcurl from asking first whether it may send a body. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	if (list != NULL && str_is_present(request->body))
		list = curl_slist_append(list, "Content-Type: application/json");
	for (size_t i = 0; i < FETCH_HEADERS && list != NULL; i++)
		if (str_is_present(request->headers[i]))
			list = curl_slist_append(list, request->headers[i].p);
	return list;
}

static void wipe_headers(struct curl_slist *list)
{
	for (struct curl_slist *item = list; item != NULL; item = item->next)
		secret_wipe_bytes(item->data, strlen(item->data));
	curl_slist_free_all(list);
}

static void set_request(CURL *curl, const struct fetch_request *request, struct buf *headers,
			struct buf *body)
{
	bool post = str_is_present(request->body);

	curl_easy_setopt(curl, CURLOPT_URL, request->url.p);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, request->plain ? "http" : "https");
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	if (post) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.p);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.n);
	} else {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	}
	/* An answer to HEAD has no body to wait for. */
	if (request->method != NULL && str_equal(str_of(request->method), STR("HEAD")))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static void explain(CURLcode code, struct fetch_answer *answer)
{
	answer->answered = code == CURLE_OK;
	answer->untrusted = code == CURLE_PEER_FAILED_VERIFICATION ||
			    code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
	(void)snprintf(answer->trouble, sizeof answer->trouble, "%s",
		       code == CURLE_OK ? "" : curl_easy_strerror(code));
}

enum err fetch_get(struct fetch *fetch, struct arena *arena, const struct fetch_request *request,
		   struct fetch_answer *out)
{
	struct fetch_answer answer = {.answered = false};
	struct curl_slist *list = list_headers(request);
	struct buf headers;
	struct buf body;
	long status = 0;

	if (list == NULL)
		return ERR_MEMORY;
	buf_init(&headers, arena, HEADERS_MAX);
	buf_init(&body, arena, BODY_MAX);
	set_request(fetch->curl, request, &headers, &body);
	curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, list);
	explain(curl_easy_perform(fetch->curl), &answer);
	curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(fetch->curl, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(fetch->curl, CURLOPT_CUSTOMREQUEST, NULL);
	wipe_headers(list);
	answer.status = (int)status;
	TRY(buf_str(&headers, &answer.headers));
	TRY(buf_str(&body, &answer.body));
	*out = answer;
	return OK;
}

struct str fetch_header(const struct fetch_answer *answer, const char *name, size_t n)
{
	struct str rest = answer->headers;
	struct str line = STR_NONE;
	struct str key = STR_NONE;
	struct str value = STR_NONE;

	while (str_cut(rest, '\n', &line, &rest)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (!str_cut(line, ':', &key, &value) || !str_equal_nocase(key, str_of(name)))
			continue;
		if (n-- == 0)
			return str_trim(value);
	}
	return STR_NONE;
}
