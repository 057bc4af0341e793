<?php
/*
 * PHP's sessions in MariaDB: one look-up by primary key a request on a connection that is kept, the key a hash of what
 * the browser has, one write a minute and session. As little as such a handler can do.
 */
final class Sessions implements SessionHandlerInterface, SessionIdInterface, SessionUpdateTimestampHandlerInterface
{
    private const LIFETIME = 1800;
    private const TOUCH_AFTER = 60;
    private ?array $row = null;

    public function __construct(private PDO $db)
    {
    }

    private static function key(string $id): string
    {
        return hash('sha256', $id, true);
    }

    public function create_sid(): string
    {
        return bin2hex(random_bytes(16));
    }

    // In strict mode this is asked before read, which then has the row already.
    public function validateId(string $id): bool
    {
        $find = $this->db->prepare('SELECT data, touched FROM php_session WHERE id = ? AND touched > ?');
        $find->execute([self::key($id), time() - self::LIFETIME]);
        $this->row = $find->fetch(PDO::FETCH_ASSOC) ?: null;
        return $this->row !== null;
    }

    public function open(string $path, string $name): bool
    {
        return true;
    }

    public function read(string $id): string
    {
        return $this->row['data'] ?? '';
    }

    public function write(string $id, string $data): bool
    {
        return $this->db->prepare('REPLACE INTO php_session (id, data, touched) VALUES (?, ?, ?)')->execute([self::key($id), $data, time()]);
    }

    public function updateTimestamp(string $id, string $data): bool
    {
        if ($this->row !== null && time() - $this->row['touched'] < self::TOUCH_AFTER) {
            return true;
        }
        return $this->db->prepare('UPDATE php_session SET touched = ? WHERE id = ?')->execute([time(), self::key($id)]);
    }

    public function destroy(string $id): bool
    {
        return $this->db->prepare('DELETE FROM php_session WHERE id = ?')->execute([self::key($id)]);
    }

    public function close(): bool
    {
        return true;
    }

    public function gc(int $lifetime): int|false
    {
        return $this->db->exec('DELETE FROM php_session WHERE touched < ' . (time() - self::LIFETIME));
    }
}
