// docs/openapi.yaml as a judge: an answer of the API that it does not describe is a fault, said by name.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { load } from 'js-yaml';

const source = process.env.GATEPOST_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), '../..');
export const description = load(readFileSync(join(source, 'docs/openapi.yaml'), 'utf8'));

export const verbs = ['get', 'post', 'put', 'patch', 'delete'];
// What the web server adds of its own; it is about the connection and not about the answer.
const framing = new Set(['accept-ranges', 'connection', 'content-length', 'content-type', 'date', 'keep-alive', 'server', 'transfer-encoding', 'upgrade']);

export function follow(node) {
  if (node?.$ref === undefined) return node;
  return follow(node.$ref.slice(2).split('/').reduce((at, name) => at[name.replaceAll('~1', '/').replaceAll('~0', '~')], description));
}

// All operations: [{path, verb, name: "GET /session", operation}].
export function operations() {
  return Object.entries(description.paths).flatMap(([path, item]) => verbs.filter((verb) => item[verb] !== undefined)
    .map((verb) => ({ path, verb, name: `${verb.toUpperCase()} ${path}`, operation: item[verb] })));
}

/*
 * The schema without references, and closed: clients ignore what they do not know, but what the server says and no
 * one described is what these tests look for. inside: of an allOf, which is closed as a whole.
 */
function closed(schema, inside = false) {
  const own = follow(schema);
  const out = { ...own };
  if (own.properties) out.properties = Object.fromEntries(Object.entries(own.properties).map(([name, value]) => [name, closed(value)]));
  if (own.items) out.items = closed(own.items);
  if (typeof own.additionalProperties === 'object') out.additionalProperties = closed(own.additionalProperties);
  if (own.oneOf) out.oneOf = own.oneOf.map((part) => closed(part));
  if (own.allOf) out.allOf = own.allOf.map((part) => closed(part, true));
  if (!inside && (own.properties || own.allOf) && own.additionalProperties === undefined) {
    Object.assign(out, { type: own.type ?? 'object', unevaluatedProperties: false });
  }
  return out;
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false });
addFormats(ajv);
ajv.addVocabulary(['example']);
const compiled = new Map();

// What is wrong with a value: ["/session/id must be string", …].
export function flaws(schema, value) {
  const key = follow(schema);
  if (!compiled.has(key)) compiled.set(key, ajv.compile(closed(schema)));
  const validate = compiled.get(key);
  if (validate(value)) return [];
  return validate.errors.map(({ instancePath, message, params }) =>
    `${instancePath || 'body'} ${message}${params.unevaluatedProperty ? ` (${params.unevaluatedProperty})` : ''}${params.additionalProperty ? ` (${params.additionalProperty})` : ''}`);
}

// The path below the server's address, or undefined: not of the API.
function ownPath(path) {
  const [pathname] = path.split('?');
  const below = /^(?:\/.*?)?\/api\/v1(\/.*)?$/.exec(pathname);
  if (below) return below[1] ?? '';
  const wellKnown = /(\/\.well-known\/(?:jwks\.json|oauth-authorization-server))(?:\/auth)?$/.exec(pathname);
  if (wellKnown) return wellKnown[1];
  const oauth = /(\/oauth\/(?:introspect|revoke|token))$/.exec(pathname);
  if (oauth) return oauth[1];
  return /^(?:\/.*?)?(\/(?:health|metrics|verify-access))$/.exec(pathname)?.[1];
}

