/* Declared inputs: from query, form and JSON body to the fields that a handler may see. */
#include "inputs.h"

#include "arena.h"
#include "form.h"
#include "json.h"
#include "view.h"

#define SHOWN_NAME_MAX 64 /* of a name that a client made up */
#define FORM_TYPE "application/x-www-form-urlencoded"

/* What the problem says is enough. */
static const struct problem_sentence NOTHING = {.text = NULL};

/* One value as it came, whatever carried it. */
struct input {
	struct str name;
	enum json_type type; /* a form has only strings */
	bool from_form;
	struct str text;
	bool flag;
};

static enum err refuse(struct call *call, struct str field, const char *reason, bool *answered)
{
	struct problem_detail detail = {.field = field, .reason = str_of(reason)};
	if (field.n > SHOWN_NAME_MAX)
		detail.field = STR("(a long name)");
	*answered = true;
	return view_problem(call, PROBLEM_INVALID_REQUEST, &detail);
}

static enum err refuse_body(struct call *call, enum problem problem,
			    const struct problem_sentence *sentence, bool *answered)
{
	struct problem_detail detail = view_detail(sentence);
	*answered = true;
	return view_problem(call, problem, &detail);
}

static size_t count(const struct field_def *defs)
{
	size_t n = 0;
	while (defs != NULL && n < ROUTE_FIELDS_MAX && defs[n].name != NULL)
		n++;
	return n;
}

/* The number of rows: not declared. */
static size_t find(const struct field_def *defs, struct str name)
{
	size_t i = 0, n = count(defs);
	while (i < n && !str_equal(name, str_of(defs[i].name)))
		i++;
	return i;
}

/* NULL: fine. */
static const char *bool_flaw(const struct input *input)
{
	if (input->from_form)
		return str_equal(input->text, STR("yes")) ? NULL : "must be yes, or left out";
	return input->type == JSON_TYPE_BOOL ? NULL : "must be true or false";
}

static const char *flaw(const struct field_def *def, const struct input *input)
{
	if (def->kind == FIELD_BOOL)
		return bool_flaw(input);
	if (def->kind == FIELD_OBJECT)
		return input->type == JSON_TYPE_OBJECT ? NULL : "must be an object";
	if (input->type != JSON_TYPE_STRING)
		return "must be a string";
	return input->text.n > def->max ? "is too long" : NULL;
}

static void keep(struct call_fields *fields, size_t i, const struct field_def *def,
		 const struct input *input)
{
	fields->values[i] = input->text;
	if (def->kind != FIELD_BOOL)
		return;
	fields->flags[i] = input->from_form || input->flag;
	fields->values[i] = fields->flags[i] ? STR("true") : STR("false");
}

static bool is_oauth(const struct call *call)
{
	return call->match.route->surface == SURFACE_OAUTH;
}

static enum err take(struct call *call, const struct field_def *defs, const struct input *input,
		     struct call_fields *fields, bool *answered)
{
	size_t i = find(defs, input->name);
	if (i == count(defs))
		return refuse(call, input->name, "is not known here", answered);
	const char *reason = flaw(&defs[i], input);
	if (reason != NULL)
		return refuse(call, input->name, reason, answered);
	keep(fields, i, &defs[i], input);
	return OK;
}

static enum err check_required(struct call *call, const struct field_def *defs,
			       const struct call_fields *fields, bool *answered)
{
	for (size_t i = 0; i < count(defs); i++)
		if (!defs[i].optional && !str_is_present(fields->values[i]))
			return refuse(call, str_of(defs[i].name), "is missing", answered);
	return OK;
}

static bool takes_form(const struct call *call)
{
	return call->match.route->surface != SURFACE_API;
}

static enum err parse_form(struct call *call, struct str text, const struct form **out,
			   bool *answered)
{
	struct form *form = arena_alloc(call->arena, sizeof(*form));
	struct str bad;
	if (form == NULL)
		return ERR_MEMORY;
	enum err err = form_parse(call->arena, text, form, &bad);
	if (err == ERR_INPUT)
		return refuse(call, bad, "is repeated or malformed", answered);
	TRY(err);
	*out = form;
	return OK;
}

/* A name of the body that is in the query as well: which one counts would be a guess. */
static enum err check_shared(struct call *call, const struct form *query, bool *answered)
{
	const struct field_def *body = call->match.route->body;
	for (size_t i = 0; i < query->n && !*answered; i++)
		if (find(body, query->fields[i].name) < count(body))
			TRY(refuse(call, query->fields[i].name, "belongs into the body", answered));
	return OK;
}

enum err inputs_read_query(struct call *call, bool *answered)
{
	const struct route *route = call->match.route;
	const struct form *form = NULL;
	if (route->query == NULL && route->body == NULL)
		return OK;
	TRY(parse_form(call, call->request.query, &form, answered));
	if (*answered)
		return OK;
	TRY(check_shared(call, form, answered));
	for (size_t i = 0; i < form->n && !*answered && route->query != NULL; i++) {
		struct input input = {.name = form->fields[i].name,
				      .type = JSON_TYPE_STRING,
				      .from_form = true,
				      .text = form->fields[i].value};
		/* Links to pages collect parameters on their way; programs are told. */
		if (route->surface == SURFACE_PAGE &&
		    find(route->query, input.name) == count(route->query))
			continue;
		TRY(take(call, route->query, &input, &call->query, answered));
	}
	return *answered ? OK : check_required(call, route->query, &call->query, answered);
}

