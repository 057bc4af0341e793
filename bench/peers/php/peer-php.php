<?php
// The peer's GET /session: who is signed in, as JSON, or 401.
declare(strict_types=1);
require $_SERVER['PEER_DIR'] . '/sessions.php';

$db = new PDO('mysql:unix_socket=' . $_SERVER['PEER_SOCKET'] . ';dbname=peer;charset=utf8mb4', 'peer', $_SERVER['PEER_PASSWORD'],
    [PDO::ATTR_PERSISTENT => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
session_set_save_handler(new Sessions($db), true);
session_start();

header('Content-Type: application/json; charset=utf-8');
header('Cache-Control: no-store');
header('X-Content-Type-Options: nosniff');
if (!isset($_SESSION['user'])) {
    session_destroy();
    http_response_code(401);
    echo json_encode(['code' => 'unauthenticated']);
    exit;
}
$time = fn (int $at): string => gmdate('Y-m-d\TH:i:s\Z', $at);
$own = $_SESSION['session'];
echo json_encode([
    'session' => [
        'id' => $own['id'], 'class' => 'browser', 'client' => 'web', 'state' => 'active', 'methods' => [], 'aal' => 'aal1', 'amr' => ['pwd'],
        'auth_time' => $time($own['created']), 'created_at' => $time($own['created']), 'last_seen_at' => $time(time()),
        'idle_expires_at' => $time(time() + 1800), 'expires_at' => $time($own['created'] + 43200), 'device_name' => '',
        'ip' => $_SERVER['REMOTE_ADDR'], 'user_agent' => $_SERVER['HTTP_USER_AGENT'] ?? '', 'current' => true,
    ],
    'user' => $_SESSION['user'],
]);
