//! Lets the app confirm the address of a wallet before the sign-in continues.

use std::{sync::Arc, time::Duration};

use crate::ports::{BoxFuture, Wallet, WalletConnection, WalletError};

/// The callback that confirms an address; see [`Builder::confirm_wallet`](crate::Builder::confirm_wallet).
pub(crate) type ConfirmWallet = Arc<dyn Fn(String) -> BoxFuture<'static, bool> + Send + Sync>;

/// A wallet whose address the app confirms.
pub(crate) struct ConfirmedWallet {
    wallet: Arc<dyn Wallet>,
    confirm: ConfirmWallet,
    /// How long the app may take, which usually asks the user.
    timeout: Duration,
}

impl ConfirmedWallet {
    pub(crate) fn new(wallet: Arc<dyn Wallet>, confirm: ConfirmWallet, timeout: Duration) -> Self {
        Self { wallet, confirm, timeout }
    }
}

impl Wallet for ConfirmedWallet {
    fn connect<'a>(
        &'a self,
        provider: &'a str,
        wallet_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>> {
        Box::pin(async move {
            let connection = self.wallet.connect(provider, wallet_name).await?;
            let confirmed = (self.confirm)(connection.address().to_owned());
            match tokio::time::timeout(self.timeout, confirmed).await {
                Ok(true) => Ok(connection),
                Ok(false) | Err(_) => Err(WalletError::NotConfirmed),
            }
        })
    }
}