const patterns = Object.keys(description.paths).map((path) => [path, new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{[a-z]+\}/g, '[^/]+')}$`)]);

// {name, responses, operation}: what is described for a request. HEAD is GET's.
function find(method, path) {
  const template = patterns.find(([, pattern]) => pattern.test(path))?.[0];
  const every = description['x-every-path'];
  if (template === undefined) return { name: `${method} (no such path)`, responses: every.unknownPath };
  const operation = description.paths[template][(method === 'HEAD' ? 'GET' : method).toLowerCase()];
  if (operation !== undefined && verbs.includes((method === 'HEAD' ? 'GET' : method).toLowerCase())) {
    return { name: `${method === 'HEAD' ? 'GET' : method} ${template}`, responses: operation.responses, operation };
  }
  return { name: `${method} ${template}`, responses: method === 'OPTIONS' ? every.options : every.otherMethod };
}

const headersOf = (response) => Object.fromEntries(Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), follow(header)]));

function headerFlaws(name, header, text) {
  const value = header.schema.type === 'integer' ? Number(text) : text;
  return flaws(header.schema, value).map((flaw) => `header ${name}: ${flaw} ("${text}")`);
}

function judgeHeaders(response, answer, lastResort) {
  const own = headersOf(response);
  const every = headersOf(description['x-every-answer']);
  const all = { ...every, ...own };
  const found = [];
  for (const [name, header] of Object.entries(all)) {
    if (header.required && answer.headers[name] === undefined && !(lastResort && (name in every))) found.push(`header ${name} is missing`);
  }
  for (const [name, value] of Object.entries(answer.headers)) {
    if (all[name]) found.push(...[value].flat().flatMap((text) => headerFlaws(name, all[name], text)));
    else if (!framing.has(name)) found.push(`header ${name} is not described`);
  }
  return found;
}

function judgeBody(response, method, answer) {
  const type = answer.headers['content-type'];
  if (response.content === undefined) {
    return [...(answer.body === '' ? [] : ['a body is not described']), ...(type === undefined ? [] : [`content type ${type} is not described`])];
  }
  const [media, ...parameters] = (type ?? '').toLowerCase().split(/;\s*/);
  if (response.content[media] === undefined) return [`content type "${type ?? ''}" is not described`];
  const found = [];
  const isJson = /json$/.test(media);
  // RFC 7517 §8.5.2 gives this one no parameter.
  const isBare = media === 'application/jwk-set+json';
  const expected = response.content[media]['x-parameters'] ?? (!isBare && (isJson || media.startsWith('text/')) ? 'charset=utf-8' : '');
  if (parameters.join() !== expected) found.push(`content type "${type}" has other parameters`);
  if (method === 'HEAD') return answer.body === '' ? found : [...found, 'HEAD has a body'];
  let value = answer.body;
  if (isJson) {
    try {
      value = JSON.parse(answer.body);
    } catch (error) {
      return [...found, `body: ${error.message}`];
    }
  }
  return [...found, ...flaws(response.content[media].schema, value)];
}

// What was taken must be what is described: the server knows no other parameters and members.
function judgeRequest(operation, path, body) {
  const found = [];
  const declared = (operation.parameters ?? []).map(follow).filter((parameter) => parameter.in === 'query');
  for (const [name, value] of declared.length > 0 ? new URL(path, 'https://localhost').searchParams : []) {
    const parameter = declared.find((one) => one.name === name);
    if (parameter === undefined) found.push(`the parameter ${name} was taken and is not described`);
    else found.push(...flaws(parameter.schema, parameter.schema.type === 'integer' ? Number(value) : value).map((flaw) => `parameter ${name} was taken: ${flaw}`));
  }
  if (operation.requestBody === undefined) return found;
  if ((body ?? '') === '' && !operation.requestBody.required) return found;
  const { content } = follow(operation.requestBody);
  const form = content['application/x-www-form-urlencoded'];
  const taken = form ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
  return [...found, ...flaws((form ?? content['application/json']).schema, taken).map((flaw) => `the body was taken: ${flaw}`)];
}

/*
 * {name, key, faults} of a request and its answer {status, headers (lower case), body (text)}; undefined where it is
 * none of the API. key: "GET /session 200" of an operation that is described, else undefined.
 */
export function judge({ method, path, body, answer }) {
  const below = ownPath(path);
  if (below === undefined) return undefined;
  const { name, responses, operation } = find(method, below);
  const response = follow(responses[String(answer.status)]);
  const called = `${name} → ${answer.status}`;
  if (response === undefined) return { name: called, faults: [`the status is not described: ${answer.body.slice(0, 200)}`] };
  const lastResort = answer.status === 503 && /^text\/plain/.test(answer.headers['content-type'] ?? '');
  const faults = [...judgeHeaders(response, answer, lastResort), ...judgeBody(response, method, answer)];
  if (operation && answer.status < 300) faults.push(...judgeRequest(operation, path, body));
  return { name: called, key: operation && `${name} ${answer.status}`, faults };
}

// The described (operation, status) pairs that this process has seen answered, as "GET /session 200".
export const exercised = new Set();

// Throws when an answer of the API is not as described.
export function check(exchange) {
  const judged = judge(exchange);
  if (judged === undefined) return;
  if (judged.faults.length > 0) throw new Error(`docs/openapi.yaml, ${judged.name}: ${judged.faults.join('; ')}`);
  if (judged.key && exchange.method !== 'HEAD') exercised.add(judged.key);
}
