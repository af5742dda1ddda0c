//! Users: identifications, accounts, bans and lockout.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::{
    config::Identity,
    error::{Refusal, Result},
    ops::identifiers::{normal_form, stored_form},
    state::{EnterpriseAccount, ExternalAccount, Identification, Kind, Member, SignUp, User, Verification, World},
};

impl World {
    /// Creates an empty user.
    pub(crate) fn empty_user(&mut self) -> User {
        let now = self.now_ms();
        User {
            id: self.ids.id("user"),
            username: None,
            first_name: None,
            last_name: None,
            picture: None,
            password: None,
            password_compromised: false,
            password_updated_at: None,
            identifications: Vec::new(),
            primary: BTreeMap::new(),
            external_accounts: Vec::new(),
            enterprise_accounts: Vec::new(),
            passkeys: Vec::new(),
            totp: None,
            backup_codes: Vec::new(),
            public_metadata: Map::new(),
            unsafe_metadata: Map::new(),
            banned: false,
            locked_until: None,
            failed_attempts: 0,
            legal_accepted_at: None,
            mfa_enabled_at: None,
            mfa_disabled_at: None,
            last_sign_in_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Saves a user and updates the owners of identifiers. A verified identifier is taken from its previous owner.
    pub(crate) fn save_user(&mut self, mut user: User) {
        user.updated_at = self.now_ms().max(user.updated_at);
        if let Some(before) = self.users.get(&user.id).cloned() {
            self.forget_ownership(&before);
        }
        let mut claims: Vec<_> = user
            .identifications
            .iter()
            .filter(|one| one.is_verified())
            .map(|one| (one.kind, normal_form(one.kind, &one.value)))
            .collect();
        claims.extend(user.username.as_ref().map(|name| (Kind::Username, normal_form(Kind::Username, name))));
        for claim in claims {
            self.owners.insert(claim, user.id.clone());
        }
        for account in user.external_accounts.iter().filter(|account| account.verification.is_verified()) {
            let key = (account.identity.strategy.clone(), account.identity.subject());
            self.connected.insert(key, user.id.clone());
        }
        self.users.insert(user.id.clone(), user);
    }

    fn forget_ownership(&mut self, user: &User) {
        let values = user.identifications.iter().map(|one| (one.kind, normal_form(one.kind, &one.value)));
        let name = user.username.iter().map(|name| (Kind::Username, normal_form(Kind::Username, name)));
        for key in values.chain(name) {
            if self.owners.get(&key) == Some(&user.id) {
                self.owners.remove(&key);
            }
        }
        for account in &user.external_accounts {
            let key = (account.identity.strategy.clone(), account.identity.subject());
            if self.connected.get(&key) == Some(&user.id) {
                self.connected.remove(&key);
            }
        }
    }

    /// Deletes a user everywhere.
    pub(crate) fn delete_user(&mut self, id: &str) -> bool {
        let Some(user) = self.users.remove(id) else { return false };
        self.forget_ownership(&user);
        self.api_keys.retain(|key| key.subject != id);
        for organization in self.organizations.values_mut() {
            organization.members.retain(|member| member.user_id != id);
        }
        let clients: Vec<String> =
            self.sessions_of_user(id).iter().filter_map(|session| self.session_clients.remove(&session.id)).collect();
        for client_id in clients {
            self.change_client(&client_id, |client| {
                client.sessions.retain(|session| session.user_id != id);
                if !client.sessions.iter().any(|one| Some(&one.id) == client.last_active_session_id.as_ref()) {
                    client.last_active_session_id = None;
                }
            });
        }
        true
    }

    /// Returns the user connected with an identity.
    pub(crate) fn user_by_identity(&self, identity: &Identity) -> Option<&User> {
        let key = (identity.strategy.clone(), identity.subject());
        self.connected.get(&key).and_then(|id| self.users.get(id))
    }

    /// Creates an identification.
    pub(crate) fn identification(
        &mut self,
        kind: Kind,
        value: &str,
        verification: Option<Verification>,
    ) -> Identification {
        let now = self.now_ms();
        Identification {
            id: self.ids.id("idn"),
            kind,
            value: stored_form(kind, value),
            verification,
            linked_to: Vec::new(),
            second_factor: false,
            default_second_factor: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// Adds a verified identification; the first one of its kind becomes primary.
    pub(crate) fn add_verified(&mut self, user: &mut User, kind: Kind, value: &str, strategy: &str) {
        let identification = self.identification(kind, value, Some(Verification::verified(strategy)));
        user.primary.entry(kind).or_insert_with(|| identification.id.clone());
        user.identifications.push(identification);
    }

    /// Creates the user of a complete sign-up and returns the ID.
    pub(crate) fn create_user(&mut self, sign_up: &SignUp) -> String {
        let mut user = self.empty_user();
        user.username.clone_from(&sign_up.username);
        user.first_name.clone_from(&sign_up.first_name);
        user.last_name.clone_from(&sign_up.last_name);
        user.password.clone_from(&sign_up.password);
        user.password_updated_at = sign_up.password.as_ref().map(|_| user.created_at);
        user.unsafe_metadata = sign_up.unsafe_metadata.clone();
        user.legal_accepted_at = sign_up.legal_accepted_at;
        for (kind, (value, verification)) in &sign_up.identifiers {
            let identification = self.identification(*kind, value, verification.clone());
            if identification.is_verified() || verification.is_none() {
                user.primary.entry(*kind).or_insert_with(|| identification.id.clone());
            }
            user.identifications.push(identification);
        }
        match (&sign_up.identity, &sign_up.connection_id) {
            (Some(identity), Some(connection)) => self.connect_enterprise(&mut user, identity, connection),
            (Some(identity), None) => self.connect(&mut user, identity),
            (None, _) => {}
        }
        let id = user.id.clone();
        let verified: Vec<_> = user.identifications.iter().filter(|one| one.is_verified()).cloned().collect();
        self.save_user(user);
        for one in &verified {
            self.take_from_claimants(&id, one);
        }
        self.enroll_by_domain(&id);
        id
    }

    /// Connects an identity with a user, and adds its verified address.
    pub(crate) fn connect(&mut self, user: &mut User, identity: &Identity) {
        if identity.strategy == "enterprise_sso" {
            let connection = self.config.connections_for(&identity.email).next().map(|one| one.id.clone());
            if let Some(id) = connection {
                self.connect_enterprise(user, identity, &id);
            }
            return;
        }
        let strategy = identity.strategy.clone();
        let now = self.now_ms();
        let account = ExternalAccount {
            id: self.ids.id("eac"),
            identification_id: self.ids.id("idn"),
            identity: identity.clone(),
            verification: self.provider_verification(&strategy),
            scopes: "email profile".to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.add_provider_address(user, &account);
        user.external_accounts.push(account);
    }

    /// Records a sign-in by an enterprise connection, which makes the user a member of its organization.
    pub(crate) fn connect_enterprise(&mut self, user: &mut User, identity: &Identity, connection_id: &str) {
        let now = self.now_ms();
        let same = |one: &&mut EnterpriseAccount| {
            one.connection_id == connection_id && one.identity.subject() == identity.subject()
        };
        if let Some(account) = user.enterprise_accounts.iter_mut().find(same) {
            account.identity = identity.clone();
            account.last_authenticated_at = now;
        } else {
            let account = EnterpriseAccount {
                id: self.ids.id("ent"),
                connection_id: connection_id.to_owned(),
                identity: identity.clone(),
                verification: self.provider_verification("enterprise_sso"),
                last_authenticated_at: now,
            };
            let address = normal_form(Kind::Email, &identity.email);
            let its =
                |one: &&mut Identification| one.kind == Kind::Email && normal_form(Kind::Email, &one.value) == address;
            if let Some(email) = user.identifications.iter_mut().find(its) {
                email.linked_to.push(("saml".to_owned(), account.id.clone()));
            }
            user.enterprise_accounts.push(account);
        }
        let wanted = self.config.connection(connection_id).and_then(|one| one.organization.clone());
        let Some(wanted) = wanted else { return };
        let found = self.organizations.values().find(|one| [&one.id, &one.slug, &one.name].contains(&&wanted));
        let Some(mut organization) = found.filter(|one| one.member(&user.id).is_none()).cloned() else { return };
        organization.members.push(Member::new(self.ids.id("orgmem"), user.id.clone(), "org:member", now));
        self.save_organization(organization);
    }

    /// Adds the address that a provider has verified to a user.
    pub(crate) fn add_provider_address(&mut self, user: &mut User, account: &ExternalAccount) {
        let identity = &account.identity;
        if !identity.verified || identity.email.is_empty() {
            return;
        }
        let same = |one: &Identification| one.kind == Kind::Email && one.value.eq_ignore_ascii_case(&identity.email);
        let from = format!("from_{}", identity.strategy);
        if !user.identifications.iter().any(same) && self.owner_of(Kind::Email, &identity.email).is_none() {
            self.add_verified(user, Kind::Email, &identity.email, &from);
        }
        if let Some(email) = user.identifications.iter_mut().find(|one| same(one)) {
            if !email.is_verified() {
                email.verification = Some(Verification::verified(&from));
            }
            email.linked_to.push((identity.strategy.clone(), account.identification_id.clone()));
        }
    }

    /// Returns a user who is not banned.
    ///
    /// Refusals: `user_banned`, `signed_out`.
    pub(crate) fn usable_user(&self, id: &str) -> Result<&User> {
        match self.users.get(id) {
            Some(user) if user.banned => Err(Refusal::new(403, "user_banned")),
            Some(user) => Ok(user),
            None => Err(Refusal::new(401, "signed_out")),
        }
    }

    /// Refuses a user who must not sign in.
    ///
    /// Refusals: `user_banned`, `user_locked`.
    pub(crate) fn refuse_barred(&mut self, id: &str) -> Result<()> {
        self.usable_user(id)?;
        match self.lockout_left(id) {
            Some(seconds) => Err(Refusal::new(403, "user_locked").meta("lockout_expires_in_seconds", json!(seconds))),
            None => Ok(()),
        }
    }

    /// Returns the seconds until a locked account is unlocked.
    pub(crate) fn lockout_left(&self, id: &str) -> Option<i64> {
        let until = self.users.get(id)?.locked_until?;
        let left = until.saturating_sub(self.now_ms());
        (left > 0).then_some(left / 1000)
    }

    /// Counts a failed attempt; too many lock the account.
    pub(crate) fn count_failure(&mut self, user_id: &str) {
        let lockout = self.config.attack_protection.lockout.clone();
        let now = self.now_ms();
        let Some(user) = self.users.get_mut(user_id).filter(|_| lockout.enabled) else { return };
        user.failed_attempts += 1;
        if user.failed_attempts >= lockout.max_attempts {
            user.failed_attempts = 0;
            user.locked_until = Some(match lockout.minutes {
                0 => i64::MAX,
                minutes => now + i64::from(minutes) * 60_000,
            });
        }
    }

    /// Records the result of an attempt: a wrong secret counts towards the lockout, a success resets the count.
    pub(crate) fn note_proof<T>(&mut self, user_id: &str, result: &Result<T>) {
        match result {
            Ok(_) => {
                if let Some(user) = self.users.get_mut(user_id) {
                    user.failed_attempts = 0;
                }
            }
            Err(refusal) if refusal.wrong_secret => self.count_failure(user_id),
            Err(_) => {}
        }
    }
}
