//! Where secrets are kept, and what an earlier run knew.

mod file;
mod keyring;
mod memory;

pub use file::FileCache;
pub use keyring::KeyringStore;
pub use memory::MemoryStore;
