/** Tauri's own errors, with what to do. Few calls end with one, so the code is imported on first use. */
import { ClerkRuntimeError } from './errors';

/** The permissions of commands that `clerk:default` does not include. */
const PERMISSIONS: Record<string, string> = {
  get_token: 'clerk:session-token',
  clerk_js_state: 'clerk:components',
  frontend_api: 'clerk:components',
  open_and_wait: 'clerk:components',
  'event.listen': 'core:default',
};

/**
 * Returns an error of this library for one of Tauri's own.
 *
 * @param permission - what a window needs to call the command.
 */
export function refusal(
  rejection: unknown,
  command: string,
  permission = PERMISSIONS[command] ?? 'clerk:default',
): ClerkRuntimeError {
  if (rejection instanceof Error) {
    return new ClerkRuntimeError(`the command ${command} failed: ${rejection.message}`, {
      code: 'invoke_failed',
      cause: rejection,
    });
  }
  // Rust names the field, if the argument has fields.
  const invalid = /^invalid args `(.*?)` for command `\w+`: (?:`(.*?)`: )?(.*)/.exec(String(rejection));
  if (invalid) {
    const [, argument = '', path = argument, why] = invalid;
    // The item of a list.
    const field = path.startsWith('[') ? argument + path : path;
    return new ClerkRuntimeError(`${command}: the parameter ${field} is not valid: ${why}`, {
      code: 'option_invalid',
      cause: rejection,
    });
  }
  return new ClerkRuntimeError(
    `Tauri refused the command ${command}: add the permission ${permission} to the window's capability, and register the plugin`,
    { code: 'invoke_failed', cause: rejection },
  );
}