/* Nothing is needed and nothing was sent. */
static bool is_left_out(const struct call *call)
{
	const struct field_def *body = call->match.route->body;
	if (call->request.content_length > 0 || str_is_present(call->request.content_type))
		return false;
	for (size_t i = 0; i < count(body); i++)
		if (!body[i].optional)
			return false;
	return true;
}

static bool has_right_type(const struct call *call)
{
	const struct request *request = &call->request;
	if (call->match.route->surface == SURFACE_API)
		return request_has_type(request, "application/json") || is_left_out(call) ||
		       (request->method == METHOD_PATCH &&
			request_has_type(request, "application/merge-patch+json"));
	if (request->content_length == 0 && !str_is_present(request->content_type) &&
	    !is_oauth(call))
		return true;
	return request_has_type(request, FORM_TYPE);
}

enum err inputs_check_body(struct call *call, bool *answered)
{
	static const struct problem_sentence json = {.text = "The body must be application/json."};
	static const struct problem_sentence form = {"The body must be " FORM_TYPE ".",
						     "problem.not_form"};
	if (call->request.content_length > (size_t)REQUEST_BODY_MAX)
		return refuse_body(call, PROBLEM_TOO_LARGE, &NOTHING, answered);
	if (call->match.route->body == NULL || has_right_type(call))
		return OK;
	return refuse_body(call, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
			   call->match.route->surface == SURFACE_API ? &json : &form, answered);
}

static enum err read_text(struct call *call, bool *answered)
{
	enum err err = request_read_body(&call->request);
	if (err == ERR_TOO_LARGE)
		return refuse_body(call, PROBLEM_TOO_LARGE, &NOTHING, answered);
	if (err != ERR_INPUT && err != ERR_IO)
		return err;
	call->failed = err;
	return refuse_body(
		call, PROBLEM_INVALID_REQUEST,
		&(struct problem_sentence){"The body is shorter or longer than announced.",
					   "problem.body_length"},
		answered);
}

enum err inputs_read_form(struct call *call, bool *answered)
{
	const struct route *route = call->match.route;
	if (!takes_form(call) || route->body == NULL)
		return OK;
	TRY(read_text(call, answered));
	return *answered ? OK : parse_form(call, call->request.body, &call->form, answered);
}

/* RFC 6749 §3.1, §3.2: what is not known, and a parameter without a value, is as good as absent. */
static bool is_passed_over(const struct route *route, const struct input *input)
{
	return input->text.n == 0 || find(route->body, input->name) == count(route->body);
}

static enum err take_form(struct call *call, bool *answered)
{
	const struct route *route = call->match.route;
	const struct form *form = call->form;
	for (size_t i = 0; i < form->n && !*answered; i++) {
		struct input input = {.name = form->fields[i].name,
				      .type = JSON_TYPE_STRING,
				      .from_form = true,
				      .text = form->fields[i].value};
		if (is_oauth(call) && is_passed_over(route, &input))
			continue;
		/* The guard's, and declared by every page with a form. */
		if (!str_equal(input.name, STR("csrf_token")))
			TRY(take(call, route->body, &input, &call->body, answered));
	}
	return OK;
}

/* Elsewhere null is as good as absent. */
static enum err take_nulls(struct call *call, const struct json_object *object, bool *answered)
{
	const struct field_def *defs = call->match.route->body;
	for (size_t i = 0; i < object->null_count && !*answered; i++) {
		size_t at = find(defs, object->nulls[i]);
		if (at == count(defs))
			return refuse(call, object->nulls[i], "is not known here", answered);
		call->body.nulls[at] = defs[at].nullable;
	}
	return OK;
}

static enum err take_json(struct call *call, bool *answered)
{
	const struct field_def *defs = call->match.route->body;
	struct json_object object;
	struct str bad;
	if (is_left_out(call))
		return OK;
	TRY(read_text(call, answered));
	if (*answered)
		return OK;
	enum err err = json_parse(call->arena, call->request.body, &object, &bad);
	if (err == ERR_INPUT && !str_is_present(bad))
		return refuse_body(call, PROBLEM_INVALID_REQUEST,
				   &(struct problem_sentence){
					   .text = "The body is not one JSON object as this call "
						   "takes it."},
				   answered);
	if (err == ERR_INPUT)
		return refuse(call, bad, "is repeated or of a wrong type", answered);
	TRY(err);
	for (size_t i = 0; i < object.n && !*answered; i++) {
		const struct json_member *member = &object.members[i];
		struct input input = {.name = member->name,
				      .type = member->type,
				      .text = member->text,
				      .flag = member->flag};
		TRY(take(call, defs, &input, &call->body, answered));
	}
	return *answered ? OK : take_nulls(call, &object, answered);
}

enum err inputs_take_body(struct call *call, bool *answered)
{
	const struct route *route = call->match.route;
	if (route->body == NULL)
		return OK;
	TRY(takes_form(call) ? take_form(call, answered) : take_json(call, answered));
	return *answered ? OK : check_required(call, route->body, &call->body, answered);
}
