// Records what goes wrong in a page: errors on the console, uncaught exceptions, scripts and styles that don't load, and violations of
// the content security policy. The app runs it before the page's own scripts.
window.problems = [];
{
  const record = (...parts) => window.problems.push(parts.map(String).join(' '));
  const { error } = console;
  console.error = (...parts) => {
    record('console', ...parts);
    error.apply(console, parts);
  };
  const onError = ({ message, target }) => {
    if (target === window) record('exception', message);
    else if (target instanceof HTMLScriptElement || target instanceof HTMLLinkElement) record('not loaded', target.src ?? target.href);
  };
  // Captured: the errors of elements don't bubble. A picture that is not there is replaced by another one.
  addEventListener('error', onError, true);
  addEventListener('unhandledrejection', ({ reason }) => record('rejection', reason));
  document.addEventListener('securitypolicyviolation', (event) =>
    record('policy', event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber, event.columnNumber),
  );
}
