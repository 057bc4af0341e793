-- What each account may do; applied after every migration by the account "migrate".
-- {database}, {web}, {hash}, {guard} and {mail} are replaced by quoted names.

-- web: every row, but a password's hash can only be written.
GRANT SELECT (version) ON {database}.schema_migration TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.user TO {web};
GRANT SELECT (user_id, changed_at, must_change, refused), INSERT, UPDATE, DELETE ON {database}.password TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.tenant TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.membership TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.role TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.permission TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.user_role TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.device TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.session TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.rotation TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.throttle TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.outbox TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.setup_code TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.mail_code TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.overview_hour TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.flow TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.flow_counter TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.handover TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.token_family TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.refresh_token TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.signing_key TO {web};
GRANT SELECT, INSERT, UPDATE ON {database}.signing_turn TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.service TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.totp TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.recovery_set TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.passkey TO {web};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.challenge TO {web};
-- What was recorded is never changed, only purged.
GRANT SELECT, INSERT, DELETE ON {database}.audit_event TO {web};

-- hash: reads the hashes and nothing else.
GRANT SELECT (version) ON {database}.schema_migration TO {hash};
GRANT SELECT (user_id, hash) ON {database}.password TO {hash};

-- guard: reads what a check reads, and notes that a session was used.
GRANT SELECT (version) ON {database}.schema_migration TO {guard};
GRANT SELECT, UPDATE (last_seen, idle_end) ON {database}.session TO {guard};
GRANT SELECT (id, username, email, display_name, state, grants, language, factors) ON {database}.user TO {guard};
GRANT SELECT (user_id, tenant_id, grants) ON {database}.membership TO {guard};
GRANT SELECT (id, name) ON {database}.tenant TO {guard};
-- Seeds are sealed under the key file: a public key is derived from its opened seal, never believed from a column.
GRANT SELECT (kid, state, alg, public_key, root, seed, made_at, active_at, retiring_at, gone_at) ON {database}.signing_key TO {guard};

-- mail: takes mail out of the box and notes what became of it. Who a mail goes to and what is in it, it cannot change; it can
-- empty it.
GRANT SELECT (version) ON {database}.schema_migration TO {mail};
GRANT SELECT (id, kind, recipient, language, payload, root, state, attempts, due_at, taken_by, created_at), UPDATE (payload, state, attempts, due_at, taken_by, done_at, last_error) ON {database}.outbox TO {mail};
