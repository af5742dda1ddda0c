/** The instance of clerk-js behind the component methods of the class `Clerk`. */
import type { Context } from '../class/context';
import { notify } from '../listeners';
import type { ClerkOptions } from '../options';
import { createClerkJs, preload } from './index';
import type { ClerkJsOptions } from './options';
import type { ClerkJs } from './packages';

/** Options that apply to the class `Clerk` itself, not to clerk-js below it. */
const OF_CLASS: readonly string[] = [
  'polling',
  'selectInitialSession',
  'standardBrowser',
  'isSatellite',
  'telemetry',
  'sdkMetadata',
] satisfies (keyof ClerkOptions)[];

type Router = ClerkJsOptions['routerPush'];

/** Calls the app's router when the class knows what clerk-js knows: the page that opens may depend on who is signed in. */
function afterSync(router: Router, context: Context): Router {
  return (
    router &&
    (async (...step) => {
      await context.sync().catch(() => undefined);
      return await router(...step);
    })
  );
}

/** The options of `Clerk.load`, for the components that the class shows. */
function optionsOfClass(context: Context): ClerkJsOptions {
  const given = Object.entries(context.given()).filter(([name]) => !OF_CLASS.includes(name));
  const options = Object.fromEntries(given) as ClerkJsOptions;
  const routerPush = afterSync(options.routerPush, context);
  const routerReplace = afterSync(options.routerReplace, context);
  return {
    ...options,
    ...(routerPush && { routerPush }),
    ...(routerReplace && { routerReplace }),
    // The class touches the session when the window gets the focus.
    touchSession: false,
  };
}

/**
 * Delays the calls of component methods while clerk-js changes the session, in order. It has no user until the app has navigated, but the
 * class has, so the app may mount what needs one.
 */
function delayed(clerk: ClerkJs): ClerkJs {
  let waiting: (() => unknown)[] = [];
  const wait = (call: () => unknown) => {
    waiting.push(call);
    if (waiting.length > 1) {
      return;
    }
    const end = clerk.addListener(() => {
      if (clerk.session !== undefined) {
        queueMicrotask(() => {
          end();
          const calls = waiting;
          waiting = [];
          calls.forEach((each) => {
            notify(each, undefined);
          });
        });
      }
    });
  };
  return new Proxy(clerk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || !/^(un)?mount|^open|^close/.test(String(name))) {
        return value;
      }
      return (...args: unknown[]) => {
        const call = () => Reflect.apply(value, target, args) as unknown;
        if (target.session !== undefined && waiting.length === 0) {
          return call();
        }
        wait(call);
        return undefined;
      };
    },
  });
}

/** Makes the instance when the class has loaded. */
export async function createForClass(context: Context): Promise<ClerkJs> {
  // The packages are imported while Rust loads.
  await Promise.all([preload(), context.whenLoaded()]);
  return delayed(await createClerkJs(optionsOfClass(context)));
}
