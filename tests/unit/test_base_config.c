/* gatepost.conf: defaults, every type of value, secret files, the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base_conf.h"
#include "clock.h"

#define CONTENT_MAX 16384

static void assert_defaults(const struct config *c)
{
	ASSERT_STR(c->server.base_path, "/auth");
	ASSERT_STR(c->server.name, "Gatepost");
	ASSERT_STR(c->server.run_dir, "/run/gatepost");
	ASSERT_STR(c->server.template_dir, "/usr/local/share/gatepost/templates");
	ASSERT_STR(c->server.openapi, "/usr/local/share/gatepost/openapi.yaml");
	ASSERT_STR(c->server.sql_dir, "/usr/local/share/gatepost/sql");
	ASSERT_STR(c->server.clear_site_data, "\"cache\"");
	assert_false(c->server.behind_tls_proxy);
	assert_int_equal(c->server.hsts, 365 * CLOCK_DAY);
	assert_int_equal(c->server.threads, 8);
	assert_int_equal(c->server.hash_slots, 0);
	assert_int_equal(c->server.request_memory, 4096);
	ASSERT_STR(c->database.socket, "/run/mysqld/mysqld.sock");
	assert_false(str_is_present(c->database.host));
	assert_false(str_is_present(c->database.tls_ca));
	assert_int_equal(c->database.port, 3306);
	ASSERT_STR(c->database.name, "gatepost");
	ASSERT_STR(c->database.accounts[DB_ROLE_MIGRATE].user, "gatepost_migrate");
	ASSERT_STR(c->database.accounts[DB_ROLE_WEB].user, "gatepost_web");
	ASSERT_STR(c->database.accounts[DB_ROLE_HASH].user, "gatepost_hash");
	ASSERT_STR(c->database.accounts[DB_ROLE_GUARD].user, "gatepost_guard");
	ASSERT_STR(c->database.accounts[DB_ROLE_MAIL].user, "gatepost_mail");
	assert_int_equal(c->database.connect_timeout, 5);
	assert_int_equal(c->database.read_timeout, 10);
	assert_int_equal(c->database.write_timeout, 10);
	assert_false(c->database.consistent);
	assert_int_equal(c->password.memory, 19456);
	assert_int_equal(c->password.passes, 2);
	assert_int_equal(c->password.min_length, 15);
	assert_int_equal(c->throttle.free_failures, 5);
	assert_int_equal(c->throttle.first_wait, 30 * CLOCK_SECOND);
	assert_int_equal(c->throttle.longest_wait, CLOCK_HOUR);
	assert_int_equal(c->throttle.most, 100);
	assert_int_equal(c->throttle.device_failures, 10);
	assert_int_equal(c->throttle.source_short, 50);
	assert_int_equal(c->throttle.source_long, 300);
	assert_int_equal(c->throttle.guests, 20);
	assert_int_equal(c->token.life, 10 * CLOCK_MINUTE);
	assert_int_equal(c->token.leeway, 30 * CLOCK_SECOND);
	assert_int_equal(c->token.key_active, 30 * CLOCK_DAY);
	assert_int_equal(c->token.jwks_cache, 10 * CLOCK_MINUTE);
	assert_int_equal(c->token.alg, SIGNING_EDDSA);
	assert_int_equal(c->token.signature_cache, 4096);
	ASSERT_STR(c->password.blocklist, "/usr/local/share/gatepost/blocklist.txt");
	assert_int_equal(c->cors_origin_count, 0);
	assert_int_equal(c->metrics.network_count, 0);
}

static void assert_session_defaults(const struct config *c)
{
	const struct class_limits *of = c->session.classes;

	assert_int_equal(of[CLASS_BROWSER].idle, 30 * CLOCK_MINUTE);
	assert_int_equal(of[CLASS_BROWSER].absolute, 12 * CLOCK_HOUR);
	assert_int_equal(of[CLASS_REMEMBERED].idle, 14 * CLOCK_DAY);
	assert_int_equal(of[CLASS_REMEMBERED].absolute, 30 * CLOCK_DAY);
	assert_int_equal(of[CLASS_NATIVE].idle, 14 * CLOCK_DAY);
	assert_int_equal(of[CLASS_NATIVE].absolute, 30 * CLOCK_DAY);
	assert_int_equal(of[CLASS_GUEST].idle, 24 * CLOCK_HOUR);
	assert_int_equal(of[CLASS_GUEST].absolute, 7 * CLOCK_DAY);
	assert_int_equal(c->session.elevated.idle, 15 * CLOCK_MINUTE);
	assert_int_equal(c->session.elevated.absolute, 12 * CLOCK_HOUR);
	assert_int_equal(c->session.aal2.idle, CLOCK_HOUR);
	assert_int_equal(c->session.aal2.absolute, 12 * CLOCK_HOUR);
	assert_int_equal(c->session.fresh, 15 * CLOCK_MINUTE);
	assert_int_equal(c->session.expired_kept, 24 * CLOCK_HOUR);
	assert_int_equal(c->session.most, 50);
	assert_false(c->session.cookie_strict);
}

static void defaults_fill_what_is_not_given(void **state)
{
	const struct config *c = loaded(*state, REQUIRED);

	ASSERT_STR(c->server.origin, "https://www.example.org");
	ASSERT_STR(c->server.host, "www.example.org");
	ASSERT_STR(c->server.key_file, "/k");
	assert_defaults(c);
	assert_session_defaults(c);
	assert_int_equal(c->listener_count, 0);
	for (int i = 0; i < DB_ROLE_COUNT; i++)
		assert_false(secret_is_present(c->database.accounts[i].password));
}

/* conf/gatepost.conf with /etc/gatepost moved into the scratch directory. */
static void read_shipped(const struct scratch *scratch, char *out)
{
	static const char from[] = "/etc/gatepost/";
	char *text = calloc(1, CONTENT_MAX);
	FILE *file = fopen(TEST_SOURCE_DIR "/conf/gatepost.conf", "re");
	size_t n = 0;

	assert_non_null(text);
	assert_non_null(file);
	assert_true(fread(text, 1, CONTENT_MAX - 1, file) > 0);
	assert_true(feof(file));
	(void)fclose(file);
	const char *rest = text;
	for (const char *at = strstr(rest, from); at != NULL; at = strstr(rest, from)) {
		n += (size_t)snprintf(out + n, CONTENT_MAX - n, "%.*s%s/", (int)(at - rest), rest,
				      scratch->dir);
		rest = at + sizeof from - 1;
	}
	(void)snprintf(out + n, CONTENT_MAX - n, "%s", rest);
	free(text);
}

