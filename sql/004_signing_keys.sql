-- Keys that sign access tokens.

CREATE TABLE IF NOT EXISTS signing_key (
  kid          BINARY(32)       NOT NULL,         -- RFC 7638: SHA-256 of the public key as a JWK
  state        TINYINT UNSIGNED NOT NULL,         -- 1 next, 2 active, 3 retiring, 4 gone
  alg          TINYINT UNSIGNED NOT NULL,         -- 1 EdDSA, 2 Ed25519: what it is called
  public_key   BINARY(32)       NOT NULL,
  root         INT UNSIGNED     NOT NULL,         -- number of the root key that seals the seed
  seed         VARBINARY(72)    NULL,             -- sealed, with kid as its place; NULL: gone
  made_at      BIGINT           NOT NULL,         -- published since
  active_at    BIGINT           NULL,
  retiring_at  BIGINT           NULL,
  gone_at      BIGINT           NULL,
  PRIMARY KEY (kid),
  KEY signing_key_state (state, made_at),
  KEY signing_key_gone (gone_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One row: every change of the keys takes the turn that it has read, so of two at once one changes nothing, on one
-- node of a cluster or on two (as user.turns).
CREATE TABLE IF NOT EXISTS signing_turn (
  only  TINYINT UNSIGNED NOT NULL,
  turn  BIGINT UNSIGNED  NOT NULL,
  PRIMARY KEY (only)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;
