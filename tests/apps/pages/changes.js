// One of several windows, which says when it has seen a change of the state, and when an event of the same size.
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import { Clerk } from 'tauri-plugin-clerk-api';

import { run } from './report';

await run(async () => {
  const clerk = new Clerk();
  let last;
  clerk.addListener(({ user }) => {
    if (user && user.firstName !== last) {
      last = user.firstName;
      void invoke('seen', { what: last });
    }
  });
  await listen('bench', ({ payload }) => invoke('seen', { what: payload.name }));
  await clerk.load();
  await invoke('seen', { what: 'ready' });
});
