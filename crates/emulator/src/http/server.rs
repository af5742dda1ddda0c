//! Connections. Unlike `axum::serve`, this server can omit a response, as when a network fails.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use super::{dispatch::dispatch, reply::Disconnect};
use crate::shared::Shared;

/// Accepts connections until the future is dropped.
pub(crate) async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, shared.clone()));
                }
                Err(error) => tracing::warn!(%error, "accepting a connection failed"),
            },
            // Removes finished connections from the set, which would otherwise grow.
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let counted = shared.clone();
    let _connected = counted.connected();
    let resets = Arc::new(AtomicBool::new(false));
    let stream = Resettable { stream, resets: resets.clone() };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (shared, resets) = (shared.clone(), resets.clone());
        async move {
            let response = dispatch(&shared, request.map(Body::new)).await;
            match response.extensions().get::<Disconnect>() {
                Some(end) => {
                    resets.store(*end == Disconnect::Reset, Ordering::Relaxed);
                    Err(io::Error::new(io::ErrorKind::ConnectionReset, "ended by a fault"))
                }
                None => Ok(response),
            }
        }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::trace!(%error, "a connection ended");
    }
}

/// A connection that can end with a reset (`SO_LINGER` 0).
struct Resettable {
    stream: TcpStream,
    resets: Arc<AtomicBool>,
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.resets.load(Ordering::Relaxed)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::warn!(%error, "a connection could not be reset");
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buf)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown before the reset would look like a regular end.
        if self.resets.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
