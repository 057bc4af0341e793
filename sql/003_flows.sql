-- Journeys (flow), their counters, and hand-overs between devices.

-- owner_id is a user, or a session: a guest's, or that of a flow whose scope is the session.
CREATE TABLE IF NOT EXISTS flow (
  id          BINARY(16)       NOT NULL,
  owner_id    BINARY(16)       NOT NULL,
  owner_kind  TINYINT UNSIGNED NOT NULL,            -- 1 user, 2 session
  scope       TINYINT UNSIGNED NOT NULL,            -- 1 user: promotion carries it over, 2 session
  kind        VARBINARY(64)    NOT NULL,
  step        VARBINARY(64)    NOT NULL,
  return_to   VARBINARY(2048)  NOT NULL DEFAULT '',
  data        VARBINARY(16384) NOT NULL,            -- JSON object of the client's
  facts       VARBINARY(16384) NOT NULL,            -- JSON object that only services write
  from_guest  TINYINT UNSIGNED NOT NULL DEFAULT 0,
  version     BIGINT UNSIGNED  NOT NULL,            -- counts every change: the ETag
  created_at  BIGINT           NOT NULL,
  updated_at  BIGINT           NOT NULL,
  expires_at  BIGINT           NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY flow_owner (owner_id, kind),
  KEY flow_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Outlives its flow: what is used up stays used up until the window ends.
CREATE TABLE IF NOT EXISTS flow_counter (
  owner_id    BINARY(16)     NOT NULL, -- as in flow
  kind        VARBINARY(64)  NOT NULL,
  name        VARBINARY(64)  NOT NULL,
  started_at  BIGINT         NOT NULL, -- the first attempt of the window
  taken       INT UNSIGNED   NOT NULL,
  last_at     BIGINT         NOT NULL,
  purge_at    BIGINT         NOT NULL,
  PRIMARY KEY (owner_id, kind, name),
  KEY flow_counter_purge (purge_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS handover (
  code_hash   BINARY(32)       NOT NULL, -- keyed
  challenge   BINARY(32)       NOT NULL, -- SHA-256 of the receiver's verifier
  receiver    TINYINT UNSIGNED NOT NULL, -- 1 browser, 2 native
  user_id     BINARY(16)       NOT NULL,
  session_id  BINARY(16)       NOT NULL, -- the giver's; it must still live, with this epoch
  epoch       INT UNSIGNED     NOT NULL,
  created_at  BIGINT           NOT NULL,
  expires_at  BIGINT           NOT NULL,
  used_at     BIGINT           NULL,     -- used once, and kept so that the same request is known again
  PRIMARY KEY (code_hash),
  KEY handover_session (session_id),
  KEY handover_user (user_id),
  KEY handover_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What a guest does and what signing in makes of the guest: both write this counter, so that no two nodes of a cluster
-- commit what contradicts (as user.turns).
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'session' AND COLUMN_NAME = 'turns');
SET @change = IF(@missing, 'ALTER TABLE session ADD COLUMN turns BIGINT UNSIGNED NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_session FROM @change;
EXECUTE change_session;
DEALLOCATE PREPARE change_session;
