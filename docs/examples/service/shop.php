<?php
/*
 * A back end that takes a handle from its own client and asks Gatepost about it. PHP 8 without extensions.
 *
 *     GATEPOST_URL=https://www.example.org/auth GATEPOST_SERVICE=shop GATEPOST_SECRET_FILE=shop.secret \
 *         php -S 127.0.0.1:PORT shop.php
 *
 * GATEPOST_CA names a file with certificates to trust, if the system's are not enough. What it is asked is what
 * shop.py is asked: GET /me, POST /pay, POST /suspicious, POST /bye, with the app's handle in X-Session-Id.
 */
declare(strict_types=1);

final class Gatepost
{
    private string $basic;

    public function __construct(private string $url, string $name, string $secret, private ?string $ca)
    {
        // RFC 6749, 2.3.1: both are form-encoded before they are joined.
        $this->basic = 'Basic ' . base64_encode(urlencode($name) . ':' . urlencode($secret));
    }

    /** [status, body as array or null]. Nobody is let in when Gatepost cannot be asked: that throws. */
    public function call(string $method, string $path, array $headers = [], ?string $data = null): array
    {
        $context = stream_context_create([
            'http' => [
                'method' => $method,
                'header' => ["Authorization: {$this->basic}", ...$headers],
                'content' => $data ?? '',
                'ignore_errors' => true,
                'follow_location' => 0,
                'timeout' => 10,
            ],
            'ssl' => $this->ca === null ? [] : ['cafile' => $this->ca],
        ]);
        $text = @file_get_contents($this->url . $path, false, $context);
        if ($text === false) {
            throw new RuntimeException('Gatepost does not answer');
        }
        $status = (int) explode(' ', $http_response_header[0])[1];
        return [$status, $text === '' ? null : json_decode($text, true, 16, JSON_THROW_ON_ERROR)];
    }

    /** What the token stands for, or null. A handle, an access token, or a ticket. */
    public function introspect(string $token): ?array
    {
        [$status, $body] = $this->call('POST', '/oauth/introspect', ['Content-Type: application/x-www-form-urlencoded'], http_build_query(['token' => $token]));
        if ($status !== 200) {
            throw new RuntimeException("introspection: $status");
        }
        return $body['active'] ? $body : null;
    }

    public function api(string $method, string $path, string $handle, ?array $body = null, ?string $ifMatch = null): array
    {
        $headers = ["X-Session-Id: $handle"];
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
        }
        if ($ifMatch !== null) {
            $headers[] = "If-Match: $ifMatch";
        }
        return $this->call($method, "/api/v1$path", $headers, $body === null ? null : json_encode($body, JSON_THROW_ON_ERROR));
    }
}

function answer(int $status, ?array $body = null): void
{
    http_response_code($status);
    header('Cache-Control: no-store');
    if ($body !== null) {
        header('Content-Type: application/json');
        echo json_encode($body, JSON_THROW_ON_ERROR);
    }
}

function serve(Gatepost $gatepost): void
{
    $route = $_SERVER['REQUEST_METHOD'] . ' ' . $_SERVER['REQUEST_URI'];
    if (!in_array($route, ['GET /me', 'POST /pay', 'POST /suspicious', 'POST /bye'], true)) {
        answer(404);
        return;
    }
    $handle = $_SERVER['HTTP_X_SESSION_ID'] ?? '';
    // What would end the header and begin another is no handle of anybody's.
    $who = preg_match('/\A[\x21-\x7e]+\z/', $handle) === 1 ? $gatepost->introspect($handle) : null;
    // A guest's session is active, too, and nobody's: "sub" is who.
    if ($who === null || !isset($who['sub'])) {
        answer(401, ['error' => 'please sign in']);
        return;
    }
    switch ($route) {
        case 'GET /me':
            answer(200, ['id' => $who['sub'], 'name' => $who['username'] ?? null, 'roles' => $who['roles']]);
            break;
        case 'POST /pay':
            // Whatever version it is: a fact is merged into what is there.
            [$status, $flow] = $gatepost->api('PATCH', '/flows/order', $handle, ['facts' => ['paid' => true]], '*');
            if ($status === 200) {
                [$status, $flow] = $gatepost->api('POST', '/flows/order/step', $handle, ['to' => 'paid'], '*');
            }
            $status === 200 ? answer(200, ['step' => $flow['step']]) : answer(409, ['error' => $flow['code']]);
            break;
        case 'POST /suspicious':
            [$status] = $gatepost->api('POST', "/sessions/{$who['sid']}/hold", $handle, ['reason' => 'an odd order']);
            answer($status === 204 ? 204 : 502);
            break;
        case 'POST /bye':
            [$status] = $gatepost->api('DELETE', '/session', $handle);
            answer($status === 204 ? 204 : 502);
            break;
    }
}

try {
    $secret = trim((string) file_get_contents((string) getenv('GATEPOST_SECRET_FILE')));
    serve(new Gatepost((string) getenv('GATEPOST_URL'), (string) getenv('GATEPOST_SERVICE'), $secret, getenv('GATEPOST_CA') ?: null));
} catch (Throwable $failure) {
    error_log($failure->getMessage());
    answer(503);
}
