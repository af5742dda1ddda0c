//! What the app must restore, according to what it reported before it was killed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::steps::{Step, User};
use crate::Result;

/// The device, as far as the app reported it.
#[derive(Default)]
pub(super) struct Model {
    /// The sessions that are signed in for certain.
    pub(super) present: BTreeMap<String, User>,
    /// The sessions that were signed out for certain, ever. None of them may come back.
    gone: BTreeSet<String>,
    /// Those of them that have not ended on the server yet.
    pub(super) queued: BTreeSet<String>,
    /// The active session, if it is certain.
    active: Option<String>,
    /// Users whose sign-in has begun, and was not reported to be complete.
    may_appear: BTreeSet<User>,
    /// Sessions whose sign-out has begun, and was not reported to be complete.
    may_leave: BTreeSet<String>,
    /// Whether a start without a network has shown a state on this device.
    pub(super) has_state: bool,
    /// The step that runs.
    pub(super) step: Option<&'static str>,
    /// Whether a step sends requests, whose responses have another client token.
    is_exchanging: bool,
    /// Whether the process may have sent requests in the background.
    has_background: bool,
    /// Whether there is a network.
    is_online: bool,
}

/// What a start restored.
pub(super) struct Restored {
    pub(super) sessions: BTreeMap<String, User>,
    pub(super) status: String,
    has_client: bool,
    active: Option<String>,
}

/// How the restored state relates to what was certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Everything is there.
    Complete,
    /// Without a network: there is a state, of a moment ago.
    Behind,
    /// FAPI has replaced the client token with a response that the killed process had not stored, and refuses the old one.
    Superseded,
    /// Without a network: no state was stored yet.
    Nothing,
}

impl Model {
    /// A process begins.
    pub(super) fn begin(&mut self, online: bool) {
        (self.step, self.is_online) = (Some("start"), online);
        (self.is_exchanging, self.has_background) = (online, false);
    }

    /// The network is switched on or off while the process runs.
    pub(super) fn set_online(&mut self, online: bool) {
        self.is_online = online;
        // A load or the queue may be tried again.
        self.has_background |= online;
    }

    pub(super) fn is_online(&self) -> bool {
        self.is_online
    }

    /// Takes over what a process reported, except what it restored.
    ///
    /// # Errors
    /// If a step failed that must not fail.
    pub(super) fn hear(&mut self, event: &Value) -> Result<()> {
        let at = event["at"].as_str().unwrap_or_default();
        let Some(step) = event["step"].as_str().map(str::parse::<Step>).transpose()? else {
            self.step = (at == "loading").then_some("load");
            self.is_exchanging = self.is_online && at == "loading";
            return Ok(());
        };
        let sessions: Vec<String> = strings(&event["sessions"]);
        self.step = (at == "begin").then_some(step.kind());
        match (at, step) {
            ("begin", Step::SignIn(user)) => {
                self.may_appear.insert(user);
                self.active = None;
            }
            ("end", Step::SignIn(user)) => {
                self.may_appear.remove(&user);
                self.present.extend(sessions.iter().map(|id| (id.clone(), user)));
            }
            ("begin", Step::Activate(_)) => self.active = None,
            ("end", Step::Activate(_)) => self.active = sessions.first().cloned(),
            ("begin", Step::SignOut(_) | Step::SignOutOfAll) => {
                self.active.take_if(|active| sessions.contains(active));
                self.may_leave.extend(sessions.iter().cloned());
            }
            ("end", Step::SignOut(_) | Step::SignOutOfAll) => self.signed_out(&sessions),
            ("failed", Step::SignOut(_) | Step::SignOutOfAll) => {
                return Err(format!("signing out failed: {event}").into());
            }
            ("failed", _) if self.is_online => return Err(format!("a step failed: {event}").into()),
            _ => {}
        }
        self.is_exchanging = self.is_online && at == "begin";
        // Sessions end on the server in the background.
        self.has_background |= self.is_exchanging && matches!(step, Step::SignOut(_) | Step::SignOutOfAll);
        Ok(())
    }

