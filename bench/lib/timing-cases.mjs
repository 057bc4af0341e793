/*
 * What must take the same time. A group is {name, prepare(stack), kinds: {name: request(stack, i)}}: of all its kinds
 * the answers are compared, each with the first. request returns a promise of an answer; expect(answer) throws if it is
 * not the one that all kinds get. prepare may return what request gets as its third argument. Add groups here.
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

export const groups = [signIn];
