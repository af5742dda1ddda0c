//! Where secrets are kept.

mod keyring;
mod memory;

pub use keyring::KeyringStore;
pub use memory::MemoryStore;
