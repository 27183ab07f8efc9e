// A manager's morning with openapi-fetch, over the types that openapi-typescript makes of openapi.yaml. What is wrong with the
// types does not compile; what is wrong with the answers throws.
import createClient, { type Middleware } from 'openapi-fetch';

import type { components, paths } from './generated/openapi-typescript/api.js';
import { inbound, must, server } from './support.js';

const client = createClient<paths>({ baseUrl: server });

const signedIn = must(await client.POST('/api/auth/login', { body: { email: 'manager@acme.test', password: 'calldocker-demo' } }));
const token: Middleware = {
  onRequest({ request }) {
    request.headers.set('authorization', `Bearer ${signedIn.data.token}`);
  },
};
client.use(token);

const profile = must(await client.GET('/api/auth/profile')).data;
const companyId = profile.companyId!;

// Who is there, and who waits?
const agents: components['schemas']['Agent'][] = must(await client.GET('/api/agents')).data;
const queues = must(await client.GET('/api/queues')).data;
const [queue] = queues;
must(await client.GET('/api/queues/{id}/live', { params: { path: { id: queue!.id } } }));
must(await client.GET('/api/agents/company/{companyId}', { params: { path: { companyId } } }));

// Somebody calls; an agent who is there takes it from his dashboard.
const agent = agents[0]!;
must(await client.PUT('/api/agents/{id}/availability', { params: { path: { id: agent.id } }, body: { status: 'available' } }));
await inbound();
const calls = must(await client.GET('/api/calls', { params: { query: { direction: 'inbound', limit: 5 } } })).data;
const call = calls[0]!;
const story = must(await client.GET('/api/calls/{id}/events', { params: { path: { id: call.id } } })).data;
if (story[0]?.kind !== 'call.arrived') throw new Error(`the story of ${call.id} begins with ${story[0]?.kind}`);
must(await client.PUT('/api/calls/{id}', { params: { path: { id: call.id } }, body: { notes: 'Called about a bill.' } }));

// A new skill, and an address that is wrong in a way which the types cannot know.
const skill = must(await client.POST('/api/skills', { body: { name: 'Italian' } })).data;
must(await client.DELETE('/api/skills/{id}', { params: { path: { id: skill.id } } }));
const refused = await client.POST('/api/users/invite', { body: { email: 'nobody', role: 'agent' } });
if (refused.error?.errors[0]?.field !== '/email') throw new Error(`the invitation was answered ${JSON.stringify(refused.error)}`);

// Tries the flow, and what it would say to a caller.
const flows = must(await client.GET('/api/ivr')).data;
const trial = must(
  await client.POST('/api/ivr/{id}/simulate', {
    params: { path: { id: flows[0]!.id } },
    body: { script: [{ press: '1' }, { wait: 5 }, { hangup: true }] },
  }),
).data;
if (!trial.transcript.length) throw new Error('nothing was simulated');

must(await client.POST('/api/auth/logout'));
const gone = await client.GET('/api/auth/profile');
if (gone.response.status !== 401) throw new Error(`a token that was given back is answered ${gone.response.status}`);
console.log('openapi-fetch: the morning went well');
