//! The connections. `axum::serve` always answers; here an answer can be left out, as when a network fails.

use std::{io, sync::Arc};

use axum::body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::{Disconnect, serve};
use crate::handle::Shared;

/// Accepts connections until it is dropped.
pub(crate) async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, shared.clone()));
                }
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            },
            // Connections that ended leave the set, which would grow without end otherwise.
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let shared = shared.clone();
        async move {
            let response = serve(&shared, request.map(Body::new)).await;
            match response.extensions().get::<Disconnect>() {
                Some(_) => Err(io::Error::new(io::ErrorKind::ConnectionReset, "ended on purpose")),
                None => Ok(response),
            }
        }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::trace!(%error, "a connection ended");
    }
}
