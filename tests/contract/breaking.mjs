// breaking.mjs OLD.yaml NEW.yaml: what a client that was generated from OLD would stumble over in NEW, a line each; the
// status is 1 when there is any. (The programs that compare specifications read 3.0, or are no packages.)
//
// A client stumbles when something it sends is refused (an operation or a parameter is gone, something more is required, a value
// is no longer known) or when something it reads is missing or of another kind. What is merely new does not disturb it.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** @returns {string[]} */
export function breakingChanges(before, after) {
  const found = new Set();
  for (const [path, item] of Object.entries(before.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const name = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (!now) {
        found.add(`${name} is gone`);
        continue;
      }
      compareOperations(name, item[method], now, { before, after, say: (what) => found.add(`${name}: ${what}`) });
    }
  }
  const [given, givenNow] = [codes(before), codes(after)];
  for (const code of given) if (!givenNow.has(code)) found.add(`failures: the code ${code} is gone`);
  for (const code of givenNow) if (given.size && !given.has(code)) found.add(`failures: the code ${code} is new`);
  return [...found];
}

/** Every code that a failure of any operation may have; they are compared once, not for each operation. */
function codes(document) {
  const found = new Set();
  for (const item of Object.values(document.paths)) {
    for (const operation of METHODS.map((method) => item[method]).filter(Boolean)) {
      const failures = Object.entries(operation.responses).filter(([status]) => !status.startsWith('2'));
      for (const schema of failures.map(([, response]) => resolve(json(resolve(response, document)), document))) {
        for (const code of resolve(schema?.properties?.code, document)?.enum ?? []) found.add(code);
      }
    }
  }
  return found;
}

function compareOperations(name, before, after, at) {
  if (before.operationId !== after.operationId) at.say(`operationId ${before.operationId} is now ${after.operationId}`);
  if (!(before.security ?? []).length && (after.security ?? []).length) at.say('it needs a token now');
  compareParameters(parameters(before, at.before), parameters(after, at.after), at);
  const [sent, asked] = [json(resolve(before.requestBody, at.before)), json(resolve(after.requestBody, at.after))];
  if (asked && !sent) at.say('it asks for a body now');
  if (sent && asked) compareSchemas('the request', sent, asked, 'sent', at, new Set());
  for (const [status, response] of Object.entries(before.responses).filter(([status]) => status.startsWith('2'))) {
    const now = after.responses[status];
    if (!now) {
      at.say(`it does not answer ${status} any more`);
      continue;
    }
    const [read, given] = [json(resolve(response, at.before)), json(resolve(now, at.after))];
    if (read && !given) at.say(`its answer ${status} has no JSON any more`);
    if (read && given) compareSchemas(`the answer ${status}`, read, given, 'read', at, new Set());
  }
}

function compareParameters(before, after, at) {
  const key = (parameter) => `${parameter.in} parameter ${parameter.name}`;
  const now = new Map(after.map((parameter) => [key(parameter), parameter]));
  for (const parameter of before) {
    const same = now.get(key(parameter));
    if (!same) at.say(`the ${key(parameter)} is gone`);
    else if (same.required && !parameter.required) at.say(`the ${key(parameter)} is required now`);
    else compareSchemas(`the ${key(parameter)}`, parameter.schema, same.schema, 'sent', at, new Set());
  }
  const known = new Set(before.map(key));
  for (const parameter of after.filter((parameter) => parameter.required && !known.has(key(parameter)))) {
    at.say(`the ${key(parameter)} is new and required`);
  }
}

/** `way`: whether the client sends or reads what the schemas describe. */
function compareSchemas(place, before, after, way, at, seen) {
  if (before?.$ref && after?.$ref) {
    const pair = `${before.$ref} ${after.$ref}`;
    if (seen.has(pair)) return;
    seen.add(pair);
  }
  const [was, is] = [resolve(before, at.before), resolve(after, at.after)];
  if (!was || !is) return;
  const [types, typesNow] = [kinds(was), kinds(is)];
  const lost = (way === 'sent' ? types : typesNow).filter((kind) => !(way === 'sent' ? typesNow : types).includes(kind));
  if (types.length && typesNow.length && lost.length) at.say(`${place} was ${types.join(' or ')} and is ${typesNow.join(' or ')}`);
  compareValues(place, was, is, way, at);
  const properties = is.properties ?? {};
  for (const [name, schema] of Object.entries(was.properties ?? {})) {
    const inside = `${name} of ${place}`;
    if (!properties[name]) at.say(`${inside} is gone`);
    else compareSchemas(inside, schema, properties[name], way, at, seen);
    if (way === 'read' && was.required?.includes(name) && properties[name] && !is.required?.includes(name)) {
      at.say(`${inside} may be absent now`);
    }
  }
  if (way === 'sent') {
    for (const name of (is.required ?? []).filter((name) => !was.required?.includes(name))) at.say(`${name} of ${place} is required now`);
  }
  if (was.items && is.items) compareSchemas(`an item of ${place}`, was.items, is.items, way, at, seen);
}

/** A value that a client sends must still be known; one that it reads must not be new. */
function compareValues(place, was, is, way, at) {
  if (!was.enum || !is.enum) return;
  const strange = way === 'sent' ? was.enum.filter((value) => !is.enum.includes(value)) : is.enum.filter((value) => !was.enum.includes(value));
  for (const value of strange) at.say(way === 'sent' ? `${place} may not be ${value} any more` : `${place} may be ${value} now`);
}

const parameters = (operation, document) => (operation.parameters ?? []).map((parameter) => resolve(parameter, document));
const kinds = (schema) => [schema.type ?? []].flat();
const json = (body) => body?.content?.['application/json']?.schema;

function resolve(value, document) {
  if (value?.allOf) return Object.assign({}, value, ...value.allOf.map((part) => resolve(part, document)));
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split('/').reduce((found, key) => found?.[key], document);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [before, after] = await Promise.all(process.argv.slice(2, 4).map(async (file) => parse(await readFile(file, 'utf8'))));
  const found = breakingChanges(before, after);
  for (const line of found) console.log(line);
  process.exitCode = found.length ? 1 : 0;
}