static void shipped_file_loads_and_shows_the_defaults(void **state)
{
	struct scratch *scratch = *state;
	char *content = calloc(1, CONTENT_MAX);

	assert_non_null(content);
	read_shipped(scratch, content);
	scratch_file(scratch, "db-web.password", "of web\n", 0600);
	scratch_file(scratch, "db-hash.password", "of hash", 0640);
	scratch_file(scratch, "db-guard.password", "of guard\n", 0400);
	scratch_file(scratch, "db-mail.password", "of mail\n", 0400);
	scratch_file(scratch, "db-migrate.password", " of migrate \n", 0600);
	const struct config *c = loaded(scratch, content);
	free(content);

	assert_defaults(c);
	assert_session_defaults(c);
	ASSERT_STR(c->server.host, "www.example.org");
	assert_int_equal(c->listener_count, 2);
	ASSERT_STR(c->listeners[0].name, "web");
	ASSERT_STR(c->listeners[0].address, "/run/gatepost/gatepost.sock");
	assert_int_equal(c->listeners[0].role, LISTEN_RESPONDER);
	assert_int_equal(c->listeners[0].threads, 8);
	assert_int_equal(c->listeners[0].mode, 0660);
	const struct db_account *of = c->database.accounts;
	assert_string_equal((const char *)of[DB_ROLE_WEB].password.bytes, "of web");
	assert_int_equal(of[DB_ROLE_WEB].password.len, 6);
	assert_string_equal((const char *)of[DB_ROLE_HASH].password.bytes, "of hash");
	assert_string_equal((const char *)of[DB_ROLE_GUARD].password.bytes, "of guard");
	assert_string_equal((const char *)of[DB_ROLE_MAIL].password.bytes, "of mail");
	assert_string_equal((const char *)of[DB_ROLE_MIGRATE].password.bytes, " of migrate ");
}

