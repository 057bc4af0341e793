/* Connections before libfcgi reads them: taken without waiting, and looked at without reading. */
#include "fcgi.h"

#include <errno.h>
#include <sys/socket.h>

#include <fastcgi.h>

#include "fcgi_socket.h"

#define LOOK_BYTES 8192 /* of the longest request that is looked at whole */

enum err fcgi_next_connection(int listener, int *connection)
{
	int fd = -1;
	int error = fcgi_socket_take(listener, &fd);

	while (error == EINTR || error == ECONNABORTED)
		error = fcgi_socket_take(listener, &fd);
	if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
		return ERR_UNAVAILABLE;
	if (error != 0 && error != EAGAIN)
		return ERR_IO;
	*connection = fd;
	return OK;
}

/* A record's header (FastCGI specification §3.3) and where its content is. */
struct record {
	unsigned type;
	const unsigned char *content;
	size_t length;
	size_t whole; /* header, content and padding */
};

/* False: the header is not whole yet. */
static bool read_header(const unsigned char *bytes, size_t n, struct record *record)
{
	if (n < FCGI_HEADER_LEN)
		return false;
	record->type = bytes[1];
	record->content = bytes + FCGI_HEADER_LEN;
	record->length = (size_t)bytes[4] << 8 | bytes[5];
	record->whole = FCGI_HEADER_LEN + record->length + bytes[6];
	return true;
}

/* The first record: of a responder or an authorizer whose connection ends with the request (§5.1).
 */
static enum fcgi_arrival judge_begin(const struct record *record)
{
	const unsigned char *body = record->content;

	if (record->type != FCGI_BEGIN_REQUEST || record->length != sizeof(FCGI_BeginRequestBody))
		return FCGI_ARRIVAL_OTHER;
	bool known = body[1] == FCGI_RESPONDER || body[1] == FCGI_AUTHORIZER;
	if (body[0] != 0 || !known || (body[2] & FCGI_KEEP_CONN) != 0)
		return FCGI_ARRIVAL_OTHER;
	return FCGI_ARRIVAL_PART;
}

/* What one more whole record makes of what there was. */
static enum fcgi_arrival judge_next(enum fcgi_arrival so_far, const struct record *record)
{
	unsigned expected = so_far == FCGI_ARRIVAL_PART ? FCGI_PARAMS : FCGI_STDIN;

	if (record->type != expected)
		return FCGI_ARRIVAL_OTHER;
	if (record->length > 0)
		return so_far;
	return so_far == FCGI_ARRIVAL_PART ? FCGI_ARRIVAL_PARAMS : FCGI_ARRIVAL_WHOLE;
}

enum fcgi_arrival fcgi_arrival_of(const unsigned char *bytes, size_t n, bool more)
{
	enum fcgi_arrival arrival = FCGI_ARRIVAL_PART;
	struct record record = {.type = 0};
	size_t at = 0;

	if (n > 0 && bytes[0] != FCGI_VERSION_1)
		return FCGI_ARRIVAL_GONE;
	while (arrival == FCGI_ARRIVAL_PART || arrival == FCGI_ARRIVAL_PARAMS) {
		if (!read_header(bytes + at, n - at, &record) || record.whole > n - at)
			break;
		arrival = at == 0 ? judge_begin(&record) : judge_next(arrival, &record);
		at += record.whole;
	}
	return arrival == FCGI_ARRIVAL_PART && more ? FCGI_ARRIVAL_OTHER : arrival;
}

enum fcgi_arrival fcgi_arrival(int connection)
{
	unsigned char bytes[LOOK_BYTES];
	ssize_t n = recv(connection, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? FCGI_ARRIVAL_PART : FCGI_ARRIVAL_GONE;
	if (n == 0)
		return FCGI_ARRIVAL_GONE;
	return fcgi_arrival_of(bytes, (size_t)n, (size_t)n == sizeof bytes);
}