    fn signed_out(&mut self, sessions: &[String]) {
        for id in sessions {
            self.present.remove(id);
            self.may_leave.remove(id);
            self.gone.insert(id.clone());
            self.queued.insert(id.clone());
        }
    }

    /// Compares a restored state with what is certain. `refused` says whether FAPI refused the client token of this start.
    ///
    /// # Errors
    /// If the start is corrupted.
    pub(super) fn judge(&self, restored: &Restored, online: bool, refused: bool) -> Result<Verdict> {
        let shown = &restored.sessions;
        for (id, user) in shown {
            if self.gone.contains(id) {
                return Err(format!("{user:?} is back, who had signed out ({id})").into());
            }
            match self.present.get(id) {
                Some(expected) if expected != user => {
                    return Err(format!("{id} belongs to {user:?} instead of {expected:?}").into());
                }
                None if !self.may_appear.contains(user) => {
                    return Err(format!("{user:?} appears out of nowhere ({id})").into());
                }
                _ => {}
            }
        }
        let expected = if online { "ready" } else { "degraded" };
        if !online && !restored.has_client {
            if self.has_state {
                return Err("the stored state is gone".into());
            }
            return Ok(Verdict::Nothing);
        }
        if restored.status != expected {
            return Err(format!("the status is {} instead of {expected}", restored.status).into());
        }
        let missing: Vec<_> =
            self.present.keys().filter(|id| !shown.contains_key(*id) && !self.may_leave.contains(*id)).collect();
        if !online && !missing.is_empty() {
            return Ok(Verdict::Behind);
        }
        let has_queue = !self.queued.is_empty() || self.may_leave.iter().any(|id| !shown.contains_key(id));
        // Another device can't end the sessions that are queued.
        if !missing.is_empty() || (refused && has_queue) {
            return match (refused, self.is_exchanging || self.has_background) {
                (true, true) if shown.is_empty() => Ok(Verdict::Superseded),
                (true, _) => Err("the newest client token was not stored, although no response was on its way".into()),
                (false, _) => Err(format!("{missing:?} are lost, although the client token was accepted").into()),
            };
        }
        if self.active.is_some() && self.active != restored.active {
            return Err(format!("{:?} is active instead of {:?}", restored.active, self.active).into());
        }
        Ok(Verdict::Complete)
    }

    /// Takes over what a start with a network restored.
    pub(super) fn accept(&mut self, restored: &Restored, verdict: Verdict) {
        let left: Vec<_> = self.may_leave.iter().filter(|id| !restored.sessions.contains_key(*id)).cloned().collect();
        self.signed_out(&left);
        if verdict == Verdict::Superseded {
            // This device is another one now, which can't end sessions of the old one.
            self.queued.clear();
            self.active = None;
        }
        self.present.clone_from(&restored.sessions);
        self.may_appear.clear();
        self.may_leave.clear();
    }

    /// The app runs on another device, where nothing is stored. Sessions of the old one must not appear there.
    pub(super) fn move_to_new_device(&mut self) {
        *self = Self { gone: std::mem::take(&mut self.gone), ..Self::default() };
    }
}

impl Restored {
    /// Reads what a process reported after it had loaded.
    ///
    /// # Errors
    /// If loading failed, or there is a notice.
    pub(super) fn read(event: &Value, online: bool) -> Result<Self> {
        let sessions = event["sessions"].as_array().into_iter().flatten();
        let sessions = sessions.map(|session| {
            let user = session["user"].as_str().and_then(User::named).ok_or("an unknown user was restored")?;
            Ok((session["id"].as_str().unwrap_or_default().to_owned(), user))
        });
        let has_client = event["has_client"] == true;
        let may_fail = !online && !has_client && event["error"] == "network_error";
        if event["at"] != "loaded" || !(event["error"].is_null() || may_fail) {
            return Err(format!("loading failed: {event}").into());
        }
        if event["notices"].as_array().is_none_or(|notices| !notices.is_empty()) {
            return Err(format!("there is a notice: {event}").into());
        }
        Ok(Self {
            sessions: sessions.collect::<Result<_>>()?,
            status: event["status"].as_str().unwrap_or_default().to_owned(),
            has_client,
            active: event["active"]["id"].as_str().map(str::to_owned),
        })
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}
