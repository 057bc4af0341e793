/*
 * What must take the same time. A group is {name, prepare(stack), kinds: {name: request(stack, i)}}: of all its kinds
 * the answers are compared, each with the first. request returns a promise of an answer; expect(answer) throws if it is
 * not the one that all kinds get. prepare may return what request gets as its third argument; settings are sections of the
 * configuration. Add groups here.
 */

const post = (stack, path, json) => stack.client.post(`/auth/api/v1${path}`, { json });

const wrong = (identifier, i) => ({ identifier, password: `not the password of anybody ${i}`, transport: 'handle' });

const signIn = {
  name: 'sign-in',
  async prepare(stack) {
    for (const name of ['locked', 'refused']) {
      stack.must(['user', 'add', '--username', name, '--password-stdin'], { input: `the ${name} lamp above the pier` });
    }
    stack.must(['user', 'lock', 'locked']);
    stack.sql("UPDATE password SET refused = 1 WHERE user_id = (SELECT id FROM user WHERE username = 'refused')");
  },
  expect: ({ status }) => status === 401,
  kinds: {
    'known, wrong password': (stack, i) => post(stack, '/sessions', wrong('alice', i)),
    unknown: (stack, i) => post(stack, '/sessions', wrong(`nobody${i % 7}`, i)),
    'unknown address': (stack, i) => post(stack, '/sessions', wrong(`nobody${i % 7}@example.org`, i)),
    'locked, right password': (stack) => post(stack, '/sessions', { ...wrong('locked', 0), password: 'the locked lamp above the pier' }),
    'refused, right password': (stack) => post(stack, '/sessions', { ...wrong('refused', 0), password: 'the refused lamp above the pier' }),
  },
};

const locked = (stack) => {
  stack.must(['user', 'add', '--username', 'locked', '--email', 'locked@example.org', '--password-stdin'], { input: 'the locked lamp above the pier' });
  stack.must(['user', 'lock', 'locked']);
};

const recovery = {
  name: 'recovery',
  prepare: locked,
  expect: ({ status }) => status === 202,
  kinds: {
    known: (stack) => post(stack, '/password/recover', { email: 'alice@example.org' }),
    unknown: (stack, i) => post(stack, '/password/recover', { email: `nobody${i % 7}@example.org` }),
    locked: (stack) => post(stack, '/password/recover', { email: 'locked@example.org' }),
  },
};

const reset = {
  name: 'reset',
  async prepare(stack) {
    for (const name of ['alice', 'nobody']) await post(stack, '/password/recover', { email: `${name}@example.org` });
  },
  expect: ({ status }) => status === 401,
  kinds: {
    'known, wrong code': (stack) => post(stack, '/password/reset', { email: 'alice@example.org', code: '00000000', new_password: 'the new lamp above the pier' }),
    'unknown, asked for': (stack) => post(stack, '/password/reset', { email: 'nobody@example.org', code: '00000000', new_password: 'the new lamp above the pier' }),
  },
};

const registration = {
  name: 'registration',
  settings: { account: { registration: 'on' } },
  prepare: locked,
  expect: ({ status }) => status === 202,
  kinds: {
    free: (stack, i) => post(stack, '/users', { email: `somebody${i % 7}@example.org` }),
    taken: (stack) => post(stack, '/users', { email: 'alice@example.org' }),
    'taken, locked': (stack) => post(stack, '/users', { email: 'locked@example.org' }),
  },
};

export const groups = [signIn, recovery, reset, registration];