static void values_are_understood(void **state)
{
	const struct config *c = loaded(
		*state, "\xef\xbb\xbf[server]\r\n"
			"origin = HTTPS://Login.Example.ORG:443\r\n"
			"key_file=/k\n"
			"base_path = /\n"
			"name = Stra\xc3\x9f"
			"e & Co; = x\n"
			"# a comment\n"
			"  ; an indented one\n"
			"behind_tls_proxy = yes\n"
			"hsts = 0\n"
			"clear_site_data = \"cache\", \"*\"\n"
			"[listen a]\naddress = 127.0.0.1:9000\nrole = authorizer\nthreads = 1\n"
			"[listen b-2]\naddress = /run/b.sock\nmode = 600\n"
			"[database]\nhost = LocalHost\nport = 3307\nconsistent = on\n"
			"[session]\nguest_idle = 3600\n"
			"[metrics]\nallow = 192.0.2.0/24  2001:db8::1\n"
			"[cors]\norigins = https://App.example.org  https://b.example:8443\n");

	ASSERT_STR(c->server.origin, "https://login.example.org");
	ASSERT_STR(c->server.host, "login.example.org");
	ASSERT_STR(c->server.base_path, "");
	ASSERT_STR(c->server.name, "Stra\xc3\x9f"
				   "e & Co; = x");
	ASSERT_STR(c->server.clear_site_data, "\"cache\", \"*\"");
	assert_true(c->server.behind_tls_proxy);
	assert_int_equal(c->server.hsts, 0);
	assert_int_equal(c->listener_count, 2);
	ASSERT_STR(c->listeners[0].address, "127.0.0.1:9000");
	assert_int_equal(c->listeners[0].role, LISTEN_AUTHORIZER);
	assert_int_equal(c->listeners[0].threads, 1);
	ASSERT_STR(c->listeners[1].name, "b-2");
	assert_int_equal(c->listeners[1].role, LISTEN_RESPONDER);
	assert_int_equal(c->listeners[1].mode, 0600);
	ASSERT_STR(c->database.host, "LocalHost");
	assert_false(str_is_present(c->database.socket));
	assert_int_equal(c->database.port, 3307);
	assert_true(c->database.consistent);
	assert_int_equal(c->session.classes[CLASS_GUEST].idle, CLOCK_HOUR);
	assert_int_equal(c->metrics.network_count, 2);
	assert_true(cidr_has(&c->metrics.networks[0], STR("192.0.2.77")));
	assert_false(cidr_has(&c->metrics.networks[0], STR("192.0.3.1")));
	assert_true(cidr_has(&c->metrics.networks[1], STR("2001:db8::1")));
	assert_int_equal(c->cors_origin_count, 2);
	ASSERT_STR(c->cors_origins[0], "https://app.example.org");
	ASSERT_STR(c->cors_origins[1], "https://b.example:8443");
}

/* Loads a configuration that names the file "secret" for one account. */
static enum err load_with_secret(struct scratch *scratch, const char *role,
				 const struct config **config, struct fault *fault)
{
	char content[512];

	(void)snprintf(content, sizeof content, "%s[database]\n%s_password_file = %s/secret\n",
		       REQUIRED, role, scratch->dir);
	const char *path = scratch_file(scratch, "conf", content, 0644);
	arena_reset(scratch->arena);
	return config_load(path, scratch->arena, config, fault);
}

static const char *const roles[DB_ROLE_COUNT] = {
	[DB_ROLE_MIGRATE] = "migrate", [DB_ROLE_WEB] = "web",   [DB_ROLE_HASH] = "hash",
	[DB_ROLE_GUARD] = "guard",     [DB_ROLE_MAIL] = "mail",
};

/* ST-05 */
static void unsafe_password_files_are_refused(void **state)
{
	const struct {
		struct str content;
		mode_t mode;
		const char *reason;
	} cases[] = {
		{STR("x\n"), 0644, "/secret: others can reach it (mode 0644): chmod 0600"},
		{STR("x\n"), 0660, "/secret: its group may only read it (mode 0660): chmod 0640"},
		{STR(""), 0600, "_password_file names an empty file"},
		{STR("\n"), 0600, "_password_file names an empty file"},
		{STR("a\nb\n"), 0600, "_password_file names a file with more than one line"},
		{STR("a\n\n"), 0600, "_password_file names a file with more than one line"},
		{STR("a\0b\n"), 0600, "_password_file names a file with more than one line"},
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		scratch_bytes(scratch, "secret", cases[i].content, cases[i].mode);
		for (size_t role = 0; role < DB_ROLE_COUNT; role++) {
			const struct config *config = NULL;
			struct fault fault = {""};
			assert_int_equal(load_with_secret(scratch, roles[role], &config, &fault),
					 ERR_CONFIG);
			assert_null(config);
			assert_non_null(strstr(fault.text, "/conf:5: "));
			assert_non_null(strstr(fault.text, cases[i].reason));
		}
	}
	unlink(scratch_path(scratch, "secret"));
}

