//! The order in which callback links are handled: one after the other. Any program can send links, so their number is bounded.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{MutexGuard, oneshot};

use crate::{secret::Secret, sync::lock};

/// How many links may wait.
const MAX_WAITING: usize = 32;

/// The links that wait for their turn.
#[derive(Default)]
pub(crate) struct LinkQueue {
    /// Held by the link that is being handled, and by a poll of the attempt that links are about.
    turn: tokio::sync::Mutex<()>,
    waiting: Mutex<VecDeque<Waiting>>,
    last_ticket: AtomicU64,
}

struct Waiting {
    ticket: u64,
    /// What handling the link would find out.
    key: Secret<String>,
    /// Dropped to make the link give up.
    _place: oneshot::Sender<()>,
}

/// Held while a link is handled.
pub(crate) struct LinkTurn<'a>(#[expect(dead_code, reason = "held, not read")] MutexGuard<'a, ()>);

/// Leaves the queue, also if the link's task is cancelled.
struct Place<'a> {
    queue: &'a LinkQueue,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.queue.waiting).retain(|waiting| waiting.ticket != self.ticket);
    }
}

impl LinkQueue {
    /// Waits until the link may be handled. Returns `None` if an equal link is already waiting, or if so many links arrived
    /// meanwhile that this one, the oldest, had to give up its place.
    pub(crate) async fn turn_of_link(&self, key: Secret<String>) -> Option<LinkTurn<'_>> {
        let ticket = self.last_ticket.fetch_add(1, Ordering::Relaxed);
        let (sender, gave_up) = oneshot::channel();
        {
            let mut waiting = lock(&self.waiting);
            if waiting.iter().any(|other| other.key == key) {
                return None;
            }
            if waiting.len() >= MAX_WAITING {
                waiting.pop_front();
            }
            waiting.push_back(Waiting { ticket, key, _place: sender });
        }
        let _place = Place { queue: self, ticket };
        tokio::select! {
            biased;
            turn = self.turn.lock() => Some(LinkTurn(turn)),
            _ = gave_up => None,
        }
    }

    /// Waits until no link is being handled, for a poll.
    pub(crate) async fn turn_of_poll(&self) -> LinkTurn<'_> {
        LinkTurn(self.turn.lock().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        pin::Pin,
        sync::Arc,
        task::{Context, Waker},
    };

    fn key(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn is_pending(future: Pin<&mut impl Future>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn turn_of_link_is_given_in_the_order_of_arrival() {
        let queue = LinkQueue::default();
        let first = queue.turn_of_link(key("1")).await;
        assert!(first.is_some());
        let (second, third) = (queue.turn_of_link(key("2")), queue.turn_of_link(key("3")));
        tokio::pin!(second, third);
        assert!(is_pending(second.as_mut()) && is_pending(third.as_mut()));
        drop(first);
        assert!(is_pending(third.as_mut()));
        assert!(second.await.is_some());
        assert!(third.await.is_some());
    }

    #[tokio::test]
    async fn turn_of_link_is_refused_while_an_equal_link_waits() {
        let queue = LinkQueue::default();
        let turn = queue.turn_of_link(key("1")).await;
        let waiting = queue.turn_of_link(key("1"));
        tokio::pin!(waiting);
        assert!(is_pending(waiting.as_mut()), "the first one has left the queue");
        assert!(queue.turn_of_link(key("1")).await.is_none());
        drop(turn);
        assert!(waiting.await.is_some());
    }

    #[tokio::test]
    async fn turn_of_link_is_bounded_in_favour_of_the_newest_links() {
        let queue = Arc::new(LinkQueue::default());
        let turn = queue.turn_of_poll().await;
        let arrive = |number: usize| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.turn_of_link(key(&number.to_string())).await.is_some() })
        };
        let links: Vec<_> = (0..1_000).map(arrive).collect();
        while links.iter().filter(|link| link.is_finished()).count() < 1_000 - MAX_WAITING {
            tokio::task::yield_now().await;
        }
        assert_eq!(lock(&queue.waiting).len(), MAX_WAITING);
        drop(turn);
        let mut handled = Vec::new();
        for (number, link) in links.into_iter().enumerate() {
            if link.await.unwrap() {
                handled.push(number);
            }
        }
        assert_eq!(handled, (1_000 - MAX_WAITING..1_000).collect::<Vec<_>>());
        assert!(lock(&queue.waiting).is_empty());
    }
}
