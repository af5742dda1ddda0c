/** Links in Clerk's components to other sites, which a webview would not open or would leave the app for. */
import { openExternal } from '../on-demand-commands';

/** Elements of Clerk's components have such a class. */
export const CLERK_ELEMENT = '[class^="cl-"], [class*=" cl-"]';

/** Opens the links in the system browser. Components handle some clicks themselves; what they do not handle arrives here. */
export function openLinksOutside(): void {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href]');
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || !link.closest(CLERK_ELEMENT)) {
      return;
    }
    const isWeb = link.protocol === 'http:' || link.protocol === 'https:';
    if (isWeb && (link.host !== window.location.host || link.protocol !== window.location.protocol)) {
      event.preventDefault();
      openExternal(link.href).catch((error: unknown) => {
        console.error('[clerk] the link could not be opened in the system browser', error);
      });
    }
  });
}
