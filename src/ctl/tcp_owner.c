/* Whose a listening TCP socket of this machine is. */
#include "tcp_owner.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 512
#define RESERVED 1024 /* where the system says nothing else */
#define LISTENS STR("0A")
#define ANY_4 STR("00000000")
#define ANY_6 STR("00000000000000000000000000000000")
#define MAPPED STR("0000000000000000FFFF0000")

/* The next word; absent: none. */
static struct str next_word(struct str *rest)
{
	struct str word = STR_NONE;

	*rest = str_trim(*rest);
	if (rest->n == 0)
		return STR_NONE;
	str_cut(*rest, ' ', &word, rest);
	return word;
}

/* An address there is as it lies in memory, by words of four bytes. */
static unsigned fit_address(struct str text, const struct sockaddr_in *address)
{
	char wanted[9];

	(void)snprintf(wanted, sizeof wanted, "%08X", (unsigned)address->sin_addr.s_addr);
	if (str_equal(text, str_of(wanted)))
		return 3;
	if (str_starts(text, MAPPED) && str_equal(str_sub(text, MAPPED.n, text.n), str_of(wanted)))
		return 3;
	if (str_equal(text, ANY_4))
		return 2;
	return str_equal(text, ANY_6) ? 1 : 0;
}

unsigned tcp_owner_fit(struct str line, const struct sockaddr_in *address, uid_t *owner)
{
	struct str words[8];
	struct str host = STR_NONE;
	struct str port = STR_NONE;
	char wanted[5];
	uint64_t uid = 0;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		words[i] = next_word(&line);
	(void)snprintf(wanted, sizeof wanted, "%04X", (unsigned)ntohs(address->sin_port));
	if (!str_is_present(words[7]) || !str_equal(words[3], LISTENS) ||
	    !str_cut(words[1], ':', &host, &port) || !str_equal(port, str_of(wanted)) ||
	    str_to_u64(words[7], UINT32_MAX, &uid) != OK)
		return 0;
	unsigned fit = fit_address(host, address);
	if (fit > 0)
		*owner = (uid_t)uid;
	return fit;
}

/* The better of what was found before and what is in this file. */
static unsigned look(const char *path, const struct sockaddr_in *address, unsigned best,
		     uid_t *owner)
{
	char line[LINE_MAX_BYTES];
	FILE *file = fopen(path, "re");
	uid_t uid = 0;

	if (file == NULL)
		return best;
	while (fgets(line, sizeof line, file) != NULL) {
		unsigned fit = tcp_owner_fit(str_of(line), address, &uid);

		if (fit <= best)
			continue;
		best = fit;
		*owner = uid;
	}
	(void)fclose(file);
	return best;
}

bool tcp_owner(const struct sockaddr_in *address, uid_t *owner)
{
	uid_t uid = 0;
	unsigned best = look("/proc/net/tcp", address, 0, &uid);

	best = look("/proc/net/tcp6", address, best, &uid);
	*owner = uid;
	return best > 0;
}

bool tcp_owner_is_reserved(unsigned port)
{
	char line[LINE_MAX_BYTES];
	uint64_t start = RESERVED;
	FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");

	if (file != NULL && fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (str_to_u64(str_of(line), UINT16_MAX, &start) != OK)
			start = 0;
	}
	if (file != NULL)
		(void)fclose(file);
	return port < start;
}

bool tcp_owner_parse(struct str address, struct sockaddr_in *out)
{
	char host[INET_ADDRSTRLEN] = "";
	struct str left = STR_NONE;
	struct str right = STR_NONE;
	uint64_t port = 0;

	if (!str_cut(address, ':', &left, &right) || left.n >= sizeof host ||
	    str_to_u64(right, UINT16_MAX, &port) != OK)
		return false;
	memcpy(host, left.p, left.n);
	*out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	return inet_pton(AF_INET, host, &out->sin_addr) == 1;
}
