//! What the app does until it is killed.

use std::{fmt, str::FromStr};

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

/// The number of steps of a workload. Some are skipped, e.g. signing out when nobody is signed in.
const LENGTH: usize = 40;

/// A user of the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum User {
    Ada,
    Grace,
    Alan,
}

impl User {
    pub(super) const ALL: [Self; 3] = [Self::Ada, Self::Grace, Self::Alan];

    /// The user's first name, which identifies the user in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ada => "Ada",
            Self::Grace => "Grace",
            Self::Alan => "Alan",
        }
    }

    pub(super) fn email(self) -> String {
        format!("{}+clerk_test@example.com", self.name().to_lowercase())
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|user| user.name() == name)
    }
}

/// A step of the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Signs a user in with a password, and activates the session.
    SignIn(User),
    /// Activates the session of a user.
    Activate(User),
    /// Mints a token for each session.
    Tokens,
    SignOut(User),
    SignOutOfAll,
    /// Lets the parent switch the network off, and waits until it has.
    NetworkOff,
    NetworkOn,
    /// Waits until what runs in the background has stored its client token.
    Settle,
}

impl Step {
    /// The name of the step without its user.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::SignIn(_) => "sign_in",
            Self::Activate(_) => "set_active",
            Self::Tokens => "get_token",
            Self::SignOut(_) => "sign_out",
            Self::SignOutOfAll => "sign_out_of_all",
            Self::NetworkOff => "network_off",
            Self::NetworkOn => "network_on",
            Self::Settle => "settle",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Self::SignIn(user) | Self::Activate(user) | Self::SignOut(user) => write!(f, " {}", user.name()),
            _ => Ok(()),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let users =
            User::ALL.into_iter().flat_map(|user| [Self::SignIn(user), Self::Activate(user), Self::SignOut(user)]);
        let others = [Self::Tokens, Self::SignOutOfAll, Self::NetworkOff, Self::NetworkOn, Self::Settle];
        users.chain(others).find(|step| step.to_string() == text).ok_or_else(|| format!("unknown step {text:?}"))
    }
}

/// Makes up a workload. Without a network, people can only sign out.
pub(super) fn workload(random: &mut StdRng, mut online: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..LENGTH {
        let user = *User::ALL.choose(random).unwrap_or(&User::Ada);
        let step = match (online, random.random_range(0..12)) {
            (true, 0..=3) => Step::SignIn(user),
            (true, 4) => Step::Activate(user),
            (true, 5..=6) => Step::Tokens,
            (true, 7..=8) | (false, 0..=6) => Step::SignOut(user),
            (true, 9) | (false, 7..=8) => Step::SignOutOfAll,
            (true, _) => Step::NetworkOff,
            (false, _) => Step::NetworkOn,
        };
        online = match step {
            Step::NetworkOff => false,
            Step::NetworkOn => true,
            _ => online,
        };
        steps.push(step);
    }
    steps
}
