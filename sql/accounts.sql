-- The database and its five accounts, for an administrator of MariaDB to run once (again: sets the passwords).
-- Replace @NAME@ and every @…_USER@ and @…_PASSWORD@. All five must be at the same host: "gatepost migrate"
-- gives the other four their rights (grants.sql) at the host it is known by itself.

CREATE DATABASE IF NOT EXISTS `@NAME@` CHARACTER SET utf8mb4;

CREATE USER IF NOT EXISTS '@MIGRATE_USER@'@'localhost' IDENTIFIED BY '@MIGRATE_PASSWORD@';
CREATE USER IF NOT EXISTS '@WEB_USER@'@'localhost' IDENTIFIED BY '@WEB_PASSWORD@';
CREATE USER IF NOT EXISTS '@HASH_USER@'@'localhost' IDENTIFIED BY '@HASH_PASSWORD@';
CREATE USER IF NOT EXISTS '@GUARD_USER@'@'localhost' IDENTIFIED BY '@GUARD_PASSWORD@';
CREATE USER IF NOT EXISTS '@MAIL_USER@'@'localhost' IDENTIFIED BY '@MAIL_PASSWORD@';

ALTER USER '@MIGRATE_USER@'@'localhost' IDENTIFIED BY '@MIGRATE_PASSWORD@';
ALTER USER '@WEB_USER@'@'localhost' IDENTIFIED BY '@WEB_PASSWORD@';
ALTER USER '@HASH_USER@'@'localhost' IDENTIFIED BY '@HASH_PASSWORD@';
ALTER USER '@GUARD_USER@'@'localhost' IDENTIFIED BY '@GUARD_PASSWORD@';
ALTER USER '@MAIL_USER@'@'localhost' IDENTIFIED BY '@MAIL_PASSWORD@';

GRANT ALL PRIVILEGES ON `@NAME@`.* TO '@MIGRATE_USER@'@'localhost' WITH GRANT OPTION;
