//! Accepts connections from programs of this user, and serves one request on each.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

use super::peer;

/// Limit of a request's line and headers, in bytes.
const MAX_HEADERS: usize = 16 * 1024;
/// Time to send a request's headers, and again its body.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after an error of `accept`, e.g. when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Responds to requests.
pub(crate) trait Respond: Send + Sync + 'static {
    /// What is served, for the log.
    const NAME: &'static str;

    /// Limit of connections at the same time. A browser opens up to six to one host.
    const MAX_CONNECTIONS: usize = 8;

    fn respond(&self, request: Request<Incoming>) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// Serves until `until` is over, and closes the port then. Returns the connections that are still open.
pub(crate) async fn serve_until<R: Respond>(
    listener: TcpListener,
    responder: Arc<R>,
    until: impl Future<Output = ()>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tokio::select! {
        () = serve(listener, responder, &mut tasks) => {}
        () = until => {}
    }
    tasks
}

/// Accepts connections.
pub(crate) trait Accept {
    fn accept(&mut self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

/// A connection that is open.
struct Open {
    task: AbortHandle,
    /// Whether a request arrived completely enough to be answered.
    busy: Arc<AtomicBool>,
}

/// Serves until it is dropped, and with it the listener. The connections are `tasks`.
pub(crate) async fn serve<R: Respond>(mut listener: impl Accept, responder: Arc<R>, tasks: &mut JoinSet<()>) {
    let mut open: VecDeque<Open> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => {
                open.retain(|one| !one.task.is_finished());
                continue;
            }
        };
        let stream = match accepted {
            Ok((stream, peer)) => match stream.local_addr() {
                // One at a time, so that a flood of connections costs no more than this.
                Ok(local) if peer::is_own_user(local, peer).await => stream,
                _ => {
                    tracing::debug!("refused a connection to {} by another user of this computer", R::NAME);
                    continue;
                }
            },
            Err(error) => {
                tracing::debug!(%error, "a connection to {} could not be accepted", R::NAME);
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        open.retain(|one| !one.task.is_finished());
        if open.len() >= R::MAX_CONNECTIONS {
            // Silent connections make room, or they would keep the page from loading.
            match open.iter().position(|one| !one.busy.load(Ordering::Acquire)) {
                Some(oldest) => open.remove(oldest).into_iter().for_each(|one| one.task.abort()),
                None => continue,
            }
        }
        let busy = Arc::new(AtomicBool::new(false));
        let task = tasks.spawn(connection(stream, responder.clone(), busy.clone()));
        open.push_back(Open { task, busy });
    }
}

/// Serves one request.
async fn connection<R: Respond>(stream: TcpStream, responder: Arc<R>, busy: Arc<AtomicBool>) {
    let service = service_fn(move |request| {
        let (responder, busy) = (responder.clone(), busy.clone());
        async move {
            busy.store(true, Ordering::Release);
            Ok::<_, Infallible>(responder.respond(request).await)
        }
    });
    // The browser may close the connection at any time.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIMEOUT)
        .max_buf_size(MAX_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
