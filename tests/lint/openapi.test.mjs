// docs/openapi.yaml: clean for a public linter, the same as the route table and the problems, and its judge can fail.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lint, loadConfig } from '@redocly/openapi-core';
import { load } from 'js-yaml';
import { files } from '../support/files.mjs';
import { source } from '../support/harness.mjs';
import { check, description, flaws, follow, judge, operations } from '../support/openapi.mjs';

const read = (path) => readFileSync(join(source, path), 'utf8');
const none = (list) => assert.deepEqual(list, []);
const configPath = join(source, 'tests/lint/redocly.yaml');

// The linter asks nobody: every look-up outside is a failure.
globalThis.fetch = () => {
  throw new Error('the linter may not go to the network');
};

test('passes the linter', async () => {
  const problems = await lint({ ref: join(source, 'docs/openapi.yaml'), config: await loadConfig({ configPath }) });
  none(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`));
});

test('every rule of the linter that is off has its reason in the line above', () => {
  const lines = read('tests/lint/redocly.yaml').split('\n');
  none(lines.filter((line, i) => /: (off|warn)$/.test(line) && !/^ {2}# ./.test(lines[i - 1])));
});

// The rows of the route table that are JSON's: [{method, path, body, query}], bodies and queries as their field tables.
function routes() {
  const text = files((path) => /^src\/web\/route_table.*\.c$/.test(path)).map((file) => file.text).join('\n');
  const sizes = Object.fromEntries([...`${text}${read('src/http/request.h')}`.matchAll(/^#define (\w+) (\d+)$/gm)].map(([, name, size]) => [name, Number(size)]));
  const fields = Object.fromEntries([...text.matchAll(/static const struct field_def (\w+)\[\] = \{([^]*?)\n\};/g)].map(([, table, rows]) =>
    [table, [...rows.matchAll(/\{\.name = "(\w+)",([^}]*)\}/g)].map(([, name, rest]) => {
      const max = /\.max = (\w+)/.exec(rest)?.[1];
      const type = /FIELD_BOOL/.test(rest) ? 'boolean' : /FIELD_OBJECT/.test(rest) ? 'object' : 'string';
      return { name, max: sizes[max] ?? Number(max), type, isNullable: /\.nullable = true/.test(rest), isSecret: /FIELD_SECRET/.test(rest), optional: /\.optional = true/.test(rest) };
    })]));
  const rows = [...text.matchAll(/\{\.method = METHOD_(\w+),([^]*?)\},\n/g)].map(([, method, rest]) => ({
    method,
    path: /\.path = "([^"]*)"/.exec(rest)[1],
    isApi: /SURFACE_(API|OAUTH)/.test(rest),
    isForm: /SURFACE_OAUTH/.test(rest),
    isForServices: /\.service = /.test(rest),
    isAnonymous: /\.exempt = [^,]*(ENTRY|WAY_OUT|NO_CREDENTIAL|ANONYMOUS)/.test(rest),
    type: /\.type = "([^"]*)"/.exec(rest)?.[1],
    query: fields[/\.query = (\w+)/.exec(rest)?.[1]] ?? [],
    body: fields[/\.body = (\w+)/.exec(rest)?.[1]],
  }));
  assert.equal(rows.length, (text.match(/\.method = /g) ?? []).length, 'every row was read');
  return rows.filter(({ isApi }) => isApi);
}

const servers = { '': '/api/v1', '/health': '', '/metrics': '', '/verify-access': '', '/.well-known/jwks.json': '', '/.well-known/oauth-authorization-server': '', '/oauth/token': '', '/oauth/introspect': '', '/oauth/revoke': '' };
const placeOf = (path) => (servers[path] ?? servers['']) + path;
const described = operations().map((entry) => ({ ...entry, place: `${entry.verb.toUpperCase()} ${placeOf(entry.path)}` }));

test('every JSON route of the table is described, and nothing else', () => {
  const rows = routes().map(({ method, path }) => `${method} ${path}`);
  assert.ok(rows.length >= 11, `${rows.length} routes`);
  assert.deepEqual(described.map(({ place }) => place).sort(), rows.sort());
});

test('servers: the address of the shipped configuration, which is what the server replaces', () => {
  const settings = read('conf/gatepost.conf');
  const own = /^origin = (.*)$/m.exec(settings)[1] + /^base_path = (.*)$/m.exec(settings)[1];
  assert.equal(/DOCUMENT_SAMPLE "(.*)"/.exec(read('src/http/document.h'))[1], own);
  assert.deepEqual(description.servers.map(({ url }) => url), [`${own}/api/v1`]);
  for (const [path, item] of Object.entries(description.paths)) {
    assert.deepEqual(item.servers?.map(({ url }) => url), path in servers ? [`${own}${servers[path]}`] : undefined, path);
  }
});

const formType = 'application/x-www-form-urlencoded';
const bodyOf = (operation) => operation.requestBody.content['application/json'] ?? operation.requestBody.content[formType];

for (const row of routes()) {
  const { operation } = described.find(({ place }) => place === `${row.method} ${row.path}`) ?? {};
  test(`${row.method} ${row.path}: parameters, body, type and credentials as in the table`, () => {
    const query = (operation.parameters ?? []).map(follow).filter((parameter) => parameter.in === 'query');
    assert.deepEqual(query.map(({ name }) => name).sort(), row.query.map(({ name }) => name).sort());
    assert.equal(operation.requestBody === undefined, row.body === undefined);
    if (row.body) {
      const schema = follow(bodyOf(operation).schema);
      // RFC 6749 §3.2: of a form the unknown is passed over.
      assert.equal(schema.additionalProperties, row.isForm);
      assert.deepEqual(Object.keys(schema.properties).sort(), row.body.map(({ name }) => name).sort());
      for (const { name, max, type, isNullable, isSecret, optional } of row.body) {
        const [property, ...others] = [schema.properties[name].oneOf ?? schema.properties[name]].flat().map(follow);
        const types = [property.type, ...others.map((other) => other.type)].flat();
        assert.deepEqual(types, isNullable ? [type, 'null'] : [type], name);
        assert.equal(property.format === 'password', isSecret, `${name} is a secret`);
        // The table's bound is one of bytes, and only the first one.
        if (property.maxLength !== undefined) assert.ok(property.maxLength <= max, `${name}: ${property.maxLength} > ${max}`);
        else if (type === 'string') assert.ok(property.enum, `${name} has a bound`);
        // What the handler asks for beyond the table may be required as well.
        if (!optional) assert.ok(schema.required.includes(name), `${name} is required`);
      }
    }
    const [success] = Object.entries(operation.responses).filter(([status]) => status < 300).map(([, response]) => follow(response));
    if (success.content) assert.deepEqual(Object.keys(success.content), [row.type ?? 'application/json']);
    const security = operation.security ?? description.security;
    const changes = row.method !== 'GET';
    // Introspection looks at no client's credential, and asks for a service's all the same.
    const isOpen = security.length === 0 || security.some((one) => Object.keys(one).length === 0);
    assert.equal(isOpen, row.isAnonymous && row.path !== '/oauth/introspect');
    // A refresh token is proof enough of itself: no service comes with one.
    assert.equal(security.some((one) => 'service' in one), row.isForServices || row.path === '/metrics' || (row.isForm && row.path !== '/oauth/token'));
    for (const one of security) assert.ok(!('ticket' in one) || 'service' in one, 'a ticket is no credential');
    for (const one of security) assert.equal('csrf' in one, 'cookie' in one && changes);
  });
}

// {code: status} of the program.
const codes = Object.fromEntries([...read('src/web/problem.c').matchAll(/INFO\(\s*"([a-z_]+)",\s*(\d{3}),/g)].map(([, code, status]) => [code, Number(status)]));

// All responses there are: [{where, status, response}].
const responses = [
  ...described.flatMap(({ name, operation }) => Object.entries(operation.responses).map(([status, response]) => ({ where: `${name} ${status}`, status, response: follow(response) }))),
  ...['options', 'otherMethod', 'unknownPath'].flatMap((kind) => Object.entries(description['x-every-path'][kind]).map(([status, response]) => ({ where: `${kind} ${status}`, status, response: follow(response) }))),
];

test('from 400 on every answer is a problem document, whose codes have this status; every code is somewhere', () => {
  const seen = new Set();
  for (const { where, status, response } of responses.filter((one) => one.status >= 400)) {
    // RFC 6749 §5.2 has a shape of its own.
    if (where.includes(' /oauth/')) {
      const { allOf } = follow(response.content['application/json'].schema);
      assert.equal(follow(allOf[0]), description.components.schemas.OAuthError, where);
      for (const word of allOf[1].properties.error.enum) assert.ok(response.description.includes(`\`${word}\``), `${where} tells what ${word} is`);
      continue;
    }
    const schema = follow(response.content['application/problem+json'].schema);
    assert.equal(follow(schema.allOf[0]), description.components.schemas.Problem, where);
    const own = schema.allOf[1].properties;
    assert.equal(own.status.const, Number(status), where);
    for (const code of own.code.enum) {
      assert.equal(codes[code], Number(status), `${where}: ${code}`);
      assert.ok(response.description.includes(`\`${code}\``), `${where} tells what ${code} is`);
      seen.add(code);
    }
  }
  assert.ok(Object.keys(codes).length > 15);
  assert.deepEqual(Object.keys(codes).filter((code) => !seen.has(code)), []);
});

