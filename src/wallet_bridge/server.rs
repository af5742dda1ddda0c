//! The server of the wallet page: who may talk to it, and for how long.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderName, HeaderValue},
};
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};

use super::message::{PageMessage, PageRequest};
use crate::{
    core::random_text,
    loopback::{
        page::{empty, escape_html, html, no_sniff},
        server::{REQUEST_TIMEOUT, Respond},
    },
    secret::Secret,
};

const PAGE: &str = include_str!("page.html");
/// Limit of a request body, in bytes. A signature is far smaller.
const MAX_BODY: usize = 64 * 1024;
const COOKIE: &str = "clerk-wallet";

/// The state of the server, for one sign-in.
///
/// The opened URL has a ticket, which the first request exchanges for the page and a cookie. Everybody on the computer may read
/// command lines, so the ticket is void from then on. The page's requests need the cookie, and the path that only the page
/// knows; `Host` and `Origin` keep out pages of other sites.
#[derive(Debug)]
pub(crate) struct Bridge {
    host: String,
    origin: String,
    app: String,
    provider: String,
    ticket: Secret<String>,
    cookie: Secret<String>,
    /// The path of the page's own requests.
    secret: Secret<String>,
    access: Mutex<Access>,
    requests: mpsc::Sender<PageRequest>,
    /// Why the sign-in is no longer trusted.
    misuse: watch::Sender<Option<&'static str>>,
}

#[derive(Debug, Default)]
struct Access {
    /// Whether the ticket was used.
    used: bool,
    /// The address that the page sent.
    address: Option<String>,
}

/// What a flow needs of its server.
pub(crate) struct Channels {
    pub(super) requests: mpsc::Receiver<PageRequest>,
    pub(super) misuse: watch::Receiver<Option<&'static str>>,
}

impl Respond for Bridge {
    const NAME: &'static str = "the wallet page";

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.answer(request).await
    }
}

impl Bridge {
    pub(crate) fn new(host: String, app: &str, provider: &str) -> (Self, Channels) {
        let (requests, receiver) = mpsc::channel(1);
        let misuse = watch::Sender::new(None);
        let channels = Channels { requests: receiver, misuse: misuse.subscribe() };
        let bridge = Self {
            origin: format!("http://{host}"),
            host,
            app: app.to_owned(),
            provider: provider.to_owned(),
            ticket: Secret::new(random_text(32)),
            cookie: Secret::new(random_text(32)),
            secret: Secret::new(random_text(32)),
            access: Mutex::default(),
            requests,
            misuse,
        };
        (bridge, channels)
    }

    /// Returns the URL to open.
    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.origin, self.ticket.expose())
    }

    fn access(&self) -> MutexGuard<'_, Access> {
        // Every critical section is a plain assignment, so the state is valid also after a panic.
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the sign-in, because nothing that the page sent can be trusted.
    fn report(&self, why: &'static str) {
        tracing::warn!(code = "wallet_bridge_misused", "{why}");
        self.misuse.send_if_modified(|misuse| {
            let first = misuse.is_none();
            *misuse = misuse.or(Some(why));
            first
        });
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        if header(header::HOST) != Some(&self.host) {
            return empty(StatusCode::FORBIDDEN);
        }
        let path = request.uri().path().trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let has_cookie = self.has_cookie(&request);
        if request.method() == Method::GET && first == self.ticket.expose() && rest.is_empty() {
            return self.redeem_ticket(has_cookie);
        }
        if request.method() == Method::GET && first == self.secret.expose() && rest.is_empty() {
            return if has_cookie { self.page() } else { empty(StatusCode::FORBIDDEN) };
        }
        if request.method() != Method::POST {
            return empty(StatusCode::NOT_FOUND);
        }
        // Browsers send the origin, so this is a page of another site, which knows nothing but the port.
        if header(header::ORIGIN).is_some_and(|origin| origin != self.origin) {
            return empty(StatusCode::FORBIDDEN);
        }
        if header(header::ORIGIN).is_none() || !has_cookie || first != self.secret.expose() {
            self.report("a program that is not the wallet page sent a message");
            return empty(StatusCode::FORBIDDEN);
        }
        let step = rest.to_owned();
        let body = Limited::new(request.into_body(), MAX_BODY).collect();
        let Ok(Ok(body)) = tokio::time::timeout(REQUEST_TIMEOUT, body).await else {
            return empty(StatusCode::BAD_REQUEST);
        };
        self.forward(&step, &Collected::to_bytes(body)).await
    }

    fn has_cookie(&self, request: &Request<Incoming>) -> bool {
        let expected = format!("{COOKIE}={}", self.cookie.expose());
        let cookies = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies.flat_map(|value| value.split(';')).any(|cookie| cookie.trim() == expected)
    }

    /// Exchanges the ticket for the page and its cookie, once.
    fn redeem_ticket(&self, has_cookie: bool) -> Response<Full<Bytes>> {
        if std::mem::replace(&mut self.access().used, true) {
            // The browser that has the page may try again, e.g. when the user goes back.
            if !has_cookie {
                self.report("the address of the wallet page was opened twice");
            }
            return empty(StatusCode::FORBIDDEN);
        }
        let mut response = self.page();
        // The cookie's path keeps it from other servers on loopback, because cookies ignore ports.
        let (cookie, path) = (self.cookie.expose(), self.secret.expose());
        let cookie = format!("{COOKIE}={cookie}; Path=/{path}; HttpOnly; SameSite=Strict");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Passes on the page's message, and responds with the next step.
    async fn forward(&self, step: &str, body: &[u8]) -> Response<Full<Bytes>> {
        let Some(message) = PageMessage::parse(step, body) else { return empty(StatusCode::NOT_FOUND) };
        let Ok(message) = message else { return empty(StatusCode::BAD_REQUEST) };
        if let PageMessage::Address { address } = &message {
            let known = self.access().address.get_or_insert_with(|| address.clone()).clone();
            if known != *address {
                self.report("the wallet page sent two addresses");
            }
        }
        let exchange = async {
            let (reply, next) = oneshot::channel();
            if self.requests.send(PageRequest { message, reply }).await.is_err() {
                return empty(StatusCode::GONE);
            }
            match next.await {
                Ok(next) => json_response(&next),
                Err(_) => empty(StatusCode::GONE),
            }
        };
        let mut misuse = self.misuse.subscribe();
        tokio::select! {
            // A message that arrives after a misuse is not passed on, and no page ends as a success.
            biased;
            _ = misuse.wait_for(Option::is_some) => empty(StatusCode::CONFLICT),
            response = exchange => response,
        }
    }

    /// Returns the page. Its policy allows its own script and requests to this server, and nothing else.
    fn page(&self) -> Response<Full<Bytes>> {
        let nonce = random_text(16);
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let mut page = PAGE.to_owned();
        for (name, value) in
            [("nonce", &nonce), ("secret", self.secret.expose()), ("provider", &self.provider), ("app", &self.app)]
        {
            page = page.replace(&format!("{{{{{name}}}}}"), &escape_html(value));
        }
        html(StatusCode::OK, page, &policy)
    }
}

fn json_response(body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    no_sniff(response)
}

/// The response that ends the page. `signed` says whether it ends with a signature.
pub(super) fn last_response(signed: bool) -> serde_json::Value {
    json!({ "signed": signed })
}
