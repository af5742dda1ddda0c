// The app with the plugin shows who is signed in.
import { Clerk } from 'tauri-plugin-clerk-api';

import { run, show } from './report';

await run(async () => {
  const clerk = new Clerk();
  const showUser = ({ user }) => show(user?.fullName);
  clerk.addListener(showUser);
  await clerk.load();
  showUser(clerk);
});
