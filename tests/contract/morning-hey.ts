// The same morning, shorter, with the client that @hey-api/openapi-ts makes of openapi.yaml.
import { client } from './generated/hey-api/client.gen.js';
import { getProfile, listAgents, listCallEvents, listCalls, listQueues, logIn, logOut, simulateFlow, listFlows } from './generated/hey-api/sdk.gen.js';
import { must, server } from './support.js';

client.setConfig({ baseUrl: server });
const signedIn = must(await logIn({ body: { email: 'manager@acme.test', password: 'calldocker-demo' } })).data;
client.setConfig({ baseUrl: server, auth: () => signedIn.token });

must(await getProfile());
if (must(await listAgents()).data.length < 6) throw new Error('the demo has six agents');
must(await listQueues());
const [call] = must(await listCalls({ query: { status: 'completed' } })).data;
must(await listCallEvents({ path: { id: call!.id } }));
const [flow] = must(await listFlows()).data;
must(await simulateFlow({ path: { id: flow!.id }, body: { script: [{ press: '9' }, { press: '1' }, { hangup: true }] } }));
must(await logOut());
console.log('hey-api: the morning went well');
