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
    /// Waits until the link may be handled. Returns `None` if an equal link is already waiting, or if this one had to give up its
    /// place to a newer one because too many are waiting: the oldest one that does not name the flow goes first, then the oldest.
    pub(crate) async fn turn_of_link(
        &self,
        key: Secret<String>,
        names_flow: impl Fn(&Secret<String>) -> bool,
    ) -> Option<LinkTurn<'_>> {
        let ticket = self.last_ticket.fetch_add(1, Ordering::Relaxed);
        let (sender, gave_up) = oneshot::channel();
        {
            let mut waiting = lock(&self.waiting);
            if waiting.iter().any(|other| other.key == key) {
                return None;
            }
            if waiting.len() >= MAX_WAITING {
                match waiting.iter().position(|other| !names_flow(&other.key)) {
                    Some(place) => drop(waiting.remove(place)),
                    None if names_flow(&key) => drop(waiting.pop_front()),
                    None => return None,
                }
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

    async fn turn_of<'a>(queue: &'a LinkQueue, key: &str) -> Option<LinkTurn<'a>> {
        queue.turn_of_link(Secret::new(key.to_owned()), |key| key.expose().starts_with("genuine")).await
    }

    fn is_pending(future: Pin<&mut impl Future>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn turn_of_link_is_given_in_the_order_of_arrival() {
        let queue = LinkQueue::default();
        let first = turn_of(&queue, "1").await;
        assert!(first.is_some());
        let (second, third) = (turn_of(&queue, "2"), turn_of(&queue, "3"));
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
        let turn = turn_of(&queue, "1").await;
        let waiting = turn_of(&queue, "1");
        tokio::pin!(waiting);
        assert!(is_pending(waiting.as_mut()), "the first one has left the queue");
        assert!(turn_of(&queue, "1").await.is_none());
        drop(turn);
        assert!(waiting.await.is_some());
    }

    #[tokio::test]
    async fn turn_of_link_is_bounded_in_favour_of_the_newest_links() {
        let queue = Arc::new(LinkQueue::default());
        let turn = queue.turn_of_poll().await;
        let arrive = |number: usize| {
            let queue = queue.clone();
            tokio::spawn(async move { turn_of(&queue, &number.to_string()).await.is_some() })
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

    #[tokio::test]
    async fn turn_of_link_is_kept_for_links_that_name_the_flow() {
        let queue = Arc::new(LinkQueue::default());
        let turn = queue.turn_of_poll().await;
        let arrive = |text: String| {
            let queue = queue.clone();
            tokio::spawn(async move { turn_of(&queue, &text).await.is_some() })
        };
        let mut links = vec![arrive("genuine".to_owned())];
        links.extend((0..100).map(|number| arrive(number.to_string())));
        links.push(arrive("genuine-too".to_owned()));
        links.extend((100..200).map(|number| arrive(number.to_string())));
        while links.iter().filter(|link| !link.is_finished()).count() > MAX_WAITING {
            tokio::task::yield_now().await;
        }
        drop(turn);
        let mut handled = Vec::new();
        for (at, link) in links.into_iter().enumerate() {
            if link.await.unwrap() {
                handled.push(at);
            }
        }
        let newest = 202 - (MAX_WAITING - 2);
        assert_eq!(handled, [0, 101].into_iter().chain(newest..202).collect::<Vec<_>>());
    }
}
