/** The instance of clerk-js behind the component methods of the class `Clerk`. */
import { report } from '../class/component-calls';
import type { Context } from '../class/context';
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

/** The methods that mount, unmount, open or close a component. */
const OF_COMPONENTS = /^(un)?mount|^open|^close/;

/**
 * Returns the instance with component methods that wait while clerk-js changes the session. Until the app has navigated, clerk-js has no
 * user and refuses what needs one, while the class knows who is signed in.
 */
function deferComponentCalls(clerk: ClerkJs): ClerkJs {
  const waiting: (() => unknown)[] = [];
  const listen = () => {
    const end = clerk.addListener(() => {
      if (clerk.session !== undefined) {
        end();
        // The other listeners of this change come first.
        queueMicrotask(callAll);
      }
    });
  };
  /** Makes the calls in order, also those that they lead to, until clerk-js changes the session again. */
  const callAll = () => {
    for (let call = waiting[0]; call; call = waiting[0]) {
      if (clerk.session === undefined) {
        listen();
        return;
      }
      try {
        call();
      } catch (error) {
        report(error);
      }
      waiting.shift();
    }
  };
  return new Proxy(clerk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || !OF_COMPONENTS.test(String(name))) {
        return value;
      }
      return (...args: unknown[]) => {
        const call = () => Reflect.apply(value, target, args) as unknown;
        if (target.session !== undefined && waiting.length === 0) {
          return call();
        }
        if (waiting.push(call) === 1) {
          listen();
        }
        return undefined;
      };
    },
  });
}

/** Makes the instance when the class has loaded. */
export async function createForClass(context: Context): Promise<ClerkJs> {
  // The packages are imported while Rust loads.
  await Promise.all([preload(), context.whenLoaded()]);
  return deferComponentCalls(await createClerkJs(optionsOfClass(context)));
}
