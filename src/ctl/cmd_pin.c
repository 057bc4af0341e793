/* gatepost pin */
#include <fcntl.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "ctl.h"
#include "output.h"
#include "pin.h"

#define FILE_MAX ((size_t)1024 * 1024)

static const char PRIVATE[] =
	"has a private key in it, which no pin needs; nothing was taken from it. Give the "
	"certificate, or the public key alone (openssl pkey -in FILE -pubout)";

static const char *const FLAWS[] = {
	[PIN_PRIVATE] = PRIVATE,
	[PIN_NONE] = "has no certificate and no public key in PEM",
	[PIN_BROKEN] = "has a certificate or public key that cannot be read",
	[PIN_TOO_MANY] = "has too many certificates",
};

static enum err read_all(int fd, struct arena *arena, struct str *out)
{
	char *text = arena_alloc(arena, FILE_MAX + 1);
	size_t n = 0;
	ssize_t got = 1;

	if (text == NULL)
		return ERR_MEMORY;
	while (got > 0 && n <= FILE_MAX) {
		got = read(fd, text + n, FILE_MAX + 1 - n);
		if (got > 0)
			n += (size_t)got;
	}
	if (got < 0)
		return ERR_IO;
	if (n > FILE_MAX)
		return ERR_TOO_LARGE;
	*out = (struct str){text, n};
	return OK;
}

static bool is_stdin(struct str file)
{
	return str_equal(file, STR("-"));
}

/* Links are followed: what renews certificates keeps the newest behind one. */
static enum err load(struct str file, struct arena *arena, struct str *out)
{
	if (is_stdin(file))
		return read_all(STDIN_FILENO, arena, out);
	int fd = open(file.p, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	enum err e = read_all(fd, arena, out);
	(void)close(fd);
	return e;
}

static void add_json(struct json_out *json, struct str file, const struct pin *pin, int64_t now)
{
	json_open_object(json, NULL);
	json_text(json, "file", file);
	json_text(json, "subject", pin->subject);
	json_time(json, "not_after", pin->certified ? pin->until : 0);
	json_bool(json, "expired", pin->certified && pin->until < now);
	json_text(json, "pin_sha256", str_of(pin->text));
	json_close_object(json);
}

static void add_text(struct buf *buf, struct str file, const struct pin *pin, int64_t now)
{
	output_plain(buf, is_stdin(file) ? STR("standard input") : file);
	if (pin->certified) {
		buf_add(buf, STR(": "));
		output_plain(buf, pin->subject.n > 0 ? pin->subject
						     : STR("a certificate without a name"));
		buf_add(buf, pin->until < now ? STR(", EXPIRED ") : STR(", until "));
		clock_add_rfc3339(buf, pin->until);
	} else {
		buf_add(buf, STR(": a public key"));
	}
	buf_addf(buf, "\n  pin-sha256=\"%s\"", pin->text);
	buf_addf(buf, "\n  OkHttp        sha256/%s", pin->text);
	buf_addf(buf, "\n  Apple         %s", pin->text);
	buf_addf(buf, "\n  curl          --pinnedpubkey sha256//%s\n", pin->text);
}

static enum ctl_exit failed(struct str file, enum err e)
{
	const char *name = is_stdin(file) ? "standard input" : file.p;

	if (e == ERR_TOO_LARGE)
		return ctl_say(CTL_REFUSED, "%s: is larger than %zu KiB", name, FILE_MAX / 1024);
	if (e == ERR_IO)
		return ctl_say(CTL_REFUSED, "%s: cannot be read", name);
	return ctl_say(CTL_UNAVAILABLE, "failed: %s", err_name(e));
}

static enum ctl_exit add_file(struct ctl *ctl, struct str file, struct output *output)
{
	struct pins *pins = arena_alloc(ctl->auth.arena, sizeof *pins);
	struct str text = STR_NONE;
	enum pin_flaw flaw = PIN_NONE;
	enum err e = pins == NULL ? ERR_MEMORY : load(file, ctl->auth.arena, &text);

	if (e == OK)
		e = pin_read(ctl->auth.arena, text, pins, &flaw);
	if (e != OK)
		return failed(file, e);
	if (flaw != PIN_FINE)
		return ctl_say(CTL_REFUSED, "%s: %s", is_stdin(file) ? "standard input" : file.p,
			       FLAWS[flaw]);
	for (size_t i = 0; i < pins->n; i++) {
		if (output->is_json)
			add_json(&output->json, file, &pins->keys[i], ctl->auth.now);
		else
			add_text(&output->buf, file, &pins->keys[i], ctl->auth.now);
	}
	return CTL_FINE;
}

enum ctl_exit cmd_pin(struct ctl *ctl)
{
	struct output output;
	enum ctl_exit code = CTL_FINE;

	if (ctl->line.word_count < 2)
		return ctl_say(CTL_USAGE, "which certificate? See gatepost pin --help");
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "pins");
	}
	for (size_t i = 0; i + 1 < ctl->line.word_count && code == CTL_FINE; i++)
		code = add_file(ctl, ctl->operands[i], &output);
	if (code != CTL_FINE)
		return code;
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}
