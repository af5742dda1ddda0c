/** Shows why Clerk could not be loaded, and tries again. */
import { Component, type ReactNode } from 'react';
import { isClerkAPIResponseError, isClerkRuntimeError } from 'tauri-plugin-clerk-api';

import { useTexts } from './language';

interface State {
  error: unknown;
  failed: boolean;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null, failed: false };

  static getDerivedStateFromError(error: unknown): State {
    return { error, failed: true };
  }

  override render(): ReactNode {
    const { error, failed } = this.state;
    const tryAgain = () => {
      this.setState({ error: null, failed: false });
    };
    return failed ? <Failure error={error} onTryAgain={tryAgain} /> : this.props.children;
  }
}

function Failure({ error, onTryAgain }: { error: unknown; onTryAgain: () => void }) {
  const texts = useTexts();
  const message = error instanceof Error ? error.message : String(error);
  return (
    <main className="page">
      <section className="card">
        <h2>{texts.loadFailed}</h2>
        <div className="error" role="alert">
          <span data-testid="error-message">{message}</span>
          <code data-testid="error-code">{codeOf(error)}</code>
        </div>
        <div className="row">
          <button className="primary" data-testid="retry" onClick={onTryAgain}>
            {texts.tryAgain}
          </button>
        </div>
      </section>
    </main>
  );
}

function codeOf(error: unknown): string {
  if (isClerkAPIResponseError(error)) {
    return error.errors[0]?.code ?? error.code;
  }
  return isClerkRuntimeError(error) ? error.code : '';
}
