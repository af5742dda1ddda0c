// Announces a wallet the way of EIP-6963. It holds no key: what it is asked for lies in `window.wallet` until a test answers.
window.wallet = { asked: [] };

const provider = {
  request: ({ method, params }) =>
    new Promise((resolve, reject) => {
      window.wallet.asked.push(method);
      window.wallet.params = params ?? [];
      window.wallet.answer = resolve;
      window.wallet.refuse = () => reject(Object.assign(new Error('refused'), { code: 4001 }));
    }),
};

const announce = () => {
  const info = { uuid: '350670db-19fa-4704-a166-e52e178b59d2', name: 'MetaMask', icon: 'data:,', rdns: 'io.metamask' };
  window.dispatchEvent(
    new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }),
  );
};

window.addEventListener('eip6963:requestProvider', announce);
announce();
