<?php
/* An application that never heard of Gatepost: it takes REMOTE_USER for who is there, as it would under Basic. */
declare(strict_types=1);

function text(string $value): string
{
    return htmlspecialchars($value, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
}

/* The names of the cookies as they came, not as PHP would have them in $_COOKIE. */
function cookie_names(): array
{
    $names = array_map(fn ($pair) => trim(explode('=', $pair, 2)[0]), explode(';', $_SERVER['HTTP_COOKIE'] ?? ''));
    return array_values(array_filter($names, fn ($name) => $name !== ''));
}

/* What could be used to be somebody: none of it should have come this far. */
function credentials(): array
{
    $seen = array_values(array_filter(cookie_names(), fn ($name) => str_starts_with($name, '__Host-gatepost')));
    if (isset($_SERVER['HTTP_X_SESSION_ID'])) {
        $seen[] = 'X-Session-Id';
    }
    if (preg_match('/^bearer /i', $_SERVER['HTTP_AUTHORIZATION'] ?? '')) {
        $seen[] = 'Authorization: Bearer';
    }
    return $seen;
}

$facts = [
    'REMOTE_USER' => 'Name',
    'GATEPOST_USER_ID' => 'Id, which stays when the name changes',
    'GATEPOST_EMAIL' => 'Address',
    'GATEPOST_ROLES' => 'Roles',
    'GATEPOST_TENANT' => 'Organisation',
    'GATEPOST_SESSION_ID' => 'Session',
    'GATEPOST_AAL' => 'How strongly signed in',
    'GATEPOST_TICKET' => 'Ticket, to ask Gatepost by',
];
$user = $_SERVER['REMOTE_USER'] ?? '';
$credentials = credentials();
$others = array_values(array_diff(cookie_names(), $credentials));

header('Content-Type: text/html; charset=utf-8');
?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>An application in PHP</title>
<link rel="icon" href="/auth/assets/gatepost.svg">
<link rel="stylesheet" href="/private/style.css">
</head>
<body>
<header>
<nav aria-label="Guarded places">
<ul>
<li><a href="/private/">A file</a></li>
<li><a href="/app/" aria-current="page">An application</a></li>
<li><a href="/admin/">Administrators</a></li>
<li><a href="/auth/account">Your account</a></li>
<li><a href="/auth/logout">Sign out</a></li>
</ul>
</nav>
</header>
<main>
<h1><?= $user === '' ? 'Hello, whoever you are' : 'Hello, ' . text($user) ?></h1>
<p>This page is made by PHP, which has no sign-in of its own.</p>
<section aria-labelledby="facts">
<h2 id="facts">What it was told</h2>
<table>
<?php foreach ($facts as $name => $label) : ?>
<tr><th scope="row"><?= text($label) ?><br><code><?= text($name) ?></code></th>
<?php if (($_SERVER[$name] ?? '') === '') : ?>
<td class="nothing">nothing</td></tr>
<?php else : ?>
<td><?= text((string) $_SERVER[$name]) ?></td></tr>
<?php endif ?>
<?php endforeach ?>
</table>
</section>
<section aria-labelledby="credentials">
<h2 id="credentials">What it could steal</h2>
<?php if ($credentials === []) : ?>
<p>Nothing: no cookie, handle or token of Gatepost’s came this far.</p>
<?php else : ?>
<p><strong>It sees <?= text(implode(', ', $credentials)) ?></strong>, and could be you anywhere on this site.</p>
<?php endif ?>
<p class="hint">Other cookies that it sees: <?= $others === [] ? 'none' : text(implode(', ', $others)) ?>.</p>
</section>
</main>
</body>
</html>
