//! The sessions that were signed out on this device.

use std::collections::{BTreeSet, VecDeque};

use crate::models::SessionId;

/// How many of them are remembered once FAPI has ended them, because a response that is on its way may still have them.
pub(crate) const MAX_ENDED: usize = 32;

/// The sessions, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SignedOut(VecDeque<SessionId>);

impl SignedOut {
    pub(crate) fn contains(&self, session: &SessionId) -> bool {
        self.0.contains(session)
    }

    /// Adds sessions, and forgets the oldest ones beyond [`MAX_ENDED`], except for those in `pending`.
    pub(crate) fn add(&mut self, sessions: impl IntoIterator<Item = SessionId>, pending: &BTreeSet<SessionId>) {
        for session in sessions {
            if !self.contains(&session) {
                self.0.push_back(session);
            }
        }
        let mut surplus = self.0.len().saturating_sub(MAX_ENDED);
        self.0.retain(|session| {
            let goes = surplus > 0 && !pending.contains(session);
            surplus -= usize::from(goes);
            !goes
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
