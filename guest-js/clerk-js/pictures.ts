/**
 * Pictures without the internet. The icons of providers and the avatars come from Clerk's servers. Where they cannot be loaded, a
 * neutral drawing takes their place: letters of the name, or the shape of a person.
 */
import { CLERK_ELEMENT } from './links';

const ICON = '.cl-providerIcon';
const NEUTRAL = '#6c6c89';

/** Pictures that are being tried, by URL. */
const tries = new Map<string, Promise<boolean>>();

/** Draws a picture as the URL of an SVG. */
function draw(content: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${content}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** Letters in a circle. */
function drawLetters(letters: string): string {
  const size = letters.length > 1 ? 16 : 18;
  return draw(
    `<circle cx="16" cy="16" r="16" fill="${NEUTRAL}"/><text x="16" y="16" dy=".36em" text-anchor="middle" font-family="system-ui,sans-serif" font-size="${size}" font-weight="600" fill="#fff">${letters}</text>`,
  );
}

/** The initial of a name, or the shape of a person if there is none. */
function drawInitial(name: string): string {
  const initial = /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase();
  return initial === undefined ? drawPerson() : drawLetters(initial);
}

/** Two letters of a provider's name, because many begin with the same one: the capitals, or the first two. */
function drawProvider(name: string): string {
  const letters = name.match(/[\p{L}\p{N}]/gu) ?? [];
  const capitals = letters.filter((letter) => /\p{Lu}/u.test(letter));
  const [first, second = ''] = capitals.length > 1 ? capitals : letters;
  return first === undefined ? drawPerson() : drawLetters(first.toUpperCase() + second);
}

/** The shape of a person in a circle. */
function drawPerson(): string {
  return draw(
    `<circle cx="16" cy="16" r="16" fill="${NEUTRAL}"/><circle cx="16" cy="13" r="5" fill="#fff"/><path d="M6.5 27a9.5 9.5 0 0 1 19 0z" fill="#fff"/>`,
  );
}

function isRemote(url: string): boolean {
  return /^https?:/.test(url);
}

/** Whether a picture can be loaded. A failure is not remembered: the network may be back when the next one is shown. */
function loads(url: string): Promise<boolean> {
  let known = tries.get(url);
  if (!known) {
    known = new Promise((resolve) => {
      const image = new Image();
      image.onload = () => {
        resolve(true);
      };
      image.onerror = () => {
        tries.delete(url);
        resolve(false);
      };
      image.src = url;
    });
    tries.set(url, known);
  }
  return known;
}

/** The picture that a style shows, as background or as mask. */
function pictureOf(style: CSSStyleDeclaration): string | undefined {
  const images = [style.maskImage, style.getPropertyValue('-webkit-mask-image'), style.backgroundImage];
  return images.map((image) => /url\(["']?(.*?)["']?\)/.exec(image)?.[1]).find((url) => url && isRemote(url));
}

/** The name of the provider of an icon: from its label, e.g. `Sign in with GitHub` or `GitHub icon`, or the one that Clerk uses. */
function providerOf(icon: Element): string {
  const label = icon.getAttribute('aria-label')?.replace(/^Sign in with | icon$/g, '');
  const id = [...icon.classList].map((name) => /^cl-providerIcon__(?:custom_)?(.+)$/.exec(name)?.[1]);
  return label ?? id.find((name) => name !== undefined) ?? '';
}

async function checkIcon(icon: HTMLElement): Promise<void> {
  const url = pictureOf(getComputedStyle(icon));
  if (url === undefined || (await loads(url))) {
    return;
  }
  const fallback = {
    'mask-image': 'none',
    '-webkit-mask-image': 'none',
    'background-image': `url("${drawProvider(providerOf(icon))}")`,
    'background-color': 'transparent',
    'background-size': 'contain',
    'background-position': 'center',
    'background-repeat': 'no-repeat',
  };
  for (const [name, value] of Object.entries(fallback)) {
    icon.style.setProperty(name, value, 'important');
  }
}

function checkIcons(root: Element): void {
  const icons = [...(root.matches(ICON) ? [root] : []), ...root.querySelectorAll(ICON)];
  for (const icon of icons) {
    if (icon instanceof HTMLElement) {
      // The style of a new element may be inserted after it.
      requestAnimationFrame(() => void checkIcon(icon));
    }
  }
}

function replaceImage(image: HTMLImageElement): void {
  if (!image.closest(CLERK_ELEMENT) || !isRemote(image.src)) {
    return;
  }
  // The text is e.g. `Acme's logo`. A picture of nobody in particular has none.
  const name = image.title || image.alt.replace(/'s (logo|avatar)$/i, '');
  image.removeAttribute('srcset');
  image.src = name && name !== 'undefined' ? drawInitial(name) : drawPerson();
}

/** Watches the pictures of Clerk's components on this page. */
export function replaceBrokenPictures(): void {
  document.addEventListener(
    'error',
    ({ target }) => {
      if (target instanceof HTMLImageElement) {
        replaceImage(target);
      }
    },
    true,
  );
  const observer = new MutationObserver((records) => {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) {
        if (node instanceof Element) {
          checkIcons(node);
        }
      }
    }
  });
  observer.observe(document.documentElement, { childList: true, subtree: true });
}
