/* Asking what listens on an authorizer's socket, as a web server does: FastCGI, role Authorizer. */
#include "authorizer_ask.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"

/* FastCGI 1.0 §8 */
#define VERSION 1
#define BEGIN_REQUEST 1
#define END_REQUEST 3
#define PARAMS 4
#define STDOUT 6
#define ROLE_AUTHORIZER 2
#define HEADER 8

#define QUESTION_MAX ((size_t)16 * 1024)
#define ANSWER_MAX ((size_t)256 * 1024)
#define SECONDS 10

static void add_record(struct buf *buf, unsigned type, struct str content)
{
	const char header[HEADER] = {
		VERSION, (char)type, 0, 1, (char)(content.n >> 8), (char)(content.n & 0xff), 0, 0};

	buf_add(buf, (struct str){.p = header, .n = sizeof header});
	buf_add(buf, content);
}

static void add_length(struct buf *buf, size_t n)
{
	const char bytes[] = {(char)(0x80 | (n >> 24 & 0x7f)), (char)(n >> 16 & 0xff),
			      (char)(n >> 8 & 0xff), (char)(n & 0xff)};

	buf_add(buf, (struct str){.p = bytes, .n = sizeof bytes});
}

static void add_param(struct buf *buf, const char *name, struct str value)
{
	struct str key = str_of(name);

	add_length(buf, key.n);
	add_length(buf, value.n);
	buf_add(buf, key);
	buf_add(buf, value);
}

static enum err write_question(struct arena *arena, const struct authorizer_question *question,
			       struct str *out)
{
	static const char begin[HEADER] = {0, ROLE_AUTHORIZER, 0, 0, 0, 0, 0, 0};
	struct buf params;
	struct buf all;
	struct str text = STR_NONE;

	buf_init(&params, arena, QUESTION_MAX);
	add_param(&params, "REQUEST_METHOD", STR("GET"));
	add_param(&params, "REQUEST_URI", question->target);
	add_param(&params, "QUERY_STRING", STR(""));
	add_param(&params, "REQUEST_SCHEME", STR("https"));
	add_param(&params, "HTTPS", STR("on"));
	add_param(&params, "HTTP_HOST", question->host);
	add_param(&params, "HTTP_ACCEPT", STR("application/json"));
	TRY(buf_str(&params, &text));
	buf_init(&all, arena, QUESTION_MAX);
	add_record(&all, BEGIN_REQUEST, (struct str){.p = begin, .n = sizeof begin});
	add_record(&all, PARAMS, text);
	add_record(&all, PARAMS, STR(""));
	return buf_str(&all, out);
}

static size_t length_at(struct str bytes, size_t at)
{
	return (size_t)(unsigned char)bytes.p[at] << 8 | (unsigned char)bytes.p[at + 1];
}

/* All of STDOUT; false: the request has not ended. */
static bool collect(struct str bytes, struct buf *out)
{
	size_t at = 0;

	while (bytes.n - at >= HEADER) {
		size_t content = length_at(bytes, at + 4);
		size_t padding = (unsigned char)bytes.p[at + 6];

		if (bytes.n - at - HEADER < content + padding)
			return false;
		if (bytes.p[at + 1] == END_REQUEST)
			return true;
		if (bytes.p[at + 1] == STDOUT)
			buf_add(out, str_sub(bytes, at + HEADER, at + HEADER + content));
		at += HEADER + content + padding;
	}
	return false;
}

/* Headers and body of a CGI answer; either line end. */
static void split(struct str text, struct fetch_answer *answer)
{
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = str_sub(text, i, text.n);
		size_t end = str_starts(rest, STR("\n\r\n")) ? 3
			     : str_starts(rest, STR("\n\n")) ? 2
							     : 0;

		if (end == 0)
			continue;
		answer->headers = str_sub(text, 0, i + 1);
		answer->body = str_sub(text, i + end, text.n);
		return;
	}
	answer->headers = text;
	answer->body = STR("");
}

bool authorizer_read(struct arena *arena, struct str bytes, struct fetch_answer *answer)
{
	struct fetch_answer there = {.answered = true, .status = 200};
	struct str text = STR_NONE;
	struct str digits = STR_NONE;
	struct str words = STR_NONE;
	uint64_t status = 0;
	struct buf out;

	buf_init(&out, arena, ANSWER_MAX);
	if (!collect(bytes, &out) || buf_str(&out, &text) != OK)
		return false;
	split(text, &there);
	str_cut(fetch_header(&there, "Status", 0), ' ', &digits, &words);
	if (str_is_present(digits) && str_to_u64(digits, 999, &status) == OK)
		there.status = (int)status;
	*answer = there;
	return true;
}

static bool send_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
	return true;
}

static enum err receive(int fd, struct arena *arena, struct fetch_answer *answer)
{
	int64_t until = clock_monotonic() + SECONDS * CLOCK_SECOND;
	char part[4096];
	struct buf bytes;
	struct str all = STR_NONE;

	buf_init(&bytes, arena, ANSWER_MAX);
	while (clock_monotonic() < until) {
		ssize_t n = recv(fd, part, sizeof part, 0);
		if (n <= 0)
			break;
		buf_add(&bytes, (struct str){.p = part, .n = (size_t)n});
		TRY(buf_str(&bytes, &all));
		if (authorizer_read(arena, all, answer))
			return OK;
	}
	(void)snprintf(answer->trouble, sizeof answer->trouble, "no end of the request came");
	return OK;
}

enum err authorizer_ask(int fd, struct arena *arena, const struct authorizer_question *question,
			struct fetch_answer *out)
{
	const struct timeval patience = {.tv_sec = SECONDS};
	struct fetch_answer answer = {.answered = false};
	struct str bytes = STR_NONE;
	enum err e = write_question(arena, question, &bytes);

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (e == OK && send_all(fd, bytes))
		e = receive(fd, arena, &answer);
	else if (e == OK)
		(void)snprintf(answer.trouble, sizeof answer.trouble, "the question was not taken");
	(void)close(fd);
	/* More than any answer of ours is none. */
	if (e == ERR_TOO_LARGE) {
		answer = (struct fetch_answer){.trouble = "its answer has no end"};
		e = OK;
	}
	TRY(e);
	*out = answer;
	return OK;
}
