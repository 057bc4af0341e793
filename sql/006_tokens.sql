-- Refresh tokens. A session that is carried by tokens has one family; its tokens follow one another.

CREATE TABLE IF NOT EXISTS token_family (
  session_id  BINARY(16)       NOT NULL,
  user_id     BINARY(16)       NOT NULL,
  client      VARBINARY(64)    NOT NULL,
  created_at  BIGINT           NOT NULL,
  expires_at  BIGINT           NOT NULL,            -- the session's, which no refresh moves
  ended_at    BIGINT           NULL,                -- revoked, or a token of it was used again
  PRIMARY KEY (session_id),
  KEY token_family_user (user_id),
  KEY token_family_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS refresh_token (
  hash        BINARY(32)       NOT NULL,            -- keyed
  session_id  BINARY(16)       NOT NULL,            -- the family
  pair_id     BINARY(16)       NOT NULL,            -- jti of the access token that came with it
  issued_at   BIGINT           NOT NULL,
  expires_at  BIGINT           NOT NULL,            -- the family's
  used_at     BIGINT           NULL,                -- exchanged for child_hash
  replaced_at BIGINT           NULL,                -- a sign-in, step-up or new password made another
  nonce       BINARY(16)       NULL,                -- with the value: what the child's value is derived from
  child_hash  BINARY(32)       NULL,
  presenter   BINARY(32)       NULL,                -- keyed: source prefix and User-Agent of the first use
  PRIMARY KEY (hash),
  KEY refresh_token_session (session_id),
  KEY refresh_token_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Which pair a session's value_used is about.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'session' AND COLUMN_NAME = 'pair_id');
SET @change = IF(@missing, 'ALTER TABLE session ADD COLUMN pair_id BINARY(16) NULL', 'DO 0');
PREPARE change_session FROM @change;
EXECUTE change_session;
DEALLOCATE PREPARE change_session;