/* The worker runs without the passwords that are not its own, but never without its own. */
static void assert_only_spare_accounts_may_lack(struct scratch *scratch, const char *reason)
{
	for (size_t role = 0; role < DB_ROLE_COUNT; role++) {
		const struct config *config = NULL;
		struct fault fault = {""};
		bool spare = role != DB_ROLE_WEB && role != DB_ROLE_HASH;
		enum err e = load_with_secret(scratch, roles[role], &config, &fault);
		assert_int_equal(e, spare ? OK : ERR_CONFIG);
		if (spare)
			assert_false(secret_is_present(config->database.accounts[role].password));
		else
			assert_non_null(strstr(fault.text, reason));
	}
}

static void missing_password_files(void **state)
{
	unlink(scratch_path(*state, "secret"));
	assert_only_spare_accounts_may_lack(*state, "/secret: No such file or directory");
}

/* Root may read everything: there the child becomes somebody else. */
static void unreadable_password_files(void **state)
{
	struct scratch *scratch = *state;
	int status = -1;

	assert_int_equal(chmod(scratch->dir, 0777), 0);
	scratch_file(scratch, "secret", "x\n", 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		unlink(scratch_path(scratch, "conf"));
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		assert_only_spare_accounts_may_lack(scratch, "/secret: Permission denied");
		unlink(scratch_path(scratch, "conf"));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(scratch->dir, 0700), 0);
	unlink(scratch_path(scratch, "secret"));
}

/* NOLINTBEGIN(concurrency-mt-unsafe) this program has one thread */
static void environment_overrides_the_file(void **state)
{
	struct scratch *scratch = *state;

	assert_int_equal(setenv("GATEPOST_SERVER_ORIGIN", "https://env.example:8443", 1), 0);
	assert_int_equal(setenv("GATEPOST_SESSION_MOST", "7", 1), 0);
	assert_int_equal(setenv("GATEPOST_DATABASE_SOCKET", "", 1), 0);
	assert_int_equal(setenv("GATEPOST_DATABASE_HOST", "localhost", 1), 0);
	assert_int_equal(setenv("GATEPOST_LISTEN_THREADS", "nonsense", 1), 0);
	const struct config *c =
		loaded(scratch, REQUIRED "[session]\nmost = 9\n[database]\nsocket = /x\n");
	ASSERT_STR(c->server.origin, "https://env.example:8443");
	ASSERT_STR(c->server.host, "env.example:8443");
	assert_int_equal(c->session.most, 7);
	assert_false(str_is_present(c->database.socket));
	ASSERT_STR(c->database.host, "localhost");
	unsetenv("GATEPOST_LISTEN_THREADS");
	unsetenv("GATEPOST_DATABASE_SOCKET");
	unsetenv("GATEPOST_DATABASE_HOST");
	unsetenv("GATEPOST_SERVER_ORIGIN");

	const struct config *none = NULL;
	struct fault fault = {""};
	const char *path = scratch_file(scratch, "conf", REQUIRED, 0644);
	assert_int_equal(setenv("GATEPOST_SESSION_MOST", "many", 1), 0);
	assert_int_equal(config_load(path, scratch->arena, &none, &fault), ERR_CONFIG);
	assert_string_equal(fault.text, "GATEPOST_SESSION_MOST: must be a number from 1 to 1000");
	unsetenv("GATEPOST_SESSION_MOST");
	assert_int_equal(setenv("GATEPOST_SERVER_NAME", "a\nb", 1), 0);
	assert_int_equal(config_load(path, scratch->arena, &none, &fault), ERR_CONFIG);
	assert_string_equal(fault.text,
			    "GATEPOST_SERVER_NAME: must be UTF-8 without control characters");
	unsetenv("GATEPOST_SERVER_NAME");
	assert_null(none);
}

