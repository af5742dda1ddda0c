//! Removal of old data, so that a long run does not grow without bound.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use super::{Client, SessionStatus, World};

/// Number of requests between sweeps.
const EVERY: u32 = 100;
/// Maximum number of messages in the inbox.
const MESSAGES: usize = 2_000;
/// Maximum number of issued client tokens.
const TOKENS: usize = 5_000;
/// Maximum number of clients. Those without an active session go first, then the least recently changed.
const CLIENTS: usize = 2_000;
/// Maximum number of deleted clients.
const DELETED: usize = 5_000;
/// Maximum number of development browsers.
const BROWSERS: usize = 2_000;
/// Maximum number of each: links, tickets, provider flows, nonces and hosted sign-ins. Those that expire first go
/// first.
const HANDLES: usize = 2_000;
/// Maximum number of identities entered on the providers' pages; configured ones stay.
const IDENTITIES: usize = 1_000;
/// Maximum number of waitlist entries.
const WAITING: usize = 2_000;
/// Maximum number of API keys.
const API_KEYS: usize = 2_000;
/// Maximum number of inactive sessions per client.
const ENDED_SESSIONS: usize = 10;
/// Maximum number of known users per client.
const KNOWN_USERS: usize = 100;

impl World {
    /// Counts a request and sweeps after every 100th.
    pub(crate) fn sweep_periodically(&mut self) {
        self.requests_since_sweep += 1;
        if self.requests_since_sweep >= EVERY {
            self.requests_since_sweep = 0;
            self.sweep();
        }
    }

    /// Removes expired and surplus data.
    fn sweep(&mut self) {
        let now = self.now_ms();
        // Kept for another day, so that a late request is refused as expired, not as unknown.
        let limit = now - 24 * 60 * 60 * 1000;
        self.provider_flows.retain(|_, flow| flow.expire_at > now);
        self.nonces.retain(|_, nonce| nonce.expire_at > now);
        self.links.retain(|_, link| link.expire_at > limit);
        self.hosted.retain(|_, hosted| hosted.expire_at > limit);
        self.tickets.retain(|_, ticket| ticket.expire_at > limit);
        keep_newest(&mut self.provider_flows, HANDLES, |flow| flow.expire_at);
        keep_newest(&mut self.nonces, HANDLES, |nonce| nonce.expire_at);
        keep_newest(&mut self.links, HANDLES, |link| link.expire_at);
        keep_newest(&mut self.hosted, HANDLES, |hosted| hosted.expire_at);
        keep_newest(&mut self.tickets, HANDLES, |ticket| ticket.expire_at);
        keep_newest(&mut self.deleted_clients, DELETED, |at| *at);
        keep_newest(&mut self.dev_browsers, BROWSERS, |browser| browser.made_at);
        self.sweep_clients();
        let configured = self.config.identities.len();
        drop_oldest(&mut self.identities, configured, IDENTITIES);
        drop_oldest(&mut self.waitlist, 0, WAITING);
        drop_oldest(&mut self.api_keys, 0, API_KEYS);
        drop_oldest(&mut self.messages, 0, MESSAGES);
        drop_oldest(&mut self.issued_tokens, 0, TOKENS);
        self.faults.sweep();
    }

    fn sweep_clients(&mut self) {
        let surplus = self.clients.len().saturating_sub(CLIENTS);
        if surplus == 0 {
            return;
        }
        let mut all: Vec<(bool, i64, String)> = self
            .clients
            .values()
            .map(|client| (client.any_active_session().is_some(), client.updated_at, client.id.clone()))
            .collect();
        all.sort_unstable();
        for (_, _, id) in all.into_iter().take(surplus) {
            if let Some(client) = self.clients.remove(&id) {
                for session in client.sessions {
                    self.session_clients.remove(&session.id);
                }
            }
        }
    }

    /// Removes the oldest inactive sessions of a client.
    pub(crate) fn sweep_sessions(&mut self, client: &mut Client) {
        let over = |status: SessionStatus| status != SessionStatus::Active;
        let mut surplus = client.sessions.iter().filter(|one| over(one.status)).count().saturating_sub(ENDED_SESSIONS);
        let session_clients = &mut self.session_clients;
        client.sessions.retain(|session| {
            let goes = surplus > 0 && over(session.status);
            if goes {
                surplus -= 1;
                session_clients.remove(&session.id);
            }
            !goes
        });
        drop_oldest(&mut client.known_users, 0, KNOWN_USERS);
    }

    /// Returns the sizes of all collections.
    pub(crate) fn sizes(&self) -> BTreeMap<&'static str, usize> {
        BTreeMap::from([
            ("users", self.users.len()),
            ("owned_identifiers", self.owners.len()),
            ("connected_identities", self.connected.len()),
            ("organizations", self.organizations.len()),
            ("clients", self.clients.len()),
            ("deleted_clients", self.deleted_clients.len()),
            ("sessions", self.clients.values().map(|client| client.sessions.len()).sum()),
            ("session_clients", self.session_clients.len()),
            ("dev_browsers", self.dev_browsers.len()),
            ("identities", self.identities.len()),
            ("messages", self.messages.len()),
            ("round_trips", self.provider_flows.len()),
            ("nonces", self.nonces.len()),
            ("links", self.links.len()),
            ("tickets", self.tickets.len()),
            ("hosted", self.hosted.len()),
            ("waitlist", self.waitlist.len()),
            ("api_keys", self.api_keys.len()),
            ("issued_tokens", self.issued_tokens.len()),
            ("requests", self.log.entries().count()),
            ("faults", self.faults.list().len()),
            ("histories", self.history.len()),
        ])
    }
}

/// Keeps the `most` values with the greatest `age`.
fn keep_newest<K: Eq + Hash, V>(map: &mut HashMap<K, V>, most: usize, age: impl Fn(&V) -> i64) {
    let surplus = map.len().saturating_sub(most);
    if surplus == 0 {
        return;
    }
    let mut ages: Vec<i64> = map.values().map(&age).collect();
    ages.sort_unstable();
    let Some(limit) = ages.get(surplus).copied() else { return };
    // On a frozen clock many values have the same age.
    let mut same = ages[..surplus].iter().filter(|age| **age == limit).count();
    map.retain(|_, value| match age(value).cmp(&limit) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal if same > 0 => {
            same -= 1;
            false
        }
        _ => true,
    });
}

/// Drops the oldest elements after the first few. Only at twice the maximum, because the rest has to be moved.
fn drop_oldest<T>(list: &mut Vec<T>, first: usize, most: usize) {
    if list.len() > first + most * 2 {
        list.drain(first..list.len() - most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keep_newest_works_on_a_frozen_clock() {
        let mut map: HashMap<u32, i64> = (0..10).map(|number| (number, i64::from(number) / 5)).collect();
        keep_newest(&mut map, 3, |age| *age);
        assert_eq!(map.values().copied().collect::<Vec<_>>(), [1, 1, 1]);
        let mut same: HashMap<u32, i64> = (0..10).map(|number| (number, 7)).collect();
        keep_newest(&mut same, 4, |age| *age);
        assert_eq!(same.len(), 4);
        keep_newest(&mut same, 4, |age| *age);
        assert_eq!(same.len(), 4);
    }

    #[test]
    fn drop_oldest_keeps_the_first_and_the_newest() {
        let mut list: Vec<u32> = (0..10).collect();
        drop_oldest(&mut list, 2, 3);
        assert_eq!(list, [0, 1, 7, 8, 9]);
    }
}
