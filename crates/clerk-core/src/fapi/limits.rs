//! How much memory a text from outside may take once it is read.

use std::cell::Cell;

use serde::de::Error;

/// What any text may take, in bytes.
const MIN_MEMORY: usize = 16 * 1024 * 1024;

/// How much memory may still be taken, in bytes.
pub(crate) struct Limits(Cell<usize>);

impl Limits {
    /// The limits for a text of `length` bytes, each of which may become `growth` bytes.
    pub(super) fn new(length: usize, growth: usize) -> Self {
        Self(Cell::new(MIN_MEMORY + length * growth))
    }

    /// Takes memory.
    ///
    /// # Errors
    /// If no more is left.
    pub(crate) fn take<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let rest = self.0.get().checked_sub(bytes).ok_or_else(|| E::custom("the text takes too much memory"))?;
        self.0.set(rest);
        Ok(())
    }
}
