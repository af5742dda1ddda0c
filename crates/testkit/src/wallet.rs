//! A crypto wallet for tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use clerk_core::ports::{BoxFuture, Wallet, WalletConnection, WalletError};
use k256::ecdsa::SigningKey;
use sha3::{Digest, Keccak256};

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A wallet that makes real signatures, after the failures given to [`new`](Self::new).
#[derive(Clone)]
pub struct TestWallet {
    key: SigningKey,
    failures: Arc<Mutex<VecDeque<WalletError>>>,
    /// The providers that [`connect`](Wallet::connect) was called with.
    pub providers: Arc<Mutex<Vec<String>>>,
}

impl TestWallet {
    /// Creates a wallet that fails to sign once for each failure.
    pub fn new(failures: impl IntoIterator<Item = WalletError>) -> Self {
        Self {
            key: SigningKey::from_slice(&[7; 32]).unwrap(),
            failures: Arc::new(Mutex::new(failures.into_iter().collect())),
            providers: Arc::default(),
        }
    }

    /// Returns the address.
    pub fn address(&self) -> String {
        let point = self.key.verifying_key().to_encoded_point(false);
        hex(&Keccak256::digest(&point.as_bytes()[1..])[12..])
    }

    /// Signs a message (EIP-191).
    pub fn sign(&self, message: &str) -> String {
        let prefixed = format!("\u{19}Ethereum Signed Message:\n{}{message}", message.len());
        let (signature, recovery) = self.key.sign_digest_recoverable(Keccak256::new_with_prefix(prefixed)).unwrap();
        hex(&[signature.to_bytes().as_slice(), &[recovery.to_byte() + 27]].concat())
    }
}

struct Connected {
    wallet: TestWallet,
    address: String,
}

impl Wallet for TestWallet {
    fn connect<'a>(
        &'a self,
        provider: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>> {
        self.providers.lock().unwrap().push(provider.to_owned());
        let connected = Connected { address: self.address(), wallet: self.clone() };
        Box::pin(async move { Ok(Box::new(connected) as Box<dyn WalletConnection>) })
    }
}

impl WalletConnection for Connected {
    fn address(&self) -> &str {
        &self.address
    }

    fn sign<'a>(&'a mut self, message: &'a str) -> BoxFuture<'a, Result<String, WalletError>> {
        let failure = self.wallet.failures.lock().unwrap().pop_front();
        let signature = self.wallet.sign(message);
        Box::pin(async move { failure.map_or(Ok(signature), Err) })
    }
}
