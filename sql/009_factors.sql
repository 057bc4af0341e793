-- What proves more than a password: authenticator apps, recovery codes, passkeys, and challenges to sign.

-- One row a user: the secret in use, and beside it one that no code was shown of yet.
CREATE TABLE IF NOT EXISTS totp (
  user_id       BINARY(16)    NOT NULL,
  root          INT UNSIGNED  NOT NULL DEFAULT 0,
  secret        VARBINARY(64) NULL,                 -- sealed under that root; NULL: none in use
  last_step     BIGINT        NOT NULL DEFAULT 0,   -- no code of this step or an earlier one is right any more
  confirmed_at  BIGINT        NULL,
  used_at       BIGINT        NULL,
  next_root     INT UNSIGNED  NOT NULL DEFAULT 0,
  next_secret   VARBINARY(64) NULL,                 -- sealed; in use once a code of it was right
  next_at       BIGINT        NULL,
  PRIMARY KEY (user_id),
  KEY totp_next (next_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The ten recovery codes of a user. Digests of 128 random bits need no key to keep a guess away; sealed they tell
-- nothing to who reads the table, and root keys can go.
CREATE TABLE IF NOT EXISTS recovery_set (
  user_id   BINARY(16)        NOT NULL,
  id        BINARY(16)        NOT NULL,             -- of this set: another one has another
  root      INT UNSIGNED      NOT NULL,
  digests   VARBINARY(400)    NOT NULL,             -- sealed: 10 times 32 octets
  used      SMALLINT UNSIGNED NOT NULL DEFAULT 0,   -- a bit each
  made_at   BIGINT            NOT NULL,
  used_at   BIGINT            NULL,
  PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS passkey (
  id             BINARY(16)       NOT NULL,
  user_id        BINARY(16)       NOT NULL,
  credential_id  VARBINARY(1023)  NOT NULL,         -- as the authenticator named it
  algorithm      SMALLINT         NOT NULL,         -- COSE: -7 ES256, -8 EdDSA, -257 RS256
  public_key     VARBINARY(512)   NOT NULL,
  sign_count     INT UNSIGNED     NOT NULL,
  eligible       TINYINT UNSIGNED NOT NULL,         -- may be copied to other devices; never changes
  backed_up      TINYINT UNSIGNED NOT NULL,
  verified       TINYINT UNSIGNED NOT NULL,         -- the person was, when it was made
  aaguid         BINARY(16)       NOT NULL,
  transports     VARBINARY(64)    NOT NULL DEFAULT '',
  name           VARCHAR(100)     NOT NULL DEFAULT '',
  created_at     BIGINT           NOT NULL,
  used_at        BIGINT           NULL,
  PRIMARY KEY (id),
  UNIQUE KEY passkey_credential (credential_id),
  KEY passkey_user (user_id, created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Found by a keyed digest of its kind, of what it is bound to and of its random value; taken by deleting it.
CREATE TABLE IF NOT EXISTS challenge (
  hash        BINARY(32)       NOT NULL,
  user_id     BINARY(16)       NULL,                -- NULL: nobody's yet
  purpose     VARBINARY(64)    NOT NULL DEFAULT '', -- what is to be proven for, for the record
  expires_at  BIGINT           NOT NULL,
  PRIMARY KEY (hash),
  KEY challenge_user (user_id),
  KEY challenge_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- factors: a bit each that the user has, 1 authenticator app, 2 passkey, 4 recovery codes; read by every check.
-- factors_end: an administrator's reset takes them away then.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user' AND COLUMN_NAME = 'factors');
SET @change = IF(@missing, 'ALTER TABLE user ADD COLUMN factors TINYINT UNSIGNED NOT NULL DEFAULT 0, '
  'ADD COLUMN factors_end BIGINT NULL, ADD KEY user_factors_end (factors_end)', 'DO 0');
PREPARE change_user FROM @change;
EXECUTE change_user;
DEALLOCATE PREPARE change_user;

-- wish: the carrier that was asked for, once the sign-in is complete. tries: of second factors, while it is not.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'session' AND COLUMN_NAME = 'wish');
SET @change = IF(@missing, 'ALTER TABLE session ADD COLUMN wish TINYINT UNSIGNED NOT NULL DEFAULT 0, '
  'ADD COLUMN tries TINYINT UNSIGNED NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_session FROM @change;
EXECUTE change_session;
DEALLOCATE PREPARE change_session;
