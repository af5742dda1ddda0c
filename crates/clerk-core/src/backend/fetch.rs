//! Sends requests to the app's own backend.

use std::time::Duration;

use url::Url;

use crate::{
    backend::{
        request::{FetchRequest, MAX_HEADERS},
        response::{FetchResponse, failed},
    },
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    exchange::session_token::GetTokenParams,
    models::SessionId,
    outside,
    ports::{BackendRequest, BackendResponse, BackendTransport, TransportError},
    secret::SessionToken,
};

/// How many redirects are followed. Browsers follow twice as many, to anywhere.
const MOST_REDIRECTS: usize = 10;

/// The slowest upload that is waited for, in bytes per second.
const SLOWEST_UPLOAD: u64 = 32 * 1024;

/// Headers of a response that concern the connection, or carry credentials.
const WITHHELD_HEADERS: &[&str] = &[
    "authentication-info",
    "authorization",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "set-cookie2",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that describe a body.
const BODY_HEADERS: &[&str] = &["content-encoding", "content-language", "content-location", "content-type"];

impl Clerk {
    /// Sends a request to the app's own backend, as the signed-in user: with the session token of the active session as
    /// `Authorization: Bearer …`. The caller does not see the token. Resolves when the headers of the response have arrived; any
    /// status is a response, not an error.
    ///
    /// The URL must be one that the app's configuration names, or below it: [`ClerkSetup::backends`](crate::ClerkSetup::backends);
    /// in an app with Tauri `plugins.clerk.backends`. Redirects are followed ten times at most, and only within the same origin and
    /// what is configured.
    ///
    /// A response with the status 401 is repeated once with a new session token; the second one is returned as it is.
    ///
    /// Connecting may take ten seconds. For the headers of the response, and each part of its body, see
    /// [`FetchRequest::idle_timeout`]. Dropping the future ends the request.
    ///
    /// ```
    /// # use clerk_core::{Clerk, FetchRequest};
    /// # async fn example(clerk: Clerk) -> clerk_core::Result<()> {
    /// let mut response = clerk.fetch(FetchRequest::get("https://api.example.com/v1/export")).await?;
    /// while let Some(chunk) = response.chunk().await? {
    ///     println!("{} bytes", chunk.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `fetch_not_allowed`, `fetch_redirect_refused`, `option_invalid` (e.g. for a header that the SDK sets), `not_loaded`,
    /// `no_active_session`, `network_error` if the backend, or Clerk for a new token, can't be reached, or `api_response_error` if
    /// Clerk refuses a token.
    ///
    /// # Source
    /// The caller's own request; `Clerk.fetch()` of this library.
    pub async fn fetch(&self, request: FetchRequest) -> Result<FetchResponse> {
        let (url, transport) = self.0.setup.backends.admit(&request.url)?;
        request.check()?;
        let session = self.loaded().await?.session().map(|session| session.id.clone()).ok_or_else(nobody)?;
        let token = self.token_for(&request, &session, false).await?;
        let response = self.follow(transport, &request, url.clone(), &token).await?;
        if response.status() != 401 {
            return Ok(response);
        }
        match self.token_for(&request, &session, true).await {
            Ok(token) => {
                drop(response);
                self.follow(transport, &request, url, &token).await
            }
            Err(error) => {
                tracing::debug!(code = error.code(), "a backend refused a session token, and there is no new one");
                Ok(response)
            }
        }
    }

    async fn token_for(&self, request: &FetchRequest, session: &SessionId, skip_cache: bool) -> Result<SessionToken> {
        let params = GetTokenParams {
            session_id: session.clone(),
            template: request.template.clone(),
            organization_id: request.organization_id.clone(),
            skip_cache,
        };
        match self.get_token(params).await {
            Ok(token) => token.ok_or_else(nobody),
            // For the caller it makes no difference which of the two servers could not be reached.
            Err(Error::Runtime(error)) if error.code == ErrorCode::Offline => {
                Err(ErrorCode::NetworkError.error(error.message))
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a request, and again to where redirects lead.
    async fn follow(
        &self,
        transport: &dyn BackendTransport,
        request: &FetchRequest,
        mut url: Url,
        token: &SessionToken,
    ) -> Result<FetchResponse> {
        let mut next = BackendRequest {
            method: request.method.clone(),
            url: url.clone(),
            headers: request.headers.clone(),
            session_token: token.clone(),
            body: request.body.clone(),
        };
        if !next.headers.iter().any(|(name, _)| name == "user-agent") {
            next.headers.push(("user-agent".to_owned(), self.0.setup.user_agent.clone()));
        }
        for redirects in 0..=MOST_REDIRECTS {
            let response = send(transport, next.clone(), request.idle_timeout).await?;
            let (status, is_head) = (response.status, next.method == "HEAD");
            tracing::debug!(method = next.method, host = url.host_str(), status, "a backend responded");
            if let Some(target) = redirect(&response).filter(|_| request.follow_redirects) {
                url = self.redirected(&url, target, token)?;
                next.url = url.clone();
                // As browsers do.
                if (matches!(status, 301 | 302) && next.method == "POST") || (status == 303 && !is_head) {
                    next.method = "GET".to_owned();
                    next.body = None;
                    next.headers.retain(|(name, _)| !BODY_HEADERS.contains(&name.as_str()));
                }
                continue;
            }
            let headers = disclosed(response.headers, token).map_err(|reason| failed(&url, reason))?;
            let has_body = !is_head && !matches!(status, 204 | 205 | 304);
            return Ok(FetchResponse {
                status,
                headers,
                url,
                is_redirected: redirects > 0,
                body: has_body.then_some(response.body),
                idle_timeout: request.idle_timeout,
            });
        }
        Err(refused(&format!("more than {MOST_REDIRECTS} times")))
    }

    /// Returns where a redirect leads.
    fn redirected(&self, from: &Url, target: &str, token: &SessionToken) -> Result<Url> {
        let url = from.join(target).map_err(|_| refused("to something that is not a URL"))?;
        if url.origin() != from.origin() {
            return Err(refused(&format!("to another origin, {}", url.origin().ascii_serialization())));
        }
        // Whoever asked learns where the response comes from.
        if url.as_str().contains(token.expose()) {
            return Err(refused("to a URL that contains the session token"));
        }
        let (url, _) = self.0.setup.backends.admit_url(url).map_err(|_| refused("to a path that is not allowed"))?;
        Ok(url)
    }
}

async fn send(
    transport: &dyn BackendTransport,
    request: BackendRequest,
    idle_timeout: Duration,
) -> Result<BackendResponse> {
    let url = request.url.clone();
    let length = request.body.as_ref().map_or(0, |body| body.expose().len() as u64);
    let limit = idle_timeout + Duration::from_secs(length / SLOWEST_UPLOAD);
    let sent = outside::wait("the transport", || transport.send(request));
    let response = match tokio::time::timeout(limit, sent).await {
        Ok(Some(Ok(response))) => response,
        Ok(Some(Err(TransportError { reason }))) => return Err(failed(&url, &reason)),
        Ok(None) => return Err(failed(&url, "the transport panicked")),
        Err(_) => return Err(failed(&url, "no response in time")),
    };
    if (200..600).contains(&response.status) { Ok(response) } else { Err(failed(&url, "its status is not valid")) }
}

/// Returns the target of a redirect.
fn redirect(response: &BackendResponse) -> Option<&str> {
    let target = response.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str());
    target.filter(|_| matches!(response.status, 301 | 302 | 303 | 307 | 308))
}

/// Returns the headers that the caller may see.
fn disclosed(headers: Vec<(String, String)>, token: &SessionToken) -> Result<Vec<(String, String)>, &'static str> {
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_HEADERS {
        return Err("the headers of its response are too long");
    }
    let may_be_seen = |(name, value): &(String, String)| {
        !WITHHELD_HEADERS.contains(&name.as_str()) && !value.contains(token.expose())
    };
    Ok(headers.into_iter().filter(may_be_seen).collect())
}

fn nobody() -> Error {
    ErrorCode::NoActiveSession.error("no user is signed in; sign in first")
}

fn refused(whereto: &str) -> Error {
    ErrorCode::FetchRedirectRefused
        .error(format!("the backend redirects the request {whereto}; the session token is not sent there"))
}
