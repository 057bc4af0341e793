/* One row a setting. Adding one: a member in config.h, a row here, a line in conf/gatepost.conf. */
#include "config_table.h"

#include "clock.h"
#include "config.h"

#define AT(member) offsetof(struct config, member)
#define ACCOUNT(role, member) offsetof(struct config, database.accounts[role].member)
#define LIMIT(c, member) offsetof(struct config, session.classes[c].member)
#define OF_LISTENER(member) offsetof(struct listen_config, member)
#define OF_FLOW(member) offsetof(struct flow_config, member)
#define OF_CLIENT(member) offsetof(struct client_config, member)
#define OF_PROTECT(member) offsetof(struct protect_config, member)

#define YES_NO 0, 1
#define LONG_PATH 1, 4095
#define SOCKET_PATH 1, 107 /* sun_path, with its NUL */
#define NAME 1, 80         /* MariaDB's user names; a page's title */
#define LIMITS CLOCK_SECOND, (400 * CLOCK_DAY)
#define TIMEOUT 1, 600
#define THREADS 1, 256

static const struct setting settings[] = {
	{"server", "origin", CONFIG_ORIGIN, CONFIG_REQUIRED, AT(server.origin), 1, 255, NULL},
	{"server", "base_path", CONFIG_BASE_PATH, CONFIG_DEFAULTED, AT(server.base_path), 1, 128,
	 "/auth"},
	{"server", "name", CONFIG_TEXT, CONFIG_DEFAULTED, AT(server.name), NAME, "Gatepost"},
	{"server", "language", CONFIG_TEXT, CONFIG_DEFAULTED, AT(server.language), 2, 35, "en"},
	{"server", "run_dir", CONFIG_PATH, CONFIG_DEFAULTED, AT(server.run_dir), LONG_PATH,
	 "/run/gatepost"},
	{"server", "key_file", CONFIG_PATH, CONFIG_REQUIRED, AT(server.key_file), LONG_PATH, NULL},
	{"server", "template_dir", CONFIG_PATH, CONFIG_DEFAULTED, AT(server.template_dir),
	 LONG_PATH, "/usr/local/share/gatepost/templates"},
	{"server", "sql_dir", CONFIG_PATH, CONFIG_DEFAULTED, AT(server.sql_dir), LONG_PATH,
	 "/usr/local/share/gatepost/sql"},
	{"server", "openapi", CONFIG_PATH, CONFIG_DEFAULTED, AT(server.openapi), LONG_PATH,
	 "/usr/local/share/gatepost/openapi.yaml"},
	{"server", "behind_tls_proxy", CONFIG_BOOL, CONFIG_DEFAULTED, AT(server.behind_tls_proxy),
	 YES_NO, "no"},
	{"server", "hsts", CONFIG_SPAN, CONFIG_DEFAULTED, AT(server.hsts), 0, 3650 * CLOCK_DAY,
	 "365d"},
	{"server", "clear_site_data", CONFIG_DIRECTIVES, CONFIG_DEFAULTED,
	 AT(server.clear_site_data), 1, 128, "\"cache\""},
	{"server", "desk", CONFIG_BOOL, CONFIG_DEFAULTED, AT(server.desk), YES_NO, "yes"},
	{"server", "threads", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(server.threads), THREADS, "8"},
	{"server", "hash_slots", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(server.hash_slots), 0, 256,
	 "0"},
	{"server", "request_memory", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(server.request_memory),
	 256, 1048576, "4096"},

	{"listen", "address", CONFIG_ADDRESS, CONFIG_REQUIRED, OF_LISTENER(address), SOCKET_PATH,
	 NULL},
	{"listen", "role", CONFIG_ROLE, CONFIG_DEFAULTED, OF_LISTENER(role), 0, 0, "responder"},
	{"listen", "threads", CONFIG_NUMBER, CONFIG_DEFAULTED, OF_LISTENER(threads), THREADS, "8"},
	{"listen", "mode", CONFIG_MODE, CONFIG_DEFAULTED, OF_LISTENER(mode), 0, 0777, "0660"},
	{"listen", "forwarded", CONFIG_BOOL, CONFIG_DEFAULTED, OF_LISTENER(forwarded), YES_NO,
	 "no"},

	{"database", "socket", CONFIG_PATH, CONFIG_OPTIONAL, AT(database.socket), SOCKET_PATH,
	 NULL},
	{"database", "host", CONFIG_TEXT, CONFIG_OPTIONAL, AT(database.host), 1, 253, NULL},
	{"database", "port", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(database.port), 1, 65535, "3306"},
	{"database", "tls_ca", CONFIG_PATH, CONFIG_OPTIONAL, AT(database.tls_ca), LONG_PATH, NULL},
	{"database", "name", CONFIG_TEXT, CONFIG_DEFAULTED, AT(database.name), 1, 64, "gatepost"},
	{"database", "web_user", CONFIG_TEXT, CONFIG_DEFAULTED, ACCOUNT(DB_ROLE_WEB, user), NAME,
	 "gatepost_web"},
	{"database", "web_password_file", CONFIG_PATH, CONFIG_OPTIONAL,
	 ACCOUNT(DB_ROLE_WEB, password_file), LONG_PATH, NULL},
	{"database", "hash_user", CONFIG_TEXT, CONFIG_DEFAULTED, ACCOUNT(DB_ROLE_HASH, user), NAME,
	 "gatepost_hash"},
	{"database", "hash_password_file", CONFIG_PATH, CONFIG_OPTIONAL,
	 ACCOUNT(DB_ROLE_HASH, password_file), LONG_PATH, NULL},
	{"database", "guard_user", CONFIG_TEXT, CONFIG_DEFAULTED, ACCOUNT(DB_ROLE_GUARD, user),
	 NAME, "gatepost_guard"},
	{"database", "guard_password_file", CONFIG_PATH, CONFIG_OPTIONAL,
	 ACCOUNT(DB_ROLE_GUARD, password_file), LONG_PATH, NULL},
	{"database", "mail_user", CONFIG_TEXT, CONFIG_DEFAULTED, ACCOUNT(DB_ROLE_MAIL, user), NAME,
	 "gatepost_mail"},
	{"database", "mail_password_file", CONFIG_PATH, CONFIG_OPTIONAL,
	 ACCOUNT(DB_ROLE_MAIL, password_file), LONG_PATH, NULL},
	{"database", "migrate_user", CONFIG_TEXT, CONFIG_DEFAULTED, ACCOUNT(DB_ROLE_MIGRATE, user),
	 NAME, "gatepost_migrate"},
	{"database", "migrate_password_file", CONFIG_PATH, CONFIG_OPTIONAL,
	 ACCOUNT(DB_ROLE_MIGRATE, password_file), LONG_PATH, NULL},
	{"database", "connect_timeout", CONFIG_NUMBER, CONFIG_DEFAULTED,
	 AT(database.connect_timeout), TIMEOUT, "5"},
	{"database", "read_timeout", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(database.read_timeout),
	 TIMEOUT, "10"},
	{"database", "write_timeout", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(database.write_timeout),
	 TIMEOUT, "10"},
	{"database", "consistent", CONFIG_BOOL, CONFIG_DEFAULTED, AT(database.consistent), YES_NO,
	 "no"},

	{"session", "browser_idle", CONFIG_SPAN, CONFIG_DEFAULTED, LIMIT(CLASS_BROWSER, idle),
	 LIMITS, "30m"},
	{"session", "browser_absolute", CONFIG_SPAN, CONFIG_DEFAULTED,
	 LIMIT(CLASS_BROWSER, absolute), LIMITS, "12h"},
	{"session", "remembered_idle", CONFIG_SPAN, CONFIG_DEFAULTED, LIMIT(CLASS_REMEMBERED, idle),
	 LIMITS, "14d"},
	{"session", "remembered_absolute", CONFIG_SPAN, CONFIG_DEFAULTED,
	 LIMIT(CLASS_REMEMBERED, absolute), LIMITS, "30d"},
	{"session", "native_idle", CONFIG_SPAN, CONFIG_DEFAULTED, LIMIT(CLASS_NATIVE, idle), LIMITS,
	 "14d"},
	{"session", "native_absolute", CONFIG_SPAN, CONFIG_DEFAULTED, LIMIT(CLASS_NATIVE, absolute),
	 LIMITS, "30d"},
	{"session", "guest_idle", CONFIG_SPAN, CONFIG_DEFAULTED, LIMIT(CLASS_GUEST, idle), LIMITS,
	 "24h"},
	{"session", "guest_absolute", CONFIG_SPAN, CONFIG_DEFAULTED, LIMIT(CLASS_GUEST, absolute),
	 LIMITS, "7d"},
	{"session", "elevated_idle", CONFIG_SPAN, CONFIG_DEFAULTED, AT(session.elevated.idle),
	 LIMITS, "15m"},
	{"session", "elevated_absolute", CONFIG_SPAN, CONFIG_DEFAULTED,
	 AT(session.elevated.absolute), LIMITS, "12h"},
	{"session", "aal2_idle", CONFIG_SPAN, CONFIG_DEFAULTED, AT(session.aal2.idle), LIMITS,
	 "1h"},
	{"session", "aal2_absolute", CONFIG_SPAN, CONFIG_DEFAULTED, AT(session.aal2.absolute),
	 LIMITS, "12h"},
	{"session", "fresh", CONFIG_SPAN, CONFIG_DEFAULTED, AT(session.fresh), LIMITS, "15m"},
	{"session", "expired_kept", CONFIG_SPAN, CONFIG_DEFAULTED, AT(session.expired_kept), 0,
	 400 * CLOCK_DAY, "24h"},
	{"session", "most", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(session.most), 1, 1000, "50"},
	{"session", "cookie_strict", CONFIG_BOOL, CONFIG_DEFAULTED, AT(session.cookie_strict),
	 YES_NO, "no"},

	{"password", "memory", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(password.memory), 19456, 4194304,
	 "19456"},
	{"password", "passes", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(password.passes), 2, 64, "2"},
	{"password", "min_length", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(password.min_length), 8, 64,
	 "15"},
	{"password", "blocklist", CONFIG_PATH, CONFIG_DEFAULTED, AT(password.blocklist), LONG_PATH,
	 "/usr/local/share/gatepost/blocklist.txt"},
	{"password", "breached", CONFIG_PATH, CONFIG_OPTIONAL, AT(password.breached), LONG_PATH,
	 NULL},
	{"password", "pepper_file", CONFIG_PATH, CONFIG_OPTIONAL, AT(password.pepper_file),
	 LONG_PATH, NULL},

	{"throttle", "free_failures", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.free_failures),
	 0, 100, "5"},
	{"throttle", "first_wait", CONFIG_SPAN, CONFIG_DEFAULTED, AT(throttle.first_wait),
	 CLOCK_SECOND, CLOCK_DAY, "30s"},
	{"throttle", "longest_wait", CONFIG_SPAN, CONFIG_DEFAULTED, AT(throttle.longest_wait),
	 CLOCK_SECOND, CLOCK_DAY, "1h"},
	{"throttle", "most", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.most), 2, 100, "100"},
	{"throttle", "device_failures", CONFIG_NUMBER, CONFIG_DEFAULTED,
	 AT(throttle.device_failures), 0, 100, "10"},
	{"throttle", "source_short", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.source_short), 1,
	 1000000, "50"},
	{"throttle", "source_long", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.source_long), 1,
	 1000000, "300"},
	{"throttle", "guests", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.guests), 1, 1000000,
	 "20"},

	{"throttle", "mails", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.mails), 1, 1000, "3"},
	{"throttle", "mails_day", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.mails_day), 1, 10000,
	 "10"},
	{"throttle", "source_mails", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(throttle.source_mails), 1,
	 1000000, "20"},
	{"throttle", "source_mails_day", CONFIG_NUMBER, CONFIG_DEFAULTED,
	 AT(throttle.source_mails_day), 1, 1000000, "200"},

	{"account", "registration", CONFIG_REGISTRATION, CONFIG_DEFAULTED, AT(account.registration),
	 0, 0, "off"},
	{"account", "invitation", CONFIG_SPAN, CONFIG_DEFAULTED, AT(account.invitation), CLOCK_HOUR,
	 90 * CLOCK_DAY, "7d"},
	{"account", "restorable", CONFIG_SPAN, CONFIG_DEFAULTED, AT(account.restorable), CLOCK_DAY,
	 90 * CLOCK_DAY, "7d"},
	{"account", "closed", CONFIG_SPAN, CONFIG_DEFAULTED, AT(account.closed), 0, 400 * CLOCK_DAY,
	 "30d"},

	{"second_factor", "require", CONFIG_TEXT, CONFIG_DEFAULTED, AT(second_factor.require_text),
	 1, 16, "optional"},
	{"second_factor", "roles", CONFIG_TEXT, CONFIG_DEFAULTED, AT(second_factor.roles), 1, 1024,
	 "elevated"},
	{"second_factor", "trusted_device", CONFIG_SPAN, CONFIG_DEFAULTED,
	 AT(second_factor.trusted_device), 0, 400 * CLOCK_DAY, "0"},
	{"second_factor", "reset_delay", CONFIG_SPAN, CONFIG_DEFAULTED,
	 AT(second_factor.reset_delay), 0, 30 * CLOCK_DAY, "3d"},

	{"passkey", "rp_id", CONFIG_TEXT, CONFIG_OPTIONAL, AT(passkey.rp_id), 1, 253, NULL},
	{"passkey", "origins", CONFIG_TEXT, CONFIG_OPTIONAL, AT(passkey.origins_text), 0, 4095,
	 NULL},
	{"passkey", "counter", CONFIG_TEXT, CONFIG_DEFAULTED, AT(passkey.counter_text), 1, 16,
	 "refuse"},

	{"token", "life", CONFIG_SPAN, CONFIG_DEFAULTED, AT(token.life), CLOCK_MINUTE,
	 15 * CLOCK_MINUTE, "10m"},
	{"token", "leeway", CONFIG_SPAN, CONFIG_DEFAULTED, AT(token.leeway), 0, CLOCK_MINUTE,
	 "30s"},
	{"token", "key_active", CONFIG_SPAN, CONFIG_DEFAULTED, AT(token.key_active), CLOCK_HOUR,
	 400 * CLOCK_DAY, "30d"},
	{"token", "jwks_cache", CONFIG_SPAN, CONFIG_DEFAULTED, AT(token.jwks_cache), CLOCK_MINUTE,
	 CLOCK_DAY, "10m"},
	{"token", "alg", CONFIG_ALG, CONFIG_DEFAULTED, AT(token.alg), 0, 0, "EdDSA"},
	{"token", "signature_cache", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(token.signature_cache), 0,
	 1048576, "4096"},

	{"cors", "origins", CONFIG_ORIGINS, CONFIG_OPTIONAL, AT(cors_origins), 0, 4095, NULL},

	{"metrics", "allow", CONFIG_NETWORKS, CONFIG_OPTIONAL, AT(metrics.allow_text), 0, 1400,
	 NULL},

	{"flows", "free_flows", CONFIG_BOOL, CONFIG_DEFAULTED, AT(free_flows), YES_NO, "yes"},

	{"flow", "steps", CONFIG_TEXT, CONFIG_REQUIRED, OF_FLOW(steps_text), 1, 1400, NULL},
	{"flow", "client_may", CONFIG_TEXT, CONFIG_OPTIONAL, OF_FLOW(moves_text), 0, 4095, NULL},
	{"flow", "scope", CONFIG_SCOPE, CONFIG_DEFAULTED, OF_FLOW(scope), 0, 0, "user"},
	{"flow", "expires", CONFIG_SPAN, CONFIG_DEFAULTED, OF_FLOW(expires), CLOCK_MINUTE,
	 400 * CLOCK_DAY, "24h"},

	{"client", "title", CONFIG_TEXT, CONFIG_OPTIONAL, OF_CLIENT(title), 1, 80, NULL},
	{"client", "audience", CONFIG_TEXT, CONFIG_OPTIONAL, OF_CLIENT(audience), 1, 255, NULL},
	{"client", "classes", CONFIG_CLASSES, CONFIG_DEFAULTED, OF_CLIENT(classes), 1, 255,
	 "browser remembered native guest"},
	{"client", "refresh_grace", CONFIG_SPAN, CONFIG_DEFAULTED, OF_CLIENT(refresh_grace), 0,
	 30 * CLOCK_SECOND, "10s"},
	{"client", "services", CONFIG_TEXT, CONFIG_OPTIONAL, OF_CLIENT(services), 0, 1400, NULL},
	{"client", "return", CONFIG_TEXT, CONFIG_OPTIONAL, OF_CLIENT(return_text), 0, 4095, NULL},

	{"guard", "remote_user", CONFIG_REMOTE_USER, CONFIG_DEFAULTED, AT(guard.remote_user), 0, 0,
	 "username"},
	{"guard", "ticket", CONFIG_TEXT, CONFIG_OPTIONAL, AT(guard.ticket), 0, 64, NULL},

	{"mail", "transport", CONFIG_TEXT, CONFIG_DEFAULTED, AT(mail.transport_text), 1, 16,
	 "none"},
	{"mail", "from", CONFIG_TEXT, CONFIG_OPTIONAL, AT(mail.from), 1, 254, NULL},
	{"mail", "from_name", CONFIG_TEXT, CONFIG_OPTIONAL, AT(mail.from_name), 1, 80, NULL},
	{"mail", "reply_to", CONFIG_TEXT, CONFIG_OPTIONAL, AT(mail.reply_to), 1, 254, NULL},
	{"mail", "smtp_host", CONFIG_TEXT, CONFIG_DEFAULTED, AT(mail.smtp_host), 1, 253,
	 "localhost"},
	{"mail", "smtp_port", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(mail.smtp_port), 0, 65535, "0"},
	{"mail", "smtp_tls", CONFIG_TEXT, CONFIG_DEFAULTED, AT(mail.tls_text), 1, 16, "starttls"},
	{"mail", "smtp_ca", CONFIG_PATH, CONFIG_OPTIONAL, AT(mail.smtp_ca), LONG_PATH, NULL},
	{"mail", "smtp_user", CONFIG_TEXT, CONFIG_OPTIONAL, AT(mail.smtp_user), 1, 254, NULL},
	{"mail", "smtp_password_file", CONFIG_PATH, CONFIG_OPTIONAL, AT(mail.smtp_password_file),
	 LONG_PATH, NULL},
	{"mail", "sendmail", CONFIG_PATH, CONFIG_DEFAULTED, AT(mail.sendmail), LONG_PATH,
	 "/usr/sbin/sendmail"},
	{"mail", "timeout", CONFIG_SPAN, CONFIG_DEFAULTED, AT(mail.timeout), CLOCK_SECOND,
	 10 * CLOCK_MINUTE, "60s"},
	{"mail", "poll", CONFIG_SPAN, CONFIG_DEFAULTED, AT(mail.poll), CLOCK_SECOND, CLOCK_HOUR,
	 "1s"},
	{"mail", "attempts", CONFIG_NUMBER, CONFIG_DEFAULTED, AT(mail.attempts), 1, 1000, "30"},
	{"mail", "give_up", CONFIG_SPAN, CONFIG_DEFAULTED, AT(mail.give_up), CLOCK_HOUR,
	 30 * CLOCK_DAY, "3d"},

	{"protect", "require", CONFIG_TEXT, CONFIG_REQUIRED, OF_PROTECT(require_text), 1, 4095,
	 NULL},
	{"protect", "methods", CONFIG_TEXT, CONFIG_OPTIONAL, OF_PROTECT(methods_text), 1, 255,
	 NULL},
	{"protect", "ticket", CONFIG_TEXT, CONFIG_OPTIONAL, OF_PROTECT(service), 0, 64, NULL},
};

#define COUNT (sizeof settings / sizeof settings[0])

_Static_assert(COUNT <= CONFIG_SETTINGS, "arrays of settings have room for all rows");

size_t config_table_count(void)
{
	return COUNT;
}

const struct setting *config_table_row(size_t row)
{
	return &settings[row];
}

size_t config_table_find(struct str section, struct str key)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (str_equal(section, str_of(settings[i].section)) &&
		    str_equal(key, str_of(settings[i].key)))
			return i;
	}
	return CONFIG_NO_ROW;
}

bool config_table_has_section(struct str section)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (str_equal(section, str_of(settings[i].section)))
			return true;
	}
	return false;
}

enum config_group config_table_group(struct str section)
{
	static const char *const names[CONFIG_GROUP_COUNT] = {
		[CONFIG_PLAIN] = "",        [CONFIG_LISTEN] = "listen",   [CONFIG_FLOW] = "flow",
		[CONFIG_CLIENT] = "client", [CONFIG_PROTECT] = "protect",
	};

	for (unsigned group = CONFIG_LISTEN; group < CONFIG_GROUP_COUNT; group++) {
		if (str_equal(section, str_of(names[group])))
			return (enum config_group)group;
	}
	return CONFIG_PLAIN;
}
