-- A change of a role concerns everybody who has it. What does not fit into one transaction is noted here, and goes on
-- from there: 0 nothing, 1 the grants of its holders are rewritten, 2 it is taken from its holders and then goes.
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'role' AND COLUMN_NAME = 'work');
SET @change = IF(@missing, 'ALTER TABLE role ADD COLUMN work TINYINT UNSIGNED NOT NULL DEFAULT 0, '
  'ADD COLUMN work_user BINARY(16) NULL, ADD COLUMN work_tenant BINARY(16) NULL', 'DO 0');
PREPARE change_role FROM @change;
EXECUTE change_role;
DEALLOCATE PREPARE change_role;
