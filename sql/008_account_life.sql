-- Mail that proves an address or takes something back, closed accounts, languages, and what the overview shows.

-- One row for what somebody was asked to prove by mail: a code to type, and a link.
CREATE TABLE IF NOT EXISTS mail_code (
  id            BINARY(16)       NOT NULL,
  purpose       TINYINT UNSIGNED NOT NULL,             -- 1 registration, 2 recovery, 3 address, 4 restoration, 5 not me, 6 invitation
  slot_hash     BINARY(32)       NOT NULL,             -- keyed: purpose and whose. A newer one takes the older one's place
  address       VARBINARY(254)   NOT NULL,             -- where it was sent
  user_id       BINARY(16)       NULL,                 -- NULL: nobody's yet
  code_hash     BINARY(32)       NOT NULL,             -- keyed, with the id: of the code to type
  link_hash     BINARY(32)       NOT NULL,             -- keyed
  asker_hash    BINARY(32)       NOT NULL,             -- keyed: where the code may be typed. The link goes anywhere
  payload       VARBINARY(2048)  NOT NULL DEFAULT '',  -- lines of name=value: what was asked for with it
  language      VARBINARY(35)    NOT NULL DEFAULT '',
  tries         TINYINT UNSIGNED NOT NULL DEFAULT 0,   -- of the code
  created_at    BIGINT           NOT NULL,
  code_end      BIGINT           NOT NULL,
  expires_at    BIGINT           NOT NULL,
  used_at       BIGINT           NULL,
  PRIMARY KEY (id),
  UNIQUE KEY mail_code_slot (slot_hash),
  UNIQUE KEY mail_code_link (link_hash),
  KEY mail_code_address (address),
  KEY mail_code_user (user_id),
  KEY mail_code_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- An hour of the overview, written by the housekeeper.
CREATE TABLE IF NOT EXISTS overview_hour (
  hour_start  BIGINT       NOT NULL,
  sign_ins    INT UNSIGNED NOT NULL,
  failures    INT UNSIGNED NOT NULL,
  sessions    INT UNSIGNED NOT NULL, -- that were live at updated_at
  updated_at  BIGINT       NOT NULL,
  PRIMARY KEY (hour_start)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user' AND COLUMN_NAME = 'language');
SET @change = IF(@missing, 'ALTER TABLE user ADD COLUMN language VARBINARY(35) NOT NULL DEFAULT '''', '
  'ADD COLUMN closed_at BIGINT NULL, ADD KEY user_closed (closed_at)', 'DO 0');
PREPARE change_user FROM @change;
EXECUTE change_user;
DEALLOCATE PREPARE change_user;

-- refused: somebody said "this wasn't me". No sign-in until a recovery sets another one.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'password' AND COLUMN_NAME = 'refused');
SET @change = IF(@missing, 'ALTER TABLE password ADD COLUMN refused TINYINT UNSIGNED NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_password FROM @change;
EXECUTE change_password;
DEALLOCATE PREPARE change_password;

-- payload is sealed under a root of the key file, and emptied when the mail is sent.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'outbox' AND COLUMN_NAME = 'root');
SET @change = IF(@missing, 'ALTER TABLE outbox ADD COLUMN root INT UNSIGNED NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_outbox FROM @change;
EXECUTE change_outbox;
DEALLOCATE PREPARE change_outbox;
