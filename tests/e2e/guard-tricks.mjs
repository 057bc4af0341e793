// Spellings of a file below a guarded folder: what a browser never sends, and somebody who looks for a way around does.

const hex = (text, upper = false) => [...Buffer.from(text)].map((octet) => `%${upper ? octet.toString(16).toUpperCase() : octet.toString(16)}`).join('');

// Of these everybody knows what they mean, so whoever may have it gets it.
export const plain = (dir, host) => [
  `/${dir}/secret.txt`,
  `/${dir}/secret.txt?`,
  `/${dir}/secret.txt?/open/../x=%2e%2e`,
  `/${hex(dir[0])}${dir.slice(1)}/secret.txt`,
  `/${hex(dir)}/${hex('secret')}.txt`,
  `https://${host}/${dir}/secret.txt`,
];

/*
 * Of a folder with the file secret.txt and the public folder public/ in it, beside the public folder /open/. As they
 * go over the wire, octet by octet.
 */
export const spellings = (dir, host) => [
  ...plain(dir, host),
  // The folder, with and without what belongs behind it.
  `/${dir}`, `/${dir}/`, `/${dir}/.`, `/${dir}/..`, `/${dir}/index.html`, `/${dir}?`, `/${dir}/?/public/`,
  // Dot segments.
  `/${dir}/./secret.txt`, `/./${dir}/secret.txt`, `/.//${dir}/secret.txt`, `/${dir}/../${dir}/secret.txt`, `/../${dir}/secret.txt`,
  `/../../../${dir}/secret.txt`, `/open/../${dir}/secret.txt`, `/open/./../${dir}/./secret.txt`, `/open/x/../../${dir}/secret.txt`,
  `/${dir}/public/../secret.txt`, `/${dir}/public/x/../../secret.txt`, `/${dir}/public/./../secret.txt`, `/${dir}/public/..`,
  `/open/.../${dir}/secret.txt`, `/open/....//${dir}/secret.txt`,
  // And encoded, in both cases.
  `/open/%2e%2e/${dir}/secret.txt`, `/open/%2E%2E/${dir}/secret.txt`, `/open/.%2e/${dir}/secret.txt`, `/open/%2E./${dir}/secret.txt`,
  `/%2e/${dir}/secret.txt`, `/${dir}/%2E/secret.txt`, `/${dir}/public/%2e%2e/secret.txt`, `/${dir}/public/.%2E/secret.txt`,
  // More slashes than are needed.
  `//${dir}/secret.txt`, `///${dir}//secret.txt`, `/${dir}//secret.txt`, `/open//../${dir}/secret.txt`, `/${dir}/public//../secret.txt`,
  `/${dir}/public//..//secret.txt`, `//${host}/${dir}/secret.txt`,
  // Encoded ones.
  `/${dir}%2fsecret.txt`, `/${dir}%2Fsecret.txt`, `/%2f${dir}/secret.txt`, `/%2F%2f${dir}%2Fsecret.txt`, `%2f${dir}/secret.txt`,
  `/open/..%2f${dir}/secret.txt`, `/open%2f..%2F${dir}%2fsecret.txt`, `/open/%2e%2e%2f${dir}%2fsecret.txt`,
  `/${dir}/public%2f..%2fsecret.txt`, `/${dir}/public/..%2Fsecret.txt`, `/${dir}/public/%2e%2e%2Fsecret.txt`,
  // The other kind of slash.
  `/${dir}\\secret.txt`, `\\${dir}\\secret.txt`, `/open\\..\\${dir}\\secret.txt`, `/open/..\\${dir}/secret.txt`, `/open/..%5c${dir}/secret.txt`,
  `/${dir}%5Csecret.txt`, `/${dir}/public\\..\\secret.txt`, `/${dir}/public/..%5csecret.txt`,
  // What ends a string in C.
  `/${dir}/secret.txt%00`, `/${dir}/secret.txt%00.html`, `/${dir}%00/secret.txt`, `/open/%00/../${dir}/secret.txt`,
  `/${dir}/secret.txt\0`, `/open/\0/../${dir}/secret.txt`, `/${dir}/public/%00/../secret.txt`, `/${dir}/secret.txt%00/../public/`,
  // What ends a segment in Java.
  `/${dir};/secret.txt`, `/${dir};x=1/secret.txt`, `/${dir}/secret.txt;x`, `/open/..;/${dir}/secret.txt`, `/;/${dir}/secret.txt`,
  `/${dir}/;/secret.txt`, `/${dir}%3b/secret.txt`, `/${dir}/secret.txt%3Bx`, `/${dir}/public/..;/secret.txt`, `/${dir}/public;/../secret.txt`,
  // Encoded twice.
  `/open/%252e%252e/${dir}/secret.txt`, `/open/..%252f${dir}/secret.txt`, `/${dir}%252fsecret.txt`, `/%25${hex(dir[0]).slice(1)}${dir.slice(1)}/secret.txt`,
  `/${dir}/secret%252etxt`, `/${dir}/public/%252e%252e/secret.txt`, `/%2525${dir}/secret.txt`,
  // Letters encoded that need it not.
  `/${hex(dir, true)}/secret.txt`, `/${dir}/${hex('secret.txt', true)}`, `/${hex(dir)}%2f${hex('secret.txt')}`, `/${dir}/secret${hex('.')}txt`,
  // Ends that some file systems forget.
  `/${dir}./secret.txt`, `/${dir}/secret.txt.`, `/${dir}../secret.txt`, `/${dir}/secret.txt/`, `/${dir}/secret.txt/.`, `/${dir}/secret.txt/..`,
  `/${dir}%20/secret.txt`, `/${dir}/secret.txt%20`, `/${dir}/secret.txt%2e`, `/${dir}/secret.txt::$DATA`, `/${dir}/secret.txt/x`, `/${dir}~1/secret.txt`,
  // The whole URL in place of the path, with other names, too.
  `http://${host}/${dir}/secret.txt`, `HTTPS://${host}/${dir}/secret.txt`, `https://evil.test/${dir}/secret.txt`, `https://${host}//${dir}/secret.txt`,
  `https://${host}/open/../${dir}/secret.txt`, `https://user@${host}/${dir}/secret.txt`, `https:///${dir}/secret.txt`, `https:/${dir}/secret.txt`,
  `https://${host}/open/..%2f${dir}/secret.txt`, `https://${host}?/../${dir}/secret.txt`, `https://${host}\\${dir}\\secret.txt`,
  `file:///${dir}/secret.txt`, `ws://${host}/${dir}/secret.txt`,
  // Fragments, which no client sends, and queries where no query is.
  `/${dir}/secret.txt#`, `/${dir}/secret.txt#x`, `/open/#/../${dir}/secret.txt`, `/open/%23/../${dir}/secret.txt`, `/${dir}/public/#/../secret.txt`,
  `/${dir}/secret.txt??`, `/open/?/../${dir}/secret.txt`, `/open/%3f/../${dir}/secret.txt`, `/${dir}/public/%3F/../secret.txt`, `/${dir}/secret.txt&x`,
  // UTF-8 that is none, or longer than it may be, or only looks like it.
  `/open/%c0%ae%c0%ae/${dir}/secret.txt`, `/open/..%c0%af${dir}/secret.txt`, `/${dir}%c0%afsecret.txt`, `/${dir}%c1%9csecret.txt`,
  `/open/%e0%80%ae%e0%80%ae/${dir}/secret.txt`, `/open/\xc0\xae\xc0\xae/${dir}/secret.txt`, `/${dir}/secret.txt%ff`, `/${dir}/\xfesecret.txt`,
  `/open/%ef%bc%8e%ef%bc%8e/${dir}/secret.txt`, `/open/..%ef%bc%8f${dir}/secret.txt`, `/%ed%a0%80${dir}/secret.txt`, `/open/%u002e%u002e/${dir}/secret.txt`,
  // Control characters.
  `/${dir}/secret.txt%0a`, `/${dir}/secret.txt%0d%0aX-Gatepost-Verdict:%20granted`, `/${dir}%09/secret.txt`, `/${dir}/secret.txt\t`, `/\t/../${dir}/secret.txt`,
  `/${dir}/\x01secret.txt`, `/${dir}/secret.txt%7f`, `/open/%0a/../${dir}/secret.txt`, `/${dir}/secret.txt%1f`, `/\x0b${dir}/secret.txt`,
  // Capitals.
  `/${dir.toUpperCase()}/secret.txt`, `/${dir[0].toUpperCase()}${dir.slice(1)}/SECRET.TXT`, `/OPEN/../${dir}/secret.txt`,
  // Escapes that are none.
  `/${dir}/%zzsecret.txt`, `/${dir}/secret.txt%`, `/${dir}/secret.txt%2`, `/%/../${dir}/secret.txt`, `/open/%2/../${dir}/secret.txt`, `/open/%2e%2/../${dir}/secret.txt`,
  // No path at all, or one without its first slash.
  `${dir}/secret.txt`, `./${dir}/secret.txt`, `../${dir}/secret.txt`, `?/${dir}/secret.txt`, '*', `*/../${dir}/secret.txt`, ` /${dir}/secret.txt`,
];
