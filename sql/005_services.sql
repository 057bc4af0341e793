-- Back ends that may ask about sessions, and act on them.

CREATE TABLE IF NOT EXISTS service (
  name          VARBINARY(64)    NOT NULL,   -- its id: the user of HTTP Basic
  secret_hash   BINARY(32)       NOT NULL,   -- keyed
  root          INT UNSIGNED     NOT NULL,   -- number of the root key that it is under
  former_hash   BINARY(32)       NULL,       -- the secret before, good until …
  former_until  BIGINT           NULL,
  scopes        INT UNSIGNED     NOT NULL,   -- bits: 1 introspect, 2 flows:read, 4 flows:write,
                                             -- 8 sessions:end, 16 sessions:hold
  state         TINYINT UNSIGNED NOT NULL,   -- 1 active, 2 disabled
  created_at    BIGINT           NOT NULL,
  secret_at     BIGINT           NOT NULL,   -- the last change of the secret
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;
