/* The five database accounts: each right that is missing, and each that is too much, by name. */
#include "rights.h"

#include "buf.h"
#include "db.h"
#include "doctor.h"
#include "judge.h"

#define TEXT_MAX ((size_t)128 * 1024)

/* Two lists of one account, and what came of comparing them. */
struct comparison {
	enum db_role role;
	struct right_list expected, actual;
	struct buf text;
	enum doctor_result result;
	struct fault fault;
};

static const char *const NAMES[DB_ROLE_COUNT] = {
	[DB_ROLE_MIGRATE] = "account-migrate", [DB_ROLE_WEB] = "account-web",
	[DB_ROLE_HASH] = "account-hash",       [DB_ROLE_GUARD] = "account-guard",
	[DB_ROLE_MAIL] = "account-mail",
};

static bool is_covered(const struct right *right, const struct right_list *by)
{
	for (size_t i = 0; i < by->n; i++)
		if (right_covers(&by->rights[i], right))
			return true;
	return false;
}

/* "PRIVILEGE (column) on table"; with its place where that is not Gatepost's database. */
static void add_right(struct comparison *c, const char *what, const struct right *right)
{
	buf_add(&c->text, c->text.n > 0 ? STR("; ") : STR(""));
	buf_add(&c->text, str_of(what));
	buf_add(&c->text, right->privilege);
	if (right->column.n > 0) {
		buf_add(&c->text, STR(" ("));
		buf_add(&c->text, right->column);
		buf_add_char(&c->text, ')');
	}
	buf_add(&c->text, STR(" on "));
	if (right->place.n > 0) {
		buf_add(&c->text, right->place);
		buf_add_char(&c->text, '.');
	}
	buf_add(&c->text, right->table.n > 0 ? right->table : STR("*"));
}

static void compare(struct comparison *c)
{
	for (size_t i = 0; i < c->expected.n; i++) {
		if (is_covered(&c->expected.rights[i], &c->actual))
			continue;
		add_right(c, "lacks ", &c->expected.rights[i]);
		c->result = DOCTOR_FAIL;
	}
	for (size_t i = 0; i < c->actual.n; i++) {
		const struct right *right = &c->actual.rights[i];
		bool passed_on = right->grantable && c->role != DB_ROLE_MIGRATE;
		bool of_migrate = c->role == DB_ROLE_MIGRATE && right->place.n == 0;

		if (of_migrate || (!passed_on && is_covered(right, &c->expected)))
			continue;
		enum doctor_result how = judge_excess(right, c->role);

		add_right(c, passed_on ? "may pass on " : "has too much: ", right);
		c->result = how > c->result ? how : c->result;
	}
}

static enum err read_both(struct doctor *doctor, struct comparison *c)
{
	struct db *db = NULL;

	TRY(rights_expected(doctor->config, doctor->arena, c->role, &c->expected, &c->fault));
	TRY(db_open(doctor->config, c->role, &db));
	enum err e = db_connect(db, &c->fault);
	if (e == OK)
		e = rights_actual(db, doctor->arena, &c->actual);
	db_close(&db);
	return e;
}

static void check_account(struct doctor *doctor, enum db_role role)
{
	struct comparison c = {.role = role, .result = DOCTOR_OK};
	struct str text = STR_NONE;

	buf_init(&c.text, doctor->arena, TEXT_MAX);
	enum err e = read_both(doctor, &c);
	if (e == OK) {
		compare(&c);
		e = buf_str(&c.text, &text);
	}
	if (e != OK)
		doctor_add(doctor, DOCTOR_FAIL, NAMES[role], "run gatepost migrate",
			   "its rights cannot be read: %s",
			   c.fault.text[0] != '\0' ? c.fault.text : err_name(e));
	else if (text.n > 0)
		doctor_add_text(doctor, c.result, NAMES[role],
				"gatepost migrate gives what lacks; REVOKE what is too much", text);
	else
		doctor_add(doctor, DOCTOR_OK, NAMES[role], "",
			   "has the rights that it needs and no other");
}

/* The passwords of the others may rightly be out of reach, guard's where nobody asks it. */
static bool is_reachable(const struct doctor *doctor, enum db_role role)
{
	if (role == DB_ROLE_GUARD && doctor_has_authorizer(doctor->config))
		return true;
	return role == DB_ROLE_WEB || role == DB_ROLE_HASH ||
	       secret_is_present(doctor->config->database.accounts[role].password);
}

void doctor_rights(struct doctor *doctor)
{
	if (doctor->ctl->auth.db == NULL)
		return;
	for (unsigned i = 0; i < DB_ROLE_COUNT; i++) {
		if (is_reachable(doctor, (enum db_role)i))
			check_account(doctor, (enum db_role)i);
		else
			doctor_add(doctor, DOCTOR_OK, NAMES[i], "",
				   "not looked at: its password cannot be read here");
	}
}
