-- Sessions, users, passwords, roles, memberships, devices, rotation, throttle, outbox, audit.
-- Times: microseconds since 1970 in BIGINT. Ids: 16 random bytes. Digests: 32 bytes, keyed.
-- Names that are normalised to ASCII by the program are VARBINARY, so that no collation can pad or fold them.

CREATE TABLE IF NOT EXISTS user (
  id               BINARY(16)       NOT NULL,
  username         VARBINARY(64)    NULL,
  email            VARBINARY(254)   NULL,
  display_name     VARCHAR(100)     NOT NULL,
  state            TINYINT UNSIGNED NOT NULL DEFAULT 1,  -- 1 active, 2 locked, 3 closed
  email_proven_at  BIGINT           NULL,
  default_tenant   BINARY(16)       NULL,
  grants           VARBINARY(4000)  NOT NULL DEFAULT '', -- denormalised: roles and permissions everywhere
  created_at       BIGINT           NOT NULL,
  updated_at       BIGINT           NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY user_username (username),
  UNIQUE KEY user_email (email),
  KEY user_created (created_at, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS password (
  user_id      BINARY(16)       NOT NULL,
  hash         VARBINARY(255)   NOT NULL, -- PHC string; readable by the hash account only
  changed_at   BIGINT           NOT NULL,
  must_change  TINYINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS tenant (
  id          BINARY(16)    NOT NULL,
  name        VARBINARY(64) NOT NULL,
  title       VARCHAR(100)  NOT NULL,
  created_at  BIGINT        NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY tenant_name (name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS membership (
  user_id     BINARY(16)      NOT NULL,
  tenant_id   BINARY(16)      NOT NULL,
  grants      VARBINARY(4000) NOT NULL DEFAULT '', -- denormalised: roles and permissions in this tenant
  created_at  BIGINT          NOT NULL,
  PRIMARY KEY (user_id, tenant_id),
  KEY membership_tenant (tenant_id, user_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS role (
  id          BINARY(16)       NOT NULL,
  name        VARBINARY(64)    NOT NULL,
  elevated    TINYINT UNSIGNED NOT NULL DEFAULT 0,
  turns       BIGINT UNSIGNED  NOT NULL DEFAULT 0, -- written by what may take a last holder away: one at a time
  created_at  BIGINT           NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY role_name (name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS permission (
  role_id  BINARY(16)    NOT NULL,
  name     VARBINARY(64) NOT NULL,
  PRIMARY KEY (role_id, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS user_role (
  user_id     BINARY(16) NOT NULL,
  tenant_id   BINARY(16) NOT NULL, -- zero: everywhere
  role_id     BINARY(16) NOT NULL,
  created_at  BIGINT     NOT NULL,
  PRIMARY KEY (user_id, tenant_id, role_id),
  KEY user_role_role (role_id, user_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS device (
  id             BINARY(16)       NOT NULL,
  user_id        BINARY(16)       NOT NULL,
  ref_hash       BINARY(32)       NOT NULL, -- keyed: the device cookie's value or the app's device_id
  kind           TINYINT UNSIGNED NOT NULL, -- 1 browser (cookie), 2 app (device_id)
  name           VARCHAR(100)     NOT NULL DEFAULT '',
  created_at     BIGINT           NOT NULL,
  last_seen      BIGINT           NOT NULL,
  trusted_until  BIGINT           NULL,
  key_kind       TINYINT UNSIGNED NULL,     -- 1 P-256, 2 Ed25519
  public_key     VARBINARY(128)   NULL,
  key_set_at     BIGINT           NULL,
  PRIMARY KEY (id),
  UNIQUE KEY device_ref (user_id, ref_hash),
  KEY device_last_seen (last_seen)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS session (
  hash         BINARY(32)       NOT NULL,
  id           BINARY(16)       NOT NULL,
  epoch        INT UNSIGNED     NOT NULL, -- counts every change of identity, level or value
  carrier      TINYINT UNSIGNED NOT NULL, -- 1 cookie, 2 handle, 3 token
  class        TINYINT UNSIGNED NOT NULL, -- 1 guest, 2 browser, 3 remembered, 4 native
  state        TINYINT UNSIGNED NOT NULL, -- 1 active, 2 second factor, 3 enrolment, 4 password change, 5 address
  value_used   TINYINT UNSIGNED NOT NULL, -- 0: the value of the last rotation was never presented
  held         TINYINT UNSIGNED NOT NULL DEFAULT 0, -- 1: asks for a new sign-in at its next request
  user_id      BINARY(16)       NULL,
  tenant_id    BINARY(16)       NULL,
  device_id    BINARY(16)       NULL,
  client       VARBINARY(64)    NOT NULL,
  aal          TINYINT UNSIGNED NOT NULL DEFAULT 1,
  amr          VARBINARY(64)    NOT NULL DEFAULT '', -- words, space between (RFC 8176)
  auth_time    BIGINT           NULL,
  aal2_end     BIGINT           NULL,
  created_at   BIGINT           NOT NULL,
  last_seen    BIGINT           NOT NULL,
  idle_end     BIGINT           NOT NULL, -- never after expires_at, so that one index finds what is over
  expires_at   BIGINT           NOT NULL,
  device_name  VARCHAR(100)     NOT NULL DEFAULT '',
  ip           VARBINARY(45)    NOT NULL,
  user_agent   VARBINARY(255)   NOT NULL DEFAULT '',
  PRIMARY KEY (hash),
  UNIQUE KEY session_id (id),
  KEY session_user (user_id, last_seen),
  KEY session_device (device_id),
  KEY session_idle_end (idle_end)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS rotation (
  old_hash      BINARY(32)   NOT NULL,
  session_id    BINARY(16)   NOT NULL,
  epoch         INT UNSIGNED NOT NULL, -- the session's epoch after this rotation
  proof_hash    BINARY(32)   NOT NULL, -- keyed: the old value and everything that made the request
  nonce         BINARY(16)   NOT NULL,
  repeat_until  BIGINT       NOT NULL,
  purge_at      BIGINT       NOT NULL,
  PRIMARY KEY (old_hash),
  KEY rotation_session (session_id),
  KEY rotation_purge (purge_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS throttle (
  key_hash      BINARY(32)       NOT NULL, -- keyed: bucket and subject, whether or not the subject exists
  bucket        TINYINT UNSIGNED NOT NULL,
  short_start   BIGINT           NOT NULL,
  short_count   INT UNSIGNED     NOT NULL,
  long_start    BIGINT           NOT NULL,
  long_count    INT UNSIGNED     NOT NULL,
  failures      INT UNSIGNED     NOT NULL, -- in a row: a success deletes the row
  before_at     BIGINT           NOT NULL, -- the attempt before the newest: what waits are counted from
  last_at       BIGINT           NOT NULL, -- the newest attempt that was taken
  purge_at      BIGINT           NOT NULL,
  PRIMARY KEY (key_hash),
  KEY throttle_purge (purge_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS outbox (
  id          BINARY(16)        NOT NULL,
  kind        VARBINARY(64)     NOT NULL,
  user_id     BINARY(16)        NULL,
  recipient   VARBINARY(254)    NULL,               -- NULL: a decoy, dropped by the mailer
  language    VARBINARY(35)     NOT NULL DEFAULT 'en',
  payload     VARBINARY(8192)   NOT NULL,           -- JSON for the mail's template
  state       TINYINT UNSIGNED  NOT NULL DEFAULT 1, -- 1 waiting, 2 taken, 3 sent, 4 dead
  attempts    SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  due_at      BIGINT            NOT NULL,
  taken_by    BINARY(16)        NULL,
  created_at  BIGINT            NOT NULL,
  done_at     BIGINT            NULL,
  last_error  VARCHAR(255)      NOT NULL DEFAULT '',
  PRIMARY KEY (id),
  KEY outbox_due (state, due_at),
  KEY outbox_user (user_id, created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS audit_event (
  at          BIGINT         NOT NULL,
  id          BINARY(16)     NOT NULL,
  event       VARBINARY(64)  NOT NULL,
  outcome     VARBINARY(16)  NOT NULL, -- ok, refused, failed
  user_id     BINARY(16)     NULL,     -- whom it is about
  actor_id    BINARY(16)     NULL,     -- who did it; NULL: the same, or the command line
  session_id  BINARY(16)     NULL,
  request_id  BINARY(16)     NULL,
  source      VARBINARY(45)  NOT NULL DEFAULT '',
  detail      VARBINARY(1024) NOT NULL DEFAULT '',
  PRIMARY KEY (at, id),
  KEY audit_user (user_id, at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS setup_code (
  only        TINYINT UNSIGNED NOT NULL, -- 1: there is at most one
  hash        BINARY(32)       NOT NULL,
  expires_at  BIGINT           NOT NULL,
  PRIMARY KEY (only)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The one role that the first administrator gets.
INSERT IGNORE INTO role (id, name, elevated, created_at)
  VALUES (UNHEX('61646d696e0000000000000000000001'), 'admin', 1, 0);
INSERT IGNORE INTO permission (role_id, name)
  VALUES (UNHEX('61646d696e0000000000000000000001'), 'users:manage');
