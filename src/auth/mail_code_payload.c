/* What is kept with a code until it is proven, as lines of name=value. */
#include "buf.h"
#include "mail_code.h"

#define PAYLOAD_MAX 2048 /* as the column takes */

enum err mail_code_pack(struct arena *arena, const struct mail_code_value *values, size_t n,
			struct str *out)
{
	struct buf text;

	buf_init(&text, arena, PAYLOAD_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!str_is_present(values[i].value))
			continue;
		if (str_has_control(values[i].value))
			return ERR_INPUT;
		buf_add(&text, str_of(values[i].name));
		buf_add_char(&text, '=');
		buf_add(&text, values[i].value);
		buf_add_char(&text, '\n');
	}
	return buf_str(&text, out);
}

struct str mail_code_unpack(const struct mail_code_row *row, struct str name)
{
	struct str rest = row->payload;
	struct str line = STR_NONE;
	struct str key = STR_NONE;
	struct str value = STR_NONE;

	while (rest.n > 0) {
		struct str tail = STR_NONE;

		str_cut(rest, '\n', &line, &tail);
		rest = tail;
		if (str_cut(line, '=', &key, &value) && str_equal(key, name))
			return value;
	}
	return STR_NONE;
}
