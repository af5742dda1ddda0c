//! Random values.

use base64::Engine;
use rand::RngCore;

/// Returns an unguessable string: `bytes` random bytes in base64url.
#[must_use]
pub fn random_text(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    rand::rng().fill_bytes(&mut random);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
}
