//! IDs, codes and other random strings; with a seed, the same in every run.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8] = b"0123456789abcdef";
const LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Generator of random strings.
#[derive(Debug, Clone)]
pub(crate) struct Ids(StdRng);

impl Ids {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64))
    }

    /// Returns an ID such as `sess_` and 27 characters.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", self.text(BASE62, 27))
    }

    /// Returns the rotating part of a client token.
    pub(crate) fn rotating_token(&mut self) -> String {
        self.text(LOWER, 40)
    }

    /// Returns an unguessable string for a URL.
    pub(crate) fn nonce(&mut self) -> String {
        self.text(BASE62, 32)
    }

    /// Returns a one-time code of six digits.
    pub(crate) fn code(&mut self) -> String {
        format!("{:06}", self.0.random_range(0..1_000_000))
    }

    /// Returns ten backup codes of eight characters.
    pub(crate) fn backup_codes(&mut self) -> Vec<String> {
        (0..10).map(|_| self.text(LOWER, 8)).collect()
    }

    /// Returns a secret for an authenticator app, in base32.
    pub(crate) fn totp_secret(&mut self) -> String {
        self.text(BASE32, 32)
    }

    /// Returns hexadecimal digits, e.g. 20 for the ID of a token.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).filter_map(|_| alphabet.choose(&mut self.0)).map(|byte| char::from(*byte)).collect()
    }
}
