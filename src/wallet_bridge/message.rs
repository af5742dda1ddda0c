//! The messages of the wallet page.

use serde::Deserialize;
use tokio::sync::oneshot;

use crate::{ports::WalletError, secret::Secret};

/// A request of the page, which waits for the next step.
#[derive(Debug)]
pub(super) struct PageRequest {
    pub(super) message: PageMessage,
    pub(super) reply: oneshot::Sender<serde_json::Value>,
}

/// A message of the page.
#[derive(Debug)]
pub(crate) enum PageMessage {
    Address { address: String },
    Signature { signature: Option<Secret<String>>, failure: Failure },
    Failure(Failure),
}

impl PageMessage {
    /// Parses the body of a request; `None` if there is no such step.
    pub(crate) fn parse(step: &str, body: &[u8]) -> Option<serde_json::Result<Self>> {
        Some(match step {
            "address" => serde_json::from_slice(body).map(|AddressBody { address }| Self::Address { address }),
            "signature" => serde_json::from_slice(body)
                .map(|SignatureBody { signature, failure }| Self::Signature { signature, failure }),
            "failure" => serde_json::from_slice(body).map(Self::Failure),
            _ => return None,
        })
    }
}

#[derive(Deserialize)]
struct AddressBody {
    address: String,
}

#[derive(Deserialize)]
struct SignatureBody {
    signature: Option<Secret<String>>,
    #[serde(flatten)]
    failure: Failure,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Failure {
    #[serde(default)]
    rejected: bool,
    /// Whether no wallet was found in the browser.
    #[serde(default)]
    unavailable: bool,
    #[serde(default, rename = "failure")]
    reason: String,
}

impl From<Failure> for WalletError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure { rejected: true, .. } => Self::Rejected,
            Failure { unavailable: true, .. } => Self::Unavailable("no wallet was found in the browser".to_owned()),
            Failure { reason, .. } => Self::Failed(reason),
        }
    }
}