/* NOLINTEND(concurrency-mt-unsafe) */

static void flows_are_understood(void **state)
{
	const struct config *c = loaded(
		*state, REQUIRED "[flows]\nfree_flows = no\n"
				 "[flow fund-wallet]\nclient_may = start > kyc > otp, otp>start\n"
				 "steps = start > kyc > otp > done\ncounter.otp = 5, reset 15m\n"
				 "counter.resend = 3, cooldown 30s, reset 1h\nexpires = 2h\n"
				 "[flow tour]\nsteps = only\nscope = session\n");
	const struct flow_config *flow = config_flow(c, STR("fund-wallet"));
	const struct flow_config *tour = config_flow(c, STR("tour"));

	assert_false(c->free_flows);
	assert_int_equal(c->flow_count, 2);
	assert_null(config_flow(c, STR("fund")));
	assert_int_equal(flow->step_count, 4);
	ASSERT_STR(flow->steps[0], "start");
	ASSERT_STR(flow->steps[3], "done");
	assert_int_equal(flow->moves[0], 1U << 1);
	assert_int_equal(flow->moves[1], 1U << 2);
	assert_int_equal(flow->moves[2], 1U << 0);
	assert_int_equal(flow->moves[3], 0);
	assert_int_equal(flow->counter_count, 2);
	ASSERT_STR(flow->counters[1].name, "resend");
	assert_int_equal(flow->counters[1].attempts, 3);
	assert_int_equal(flow->counters[1].cooldown, 30 * CLOCK_SECOND);
	assert_int_equal(flow->counters[1].reset, CLOCK_HOUR);
	assert_int_equal(flow->counters[0].cooldown, 0);
	assert_int_equal(flow->scope, FLOW_SCOPE_USER);
	assert_int_equal(flow->expires, 2 * CLOCK_HOUR);
	assert_int_equal(tour->scope, FLOW_SCOPE_SESSION);
	assert_int_equal(tour->expires, 24 * CLOCK_HOUR);
	assert_int_equal(tour->step_count, 1);
	assert_true(loaded(*state, REQUIRED)->free_flows);
}

static void clients_are_understood(void **state)
{
	const struct config *c = loaded(
		*state, REQUIRED "[client shop-app]\ntitle = The Shop\n"
				 "return = org.example.shop:  https://shop.example:8443/done\n"
				 "[client b]\n");
	const struct client_config *shop = config_client(c, STR("shop-app"));

	assert_int_equal(c->client_count, 2);
	ASSERT_STR(shop->title, "The Shop");
	assert_int_equal(shop->return_count, 2);
	ASSERT_STR(shop->returns[0].scheme, "org.example.shop");
	ASSERT_STR(shop->returns[1].host, "shop.example");
	assert_int_equal(shop->returns[1].port, 8443);
	ASSERT_STR(shop->returns[1].path, "/done");
	ASSERT_STR(config_client(c, STR("b"))->title, "b");
	assert_int_equal(config_client(c, STR("b"))->return_count, 0);
	assert_null(config_client(c, STR("c")));
}

static void sessions_and_tokens_of_clients(void **state)
{
	const struct config *c = loaded(
		*state, REQUIRED "[client shop]\naudience = https://api.example/v1\n"
				 "classes = remembered  browser\nservices = books  a.b-1\n"
				 "[client phone]\nclasses = native\nrefresh_grace = 30s\n"
				 "[client web]\nclasses = guest\nrefresh_grace = 5s\n[client b]\n");
	const struct client_config *shop = config_client(c, STR("shop"));
	const struct client_config *b = config_client(c, STR("b"));

	ASSERT_STR(shop->audience, "https://api.example/v1");
	assert_true(config_client_has(shop, CLASS_BROWSER));
	assert_true(config_client_has(shop, CLASS_REMEMBERED));
	assert_false(config_client_has(shop, CLASS_NATIVE));
	assert_false(config_client_has(shop, CLASS_GUEST));
	assert_false(config_client_has(shop, CLASS_NONE));
	assert_int_equal(shop->refresh_grace, 0);
	assert_true(config_client_lists(shop, STR("books")));
	assert_true(config_client_lists(shop, STR("a.b-1")));
	assert_false(config_client_lists(shop, STR("a.b")));
	assert_false(config_client_lists(shop, STR("book")));
	assert_false(config_client_lists(shop, STR("")));
	assert_int_equal(config_client(c, STR("phone"))->refresh_grace, 30 * CLOCK_SECOND);
	assert_int_equal(config_client(c, STR("web"))->refresh_grace, 5 * CLOCK_SECOND);
	assert_int_equal(b->refresh_grace, 10 * CLOCK_SECOND);
	assert_false(str_is_present(b->audience));
	assert_false(config_client_lists(b, STR("books")));
	for (int class = CLASS_GUEST; class < CLASS_COUNT; class ++)
		assert_true(config_client_has(b, (enum session_class) class));
}

