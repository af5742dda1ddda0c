//! Where secrets are kept, and what an earlier run knew.

mod file;
mod keyring;

pub use clerk_core::storage::MemoryStore;
pub use file::FileCache;
pub use keyring::KeyringStore;
