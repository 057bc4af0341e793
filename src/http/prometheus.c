/* Prometheus' text format for metrics, version 0.0.4. */
#include "prometheus.h"

#include "buf.h"
#include "clock.h"

#define LABELS_MAX 8
#define DIGITS 6 /* of a microsecond, behind the point */
#define NUMBER_MAX 32

void prometheus_head(struct buf *buf, const struct prometheus_family *family)
{
	static const char *const kinds[] = {
		[PROMETHEUS_COUNTER] = "counter",
		[PROMETHEUS_GAUGE] = "gauge",
		[PROMETHEUS_HISTOGRAM] = "histogram",
	};

	buf_addf(buf, "# HELP %s %s\n", family->name, family->help);
	buf_addf(buf, "# TYPE %s %s\n", family->name, kinds[family->kind]);
}

static void add_escaped(struct buf *buf, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		if (c == '\\' || c == '"')
			buf_add_char(buf, '\\');
		if (c == '\n')
			buf_add(buf, STR("\\n"));
		else
			buf_add_char(buf, c);
	}
}

static void add_name(struct buf *buf, const struct prometheus_family *family, const char *suffix,
		     struct prometheus_labels labels)
{
	buf_add(buf, str_of(family->name));
	buf_add(buf, str_of(suffix));
	for (size_t i = 0; i < labels.n; i++) {
		buf_add_char(buf, i == 0 ? '{' : ',');
		buf_add(buf, str_of(labels.list[i].name));
		buf_add(buf, STR("=\""));
		add_escaped(buf, labels.list[i].value);
		buf_add_char(buf, '"');
	}
	buf_add(buf, labels.n > 0 ? STR("} ") : STR(" "));
}

/* No floating point: what was counted in microseconds is shown to the last of them. */
static size_t write_seconds(char text[NUMBER_MAX], uint64_t span)
{
	uint64_t whole = span / CLOCK_SECOND;
	uint64_t part = span % CLOCK_SECOND;
	size_t n = NUMBER_MAX;
	size_t end = NUMBER_MAX;

	for (unsigned i = 0; i < DIGITS; i++, part /= 10)
		text[--n] = (char)('0' + part % 10);
	text[--n] = '.';
	do {
		text[--n] = (char)('0' + whole % 10);
		whole /= 10;
	} while (whole > 0);
	while (text[end - 1] == '0')
		end--;
	if (text[end - 1] == '.')
		end--;
	for (size_t i = n; i < end; i++)
		text[i - n] = text[i];
	return end - n;
}

static struct str seconds_of(char text[NUMBER_MAX], uint64_t span)
{
	return (struct str){.p = text, .n = write_seconds(text, span)};
}

void prometheus_sample(struct buf *buf, const struct prometheus_family *family,
		       struct prometheus_labels labels, int64_t value)
{
	add_name(buf, family, "", labels);
	buf_add_i64(buf, value);
	buf_add_char(buf, '\n');
}

void prometheus_seconds(struct buf *buf, const struct prometheus_family *family,
			struct prometheus_labels labels, int64_t span)
{
	char text[NUMBER_MAX];

	add_name(buf, family, "", labels);
	if (span < 0)
		buf_add_char(buf, '-');
	buf_add(buf, seconds_of(text, span < 0 ? 0 - (uint64_t)span : (uint64_t)span));
	buf_add_char(buf, '\n');
}

static void add_count(struct buf *buf, uint64_t count)
{
	buf_add_u64(buf, count);
	buf_add_char(buf, '\n');
}

void prometheus_histogram(struct buf *buf, const struct prometheus_family *family,
			  struct prometheus_labels labels,
			  const struct prometheus_histogram *histogram)
{
	struct prometheus_label own[LABELS_MAX];
	size_t n = labels.n < LABELS_MAX ? labels.n : LABELS_MAX - 1;
	char text[NUMBER_MAX];
	uint64_t below = 0;

	for (size_t i = 0; i < n; i++)
		own[i] = labels.list[i];
	for (size_t i = 0; i <= histogram->bounds_count; i++) {
		struct str bound = STR("+Inf");
		if (i < histogram->bounds_count)
			bound = seconds_of(text, (uint64_t)histogram->bounds[i]);
		own[n] = (struct prometheus_label){.name = "le", .value = bound};
		below += histogram->counts[i];
		add_name(buf, family, "_bucket",
			 (struct prometheus_labels){.list = own, .n = n + 1});
		add_count(buf, below);
	}
	add_name(buf, family, "_sum", labels);
	buf_add(buf, seconds_of(text, histogram->sum));
	buf_add_char(buf, '\n');
	add_name(buf, family, "_count", labels);
	add_count(buf, below);
}