test('401 has WWW-Authenticate; 429 and 503 Retry-After; 405 and OPTIONS Allow', () => {
  const wanted = { 401: 'WWW-Authenticate', 429: 'Retry-After', 503: 'Retry-After', 405: 'Allow' };
  for (const { where, status, response } of responses) {
    const name = where === 'options 204' ? 'Allow' : wanted[status];
    if (name) assert.equal(follow(response.headers[name]).required, true, where);
  }
});

test('requests are closed, answers open, and both say what they require', () => {
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    const isRequest = described.some(({ operation }) => operation.requestBody && follow(bodyOf(operation).schema) === schema);
    const isForm = described.some(({ operation }) => operation.requestBody?.content[formType] && follow(bodyOf(operation).schema) === schema);
    assert.equal(schema.additionalProperties, isRequest ? isForm : undefined, name);
    const needsNothing = isRequest && described.some(({ operation }) => operation.requestBody && !operation.requestBody.required
      && follow(bodyOf(operation).schema) === schema);
    // A patch is of what it names.
    if (schema.properties && !needsNothing && !['FlowPatch', 'ProfileChange'].includes(name)) assert.ok(schema.required?.length > 0, `${name} says what is required`);
  }
});

test('the text itself: every $ref leads somewhere, no key twice, a line at most 120 characters but for tables and patterns', () => {
  const text = read('docs/openapi.yaml');
  assert.deepEqual(load(text), description);
  for (const [, ref] of text.matchAll(/\$ref: '([^']+)'/g)) assert.ok(follow({ $ref: ref }), ref);
  none(text.split('\n').filter((line) => line.length > 120 && !/^\s*(\||pattern:)/.test(line)));
});

