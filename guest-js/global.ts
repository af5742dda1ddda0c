/** Entry point of `api-iife.js`, which makes this package `window.__TAURI__.clerk` in apps with `withGlobalTauri`. */
import * as api from './index';

const { __TAURI__: tauri } = window as { __TAURI__?: object };
if (tauri) {
  Object.defineProperty(tauri, 'clerk', { value: api });
}