static void assert_plain(const struct client_config *client, const char *name, int64_t grace)
{
	assert_non_null(client);
	assert_true(str_equal(client->name, str_of(name)));
	assert_true(str_equal(client->title, str_of(name)));
	assert_int_equal(client->refresh_grace, grace);
	assert_true(config_client_has(client, CLASS_BROWSER));
	assert_true(config_client_has(client, CLASS_REMEMBERED));
	assert_true(config_client_has(client, CLASS_GUEST));
	assert_int_equal(config_client_has(client, CLASS_NATIVE), grace > 0);
	assert_false(str_is_present(client->audience));
	assert_false(config_client_lists(client, STR("books")));
	assert_int_equal(client->return_count, 0);
}

/* What is there without a section is what an empty section makes. */
static void clients_that_need_no_section(void **state)
{
	static const char *const files[] = {REQUIRED, REQUIRED "[client app]\n[client browser]\n"};

	for (size_t i = 0; i < 2; i++) {
		const struct config *c = loaded(*state, files[i]);

		assert_int_equal(c->client_count, 2 * i);
		assert_plain(config_client(c, CLIENT_DEFAULT), "app", 10 * CLOCK_SECOND);
		assert_plain(config_client(c, CLIENT_PAGES), "browser", 0);
	}
	assert_true(config_client_lists(
		config_client(loaded(*state, REQUIRED "[client browser]\nservices = books\n"),
			      CLIENT_PAGES),
		STR("books")));
}

static void places_to_return_to_are_understood(void **state)
{
	const struct config *c =
		loaded(*state,
		       REQUIRED "[client a]\nreturn = com.example-1.app: com.example.app:/ "
				"com.example.app:///x com.example.app+x://open\n"
				"[client b]\nreturn = https://a.example/ https://a-1.example/x/ "
				"https://xn--bcher-kva.example/X_y.z~/- https://10.0.0.1:65535/\n");
	const struct client_config *app = config_client(c, STR("a"));
	const struct client_config *site = config_client(c, STR("b"));

	assert_int_equal(app->return_count, 4);
	assert_false(str_is_present(app->returns[1].authority));
	assert_true(str_is_present(app->returns[2].authority));
	ASSERT_STR(app->returns[2].path, "/x");
	ASSERT_STR(app->returns[3].host, "open");
	assert_int_equal(site->return_count, 4);
	ASSERT_STR(site->returns[1].path, "/x/");
	ASSERT_STR(site->returns[3].authority, "10.0.0.1:65535");
}

static void class_names(void **state)
{
	(void)state;
	assert_string_equal(config_class_name(CLASS_GUEST), "guest");
	assert_string_equal(config_class_name(CLASS_BROWSER), "browser");
	assert_string_equal(config_class_name(CLASS_REMEMBERED), "remembered");
	assert_string_equal(config_class_name(CLASS_NATIVE), "native");
	for (int i = 0; i <= CLASS_COUNT; i++)
		assert_non_null(config_class_name((enum session_class)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_what_is_not_given),
		cmocka_unit_test(shipped_file_loads_and_shows_the_defaults),
		cmocka_unit_test(values_are_understood),
		cmocka_unit_test(unsafe_password_files_are_refused),
		cmocka_unit_test(missing_password_files),
		cmocka_unit_test(unreadable_password_files),
		cmocka_unit_test(environment_overrides_the_file),
		cmocka_unit_test(flows_are_understood),
		cmocka_unit_test(clients_are_understood),
		cmocka_unit_test(sessions_and_tokens_of_clients),
		cmocka_unit_test(clients_that_need_no_section),
		cmocka_unit_test(places_to_return_to_are_understood),
		cmocka_unit_test(class_names),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
