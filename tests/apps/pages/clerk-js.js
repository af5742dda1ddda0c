// What people would use without the plugin: Clerk's own library in the webview, which keeps its token there.
import { invoke } from '@tauri-apps/api/core';
// The build for clients without cookies.
import { Clerk } from '../../../node_modules/@clerk/clerk-js/dist/clerk.native.js';

import { run, show } from './report';

await run(async () => {
  const { key, proxyUrl, token } = await invoke('settings');
  const KEY = 'client-token';
  localStorage.setItem(KEY, token);

  const clerk = new Clerk(key, { proxyUrl });
  clerk.__internal_onBeforeRequest((request) => {
    request.credentials = 'omit';
    request.url.searchParams.append('_is_native', '1');
    request.headers.set('authorization', `Bearer ${localStorage.getItem(KEY)}`);
  });
  clerk.__internal_onAfterResponse((_, response) => {
    const next = response.headers.get('authorization');
    if (next) {
      localStorage.setItem(KEY, next);
    }
  });
  await clerk.load({ standardBrowser: false, telemetry: false });
  if (!clerk.user) {
    throw new Error('clerk-js is not signed in');
  }
  show(clerk.user.fullName);
});
