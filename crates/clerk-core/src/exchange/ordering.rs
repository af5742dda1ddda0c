//! Decides which response is newer.
//!
//! Requests run concurrently and their responses arrive in any order. An outdated response must change neither the
//! client nor the client token. Pure: no I/O, no clock.

use crate::models::{Client, ClientId, UnixMillis};

/// Identifies a request when it is sent, and its response when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    sequence: u64,
    epoch: u64,
}

/// Decides whether a response may still change the state.
#[derive(Debug, Default)]
pub(crate) struct OrderGate {
    next: u64,
    epoch: u64,
    client: u64,
    token: u64,
}

impl OrderGate {
    /// Stamps a request that is about to be sent.
    pub(crate) fn stamp(&mut self) -> Stamp {
        self.next += 1;
        Stamp { sequence: self.next, epoch: self.epoch }
    }

    /// Invalidates all requests in flight: their responses belong to another owner of the state.
    pub(crate) fn begin_epoch(&mut self) {
        self.epoch += 1;
    }

    /// Whether the response with this stamp may replace the client token. If so, it becomes the newest.
    pub(crate) fn admit_token(&mut self, stamp: Stamp) -> bool {
        let admitted = stamp.epoch == self.epoch && stamp.sequence > self.token;
        if admitted {
            self.token = stamp.sequence;
        }
        admitted
    }

    /// Whether the client in the response with this stamp may replace `held`. If so, it becomes the newest.
    ///
    /// The server's `updated_at` decides between two states of the same client, because it grows with each change: an
    /// old state is rejected even in the response to a later request, and a newer one is accepted even in the response
    /// to an earlier request. Otherwise, also if one of them has no usable time, the order of the requests decides.
    pub(crate) fn admit_client(&mut self, stamp: Stamp, held: Option<&Client>, incoming: &Client) -> bool {
        let later = stamp.sequence > self.client;
        let key = |client: &Client| -> (ClientId, UnixMillis) { (client.id.clone(), client.updated_at) };
        let admitted = stamp.epoch == self.epoch
            && match held.map(key) {
                Some((id, updated_at))
                    if id == incoming.id
                        && updated_at != incoming.updated_at
                        && updated_at.is_plausible()
                        && incoming.updated_at.is_plausible() =>
                {
                    incoming.updated_at > updated_at
                }
                _ => later,
            };
        if admitted {
            self.client = self.client.max(stamp.sequence);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str, updated_at: i64) -> Client {
        Client { id: id.into(), updated_at: UnixMillis(updated_at), ..Client::default() }
    }

    #[test]
    fn admit_client_rejects_an_old_state_in_an_overtaken_response() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        let newer = client("client_1", 20);
        assert!(gate.admit_client(fast, None, &newer));
        assert!(!gate.admit_client(slow, Some(&newer), &client("client_1", 10)));
        assert!(!gate.admit_client(slow, Some(&newer), &newer));
    }

    #[test]
    fn admit_client_accepts_a_newer_state_in_an_overtaken_response() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        let held = client("client_1", 20);
        assert!(gate.admit_client(fast, None, &held));
        assert!(gate.admit_client(slow, Some(&held), &client("client_1", 30)));
    }

    #[test]
    fn admit_client_rejects_an_old_state_in_a_later_response() {
        let mut gate = OrderGate::default();
        let held = client("client_1", 20);
        let first = gate.stamp();
        assert!(gate.admit_client(first, None, &held));
        let second = gate.stamp();
        assert!(!gate.admit_client(second, Some(&held), &client("client_1", 10)));
    }

    #[test]
    fn admit_client_uses_request_order_for_another_client() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        let held = client("client_2", 20);
        assert!(gate.admit_client(fast, Some(&client("client_1", 99)), &held));
        assert!(!gate.admit_client(slow, Some(&held), &client("client_1", 100)));
    }

    #[test]
    fn admit_client_uses_request_order_without_a_time() {
        for (held, incoming) in [(20, 0), (0, 20), (i64::MAX, 20), (20, i64::MAX), (-1, 20)] {
            let mut gate = OrderGate::default();
            let (slow, fast) = (gate.stamp(), gate.stamp());
            let held = client("client_1", held);
            assert!(gate.admit_client(fast, None, &held));
            assert!(!gate.admit_client(slow, Some(&held), &client("client_1", incoming)));
            let later = gate.stamp();
            assert!(gate.admit_client(later, Some(&held), &client("client_1", incoming)));
        }
    }

    #[test]
    fn admit_token_rejects_an_overtaken_response() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        assert!(gate.admit_token(fast));
        assert!(!gate.admit_token(slow));
        let later = gate.stamp();
        assert!(gate.admit_token(later));
    }

    #[test]
    fn begin_epoch_rejects_all_requests_in_flight() {
        let mut gate = OrderGate::default();
        let under_way = gate.stamp();
        gate.begin_epoch();
        assert!(!gate.admit_token(under_way));
        assert!(!gate.admit_client(under_way, None, &client("client_1", 1)));
        let fresh = gate.stamp();
        assert!(gate.admit_token(fresh));
    }
}
