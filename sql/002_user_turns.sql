-- A lock holds on one node of a Galera cluster only. What depends on an account writes this counter instead, so that
-- no two nodes commit what contradicts. Neither MariaDB's IF NOT EXISTS nor MySQL's lack of it: it runs again on both.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user' AND COLUMN_NAME = 'turns');
SET @change = IF(@missing, 'ALTER TABLE user ADD COLUMN turns BIGINT UNSIGNED NOT NULL DEFAULT 0', 'DO 0');
PREPARE change_user FROM @change;
EXECUTE change_user;
DEALLOCATE PREPARE change_user;
