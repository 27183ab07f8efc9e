// What both mornings need: where the server is, and somebody who calls.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export const server = process.env.CALLDOCKER_URL ?? 'http://127.0.0.1:3000';

/** The answer, when it is a success; generated clients put a failure beside it. */
export function must<T>(result: { data?: T; error?: unknown; response?: Response }): T {
  if (result.data === undefined) {
    throw new Error(`${result.response?.url} is answered ${result.response?.status}: ${JSON.stringify(result.error)}`);
  }
  return result.data;
}

/** A caller who presses 1, waits a little and hangs up; done when his call is over. */
export async function inbound(): Promise<void> {
  const caller = spawn(process.env.CALLDOCKER!, ['call', '--to', '+12025550100', '--press', '1', '--wait', '2', '--hangup'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = (await once(caller, 'close')) as [number | null];
  if (status !== 0) throw new Error(`calldocker call ends with ${status}`);
}