// An answer as the server gives it, changed by a test.
const session = () => structuredClone(description.paths['/session'].get.responses['200'].content['application/json'].example);
const everywhere = {
  'x-request-id': 'q1Wv2XyJp9m0s8bR3tYuAg', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'", 'x-frame-options': 'DENY', 'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin', 'permissions-policy': 'camera=()',
};
function exchange(change = () => {}) {
  const made = {
    method: 'GET', path: '/auth/api/v1/session', body: undefined, json: session(),
    answer: { status: 200, headers: { ...everywhere, 'content-type': 'application/json; charset=utf-8' } },
  };
  change(made);
  made.answer.body ??= JSON.stringify(made.json);
  return made;
}

test('the judge lets pass what is described, whatever the base path', () => {
  for (const path of ['/auth/api/v1/session', '/api/v1/session', '/a/b/api/v1/session?x=1']) {
    const judged = judge(exchange((made) => {
      made.path = path;
    }));
    assert.deepEqual(judged, { name: 'GET /session → 200', key: 'GET /session 200', faults: [] });
  }
  assert.equal(judge(exchange((made) => {
    made.path = '/auth/login';
  })), undefined);
});

const wrong = {
  'a member that is missing': [(made) => delete made.json.session.expires_at, /\/session must have required property 'expires_at'/],
  'a member that is not described': [(made) => { made.json.session.secret = 'x'; }, /\/session must NOT have unevaluated properties \(secret\)/],
  'a member at the top that is not described': [(made) => { made.json.hash = 'x'; }, /unevaluated properties \(hash\)/],
  'a member of another type': [(made) => { made.json.session.current = 'yes'; }, /\/session\/current must be boolean/],
  'a word that is not described': [(made) => { made.json.session.state = 'sleeping'; }, /\/session\/state must be equal to one of/],
  'a time that is none': [(made) => { made.json.session.expires_at = 'tomorrow'; }, /expires_at must match format "date-time"/],
  'a body that is no JSON': [(made) => { made.answer.body = '{'; }, /body: /],
  'a status that is not described': [(made) => { made.answer.status = 418; }, /the status is not described/],
  'another content type': [(made) => { made.answer.headers['content-type'] = 'text/html; charset=utf-8'; }, /content type "text\/html; charset=utf-8" is not described/],
  'no charset': [(made) => { made.answer.headers['content-type'] = 'application/json'; }, /has other parameters/],
  'a header that is missing': [(made) => delete made.answer.headers['x-request-id'], /header x-request-id is missing/],
  'a header with another value': [(made) => { made.answer.headers['cache-control'] = 'public'; }, /header cache-control: .*\("public"\)/],
  'a header that is not described': [(made) => { made.answer.headers['x-powered-by'] = 'x'; }, /header x-powered-by is not described/],
  'a cookie where none is described': [(made) => { made.answer.headers['set-cookie'] = ['__Host-gatepost=; Path=/']; }, /header set-cookie is not described/],
  'a body where none is described': [(made) => { made.method = 'DELETE'; made.answer.status = 204; }, /a body is not described/],
  'a code that is another answer\'s': [(made) => {
    made.method = 'DELETE';
    made.answer.status = 403;
    made.answer.headers['content-type'] = 'application/problem+json; charset=utf-8';
    made.json = { type: 'https://localhost/auth/problems#forbidden', title: 't', status: 403, detail: 'd', code: 'not_found' };
  }, /\/code must be equal to one of/],
  'an unknown path that is there': [(made) => { made.path = '/auth/api/v1/nothing'; }, /the status is not described/],
  'an unknown method that works': [(made) => { made.method = 'PATCH'; }, /the status is not described/],
  'a body that was taken with an unknown member': [(made) => {
    Object.assign(made, { method: 'POST', path: '/auth/api/v1/sessions', body: '{"identifier":"a","password":"b","transport":"handle","admin":true}' });
    made.answer.status = 201;
    made.answer.headers.location = 'https://localhost/auth/api/v1/session';
  }, /the body was taken: body must NOT have additional properties \(admin\)/],
  'a parameter that was taken beyond its bound': [(made) => {
    Object.assign(made, { path: '/auth/api/v1/sessions?limit=101', json: { sessions: [], next_cursor: null } });
  }, /parameter limit was taken: body must be <= 100/],
};
for (const [what, [change, message]] of Object.entries(wrong)) {
  test(`the judge reports ${what}`, () => {
    const made = exchange(change);
    assert.match(judge(made).faults.join('\n'), message);
    assert.throws(() => check(made), message);
  });
}

test('every example is valid, closed as the tests see it', () => {
  let n = 0;
  const see = (where, media) => {
    for (const value of [media.example, ...Object.values(media.examples ?? {}).map((example) => example.value)].filter((one) => one !== undefined)) {
      n++;
      assert.deepEqual(flaws(media.schema, value), [], where);
    }
  };
  for (const { where, response } of responses) for (const media of Object.values(response.content ?? {})) see(where, media);
  for (const { name, operation } of described) if (operation.requestBody) see(name, bodyOf(operation));
  assert.ok(n > 10);
});
