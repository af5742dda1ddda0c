//! A network between the core and a [`StrictFapi`] that can fail in every way that networks and servers do.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use clerk_core::{
    DEFAULT_REQUEST_TIMEOUT,
    ports::{BoxFuture, HttpRequest, HttpResponse, TokenUpdate, Transport, TransportError},
};
use tokio::sync::watch;

use crate::strict::{Answer, Call, StrictFapi};

/// How long a request takes.
const LATENCY: Duration = Duration::from_millis(10);
/// What the faults with a `Retry-After` ask for, in seconds.
pub const RETRY_AFTER: u64 = 20;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No connection: no request is carried out.
    Refused,
    /// Requests are carried out, and the connection is reset before the response.
    Reset,
    /// Requests are carried out, and nothing ever arrives: the transport gives up.
    Timeout,
    /// Requests are carried out, and the response breaks off.
    Truncated,
    /// Requests are carried out, and the response is complete but half of its JSON.
    Malformed,
    /// A captive portal responds: no request is carried out.
    Html,
    /// FAPI refuses with this status. A 429, and a 503, which comes from a gateway, have a `Retry-After`.
    Status(u16),
    /// FAPI has deleted the client.
    ClientDeleted,
    /// The response has the client as it was when it had other sessions.
    StaleClient,
    /// The request arrives twice, and the response to the second one arrives.
    Duplicated,
    /// The response arrives after the response to a request that was sent later.
    OutOfOrder,
}

impl Fault {
    /// Whether it affects all requests, and not only the main one of an operation.
    pub fn affects_everything(self) -> bool {
        match self {
            Self::Refused | Self::Reset | Self::Timeout | Self::Truncated | Self::Malformed | Self::Html => true,
            Self::Status(status) => status == 429 || status >= 500,
            Self::ClientDeleted | Self::StaleClient | Self::Duplicated | Self::OutOfOrder => false,
        }
    }

    /// Whether it happens to one request only: when FAPI is asked again, it contradicts such a 401, and has the present client.
    fn happens_once(self) -> bool {
        matches!(self, Self::Status(401) | Self::StaleClient | Self::OutOfOrder)
    }
}

/// Whether a request is the main one of an operation.
pub type IsMain = fn(&Call) -> bool;

/// The network.
pub struct FaultyNetwork {
    pub fapi: Mutex<StrictFapi>,
    fault: Mutex<Option<(Fault, IsMain)>>,
    /// The numbers of the last request that was sent, and of the last one whose response has arrived.
    sent: Mutex<u64>,
    arrived: watch::Sender<u64>,
}

impl FaultyNetwork {
    pub fn new(fapi: StrictFapi) -> Arc<Self> {
        let (fault, sent, arrived) = (Mutex::default(), Mutex::default(), watch::Sender::new(0));
        Arc::new(Self { fapi: Mutex::new(fapi), fault, sent, arrived })
    }

    /// Begins a fault.
    pub fn fail(&self, fault: Fault, is_main: IsMain) {
        if fault == Fault::ClientDeleted {
            self.fapi.lock().unwrap().delete_clients();
        } else {
            *self.fault.lock().unwrap() = Some((fault, is_main));
        }
    }

    /// Ends the fault.
    pub fn recover(&self) {
        *self.fault.lock().unwrap() = None;
    }

    fn fault_of(&self, call: &Call) -> Option<Fault> {
        let mut active = self.fault.lock().unwrap();
        let (fault, is_main) = (*active)?;
        if !fault.affects_everything() && !is_main(call) {
            return None;
        }
        active.take_if(|_| fault.happens_once());
        Some(fault)
    }

    async fn exchange(&self, call: Call) -> Result<HttpResponse, TransportError> {
        let number = {
            let mut sent = self.sent.lock().unwrap();
            *sent += 1;
            *sent
        };
        tokio::time::sleep(LATENCY).await;
        let handle = || self.fapi.lock().unwrap().handle(&call);
        let failed = |reason: &str| Err(TransportError { reason: reason.to_owned() });
        let page = |status: u16, retry_after: Option<u64>, body: &str| HttpResponse {
            status,
            token: TokenUpdate::Absent,
            retry_after,
            body: body.as_bytes().to_vec(),
        };
        let response = match self.fault_of(&call) {
            None | Some(Fault::ClientDeleted) => handle().into_response(),
            Some(Fault::Refused) => return failed("connection refused"),
            Some(Fault::Reset) => {
                handle();
                return failed("connection reset by peer");
            }
            Some(Fault::Timeout) => {
                handle();
                tokio::time::sleep(DEFAULT_REQUEST_TIMEOUT).await;
                return failed("the request timed out");
            }
            Some(Fault::Truncated) => {
                handle();
                return failed("end of file before message length reached");
            }
            Some(Fault::Malformed) => {
                let mut response = handle().into_response();
                response.body.truncate(response.body.len() / 2);
                response
            }
            Some(Fault::Html) => page(200, None, "<!doctype html><title>Sign in to the network</title>"),
            Some(Fault::Status(503)) => page(503, Some(RETRY_AFTER), "<html>Service Unavailable</html>"),
            Some(Fault::Status(401)) => self.fapi.lock().unwrap().refuse_token().into_response(),
            Some(Fault::Status(status)) => {
                let refusal = Answer::refusal(status, code(status)).into_response();
                HttpResponse { retry_after: (status == 429).then_some(RETRY_AFTER), ..refusal }
            }
            Some(Fault::StaleClient) => {
                let mut answer = handle();
                self.make_stale(&mut answer);
                answer.into_response()
            }
            Some(Fault::Duplicated) => {
                handle();
                handle().into_response()
            }
            Some(Fault::OutOfOrder) => {
                let response = handle().into_response();
                // The sender lives as long as `self`.
                let _ = self.arrived.subscribe().wait_for(|arrived| *arrived > number).await;
                tokio::time::sleep(LATENCY).await;
                response
            }
        };
        tokio::time::sleep(LATENCY).await;
        self.arrived.send_replace(number);
        Ok(response)
    }

    /// Replaces the client in a response by an older one.
    fn make_stale(&self, answer: &mut Answer) {
        let fapi = self.fapi.lock().unwrap();
        let older = |present: &serde_json::Value| fapi.older_client(present).expect("the client had other sessions");
        if answer.body["response"]["object"] == "client" {
            answer.body["response"] = older(&answer.body["response"]);
        } else if answer.body["client"].is_object() {
            answer.body["client"] = older(&answer.body["client"]);
        } else {
            // The response to a request for a session token has no client by itself.
            let client = older(&fapi.present_client());
            answer.body = serde_json::json!({ "response": answer.body, "client": client });
        }
    }
}

/// A code that FAPI has for this status.
fn code(status: u16) -> &'static str {
    match status {
        403 => "resource_forbidden",
        404 => "resource_not_found",
        422 => "form_param_format_invalid",
        429 => "too_many_requests",
        _ => "internal_clerk_error",
    }
}

impl Transport for FaultyNetwork {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let call = Call::read(&request);
        Box::pin(self.exchange(call))
    }
}
