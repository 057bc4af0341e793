// What bench/run is asked for.

export const letters = {
  d: 'checks beside a static file (a), bare libfcgi (b), with Gatepost\'s statement (c), with a bare look-up (c0); counters (g)',
  e: 'sign-ins beside bare hashing; memory while hashing',
  f: 'checks during a flood of wrong passwords',
  h: 'checks while a purge deletes; with --big also among 10 million sessions',
  i: 'the same as d behind Apache',
  j: 'start of a worker, plain CGI beside an empty CGI program',
  k: 'all that an app needs to resume, with three flows, beside a check',
  l: 'checks by access token and introspection beside a check by handle; refreshes beside bare libfcgi, and among many',
  m: 'a static file behind the guard beside one behind a bare libfcgi authorizer, on lighttpd and on Apache',
  n: 'mails a second into a local mail server, by one mailer and by two',
  o: 'judging passkeys and codes of apps, beside one verification by libcrypto and one hash; needs no server',
};

export const usage = `bench/run [--rounds N] [--seconds S] [--only LETTERS] [--big] [--peers] [--out FILE]
  --rounds N      how often the cases of a group take turns (default 5)
  --seconds S     one measurement (default 3)
  --only LETTERS  of ${Object.keys(letters).join('')} (default: all); a, b, c and g are part of d
  --big           h with 10 million sessions too: about 10 GB of disk, 8 GB of memory, 20 minutes; l with a million
                  refresh tokens instead of 100,000
  --peers         PHP-FPM with sessions in the same MariaDB beside d
  --out FILE      the tables go there too
${Object.entries(letters).map(([letter, what]) => `    ${letter}  ${what}`).join('\n')}`;

const number = (name, text) => {
  if (!/^[1-9]\d{0,3}$/.test(text ?? '')) throw new Error(`${name} wants a number from 1 to 9999`);
  return Number(text);
};

function groups(text) {
  const wanted = new Set();
  for (const letter of (text ?? '').replaceAll(',', '')) {
    const group = 'abcg'.includes(letter) ? 'd' : letter;
    if (!Object.hasOwn(letters, group)) throw new Error(`--only: no measurement "${letter}"`);
    wanted.add(group);
  }
  if (wanted.size === 0) throw new Error('--only wants letters');
  return wanted;
}

// → {rounds, seconds, only (a Set of letters), big, peers, out, help}; throws with what is wrong.
export function parse(args) {
  const options = { rounds: 5, seconds: 3, only: new Set(Object.keys(letters)), big: false, peers: false, out: undefined, help: false };
  const takers = {
    '--rounds': (next) => (options.rounds = number('--rounds', next())),
    '--seconds': (next) => (options.seconds = number('--seconds', next())),
    '--only': (next) => (options.only = groups(next())),
    '--big': () => (options.big = true),
    '--peers': () => (options.peers = true),
    '--out': (next) => {
      options.out = next();
      if (!options.out) throw new Error('--out wants a file');
    },
    '--help': () => (options.help = true),
  };
  const rest = [...args];
  while (rest.length > 0) {
    const name = rest.shift();
    if (!Object.hasOwn(takers, name)) throw new Error(`unknown: ${name}`);
    takers[name](() => rest.shift());
  }
  return options;
}
