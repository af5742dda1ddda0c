//! Stores for secrets and for the last state.

mod file;
mod keyring;

pub use clerk_core::storage::MemoryStore;
pub use file::FileCache;
pub use keyring::KeyringStore;
