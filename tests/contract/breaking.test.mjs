// What breaking.mjs sees, and what it must not take for a break.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakingChanges } from './breaking.mjs';

const content = (schema) => ({ description: 'It.', content: { 'application/json': { schema } } });

function document({ codes = ['GONE', 'TAKEN'], properties = { id: { type: 'string' } } } = {}) {
  return {
    paths: {
      '/it': {
        get: {
          operationId: 'getIt',
          responses: { 200: content({ type: 'object', properties }), 404: { $ref: '#/components/responses/NotFound' } },
        },
      },
    },
    components: {
      responses: { NotFound: content({ $ref: '#/components/schemas/Failure' }) },
      schemas: {
        Failure: { type: 'object', properties: { code: { description: 'For programs.', $ref: '#/components/schemas/ErrorCode' } } },
        ErrorCode: { type: 'string', enum: codes },
      },
    },
  };
}

test('the same document breaks nothing', () => {
  assert.deepEqual(breakingChanges(document(), document()), []);
});

test('a code that is gone and one that is new are told once', () => {
  const now = document({ codes: ['TAKEN', 'LATE'] });
  assert.deepEqual(breakingChanges(document(), now), ['failures: the code GONE is gone', 'failures: the code LATE is new']);
});

test('a property that is gone is told, one that is new is not', () => {
  const more = { id: { type: 'string' }, name: { type: 'string' } };
  assert.deepEqual(breakingChanges(document(), document({ properties: more })), []);
  assert.deepEqual(breakingChanges(document({ properties: more }), document()), ['GET /it: name of the answer 200 is gone']);
});
