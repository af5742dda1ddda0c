// Session tokens over IPC, beside a command that returns a constant of the same length.
import { invoke } from '@tauri-apps/api/core';
import { Clerk } from 'tauri-plugin-clerk-api';

import { report, run } from './report';

const CALLS = 48;
const BATCHES = 15;

await run(async () => {
  const clerk = new Clerk();
  await clerk.load();
  const { length } = await clerk.session.getToken();
  const calls = { token: () => clerk.session.getToken(), constant: () => invoke('constant', { length }) };

  /** Milliseconds for each call, with so many calls at once. */
  const measure = async (call, atOnce) => {
    const start = performance.now();
    for (let done = 0; done < CALLS; done += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, call));
    }
    return (performance.now() - start) / CALLS;
  };

  for (const atOnce of [1, 16]) {
    const [token, constant] = [[], []];
    for (let batch = 0; batch < BATCHES; batch += 1) {
      token.push(await measure(calls.token, atOnce));
      constant.push(await measure(calls.constant, atOnce));
    }
    await report(`ipc-${atOnce}`, { token, constant });
  }
  await report('done');
});
