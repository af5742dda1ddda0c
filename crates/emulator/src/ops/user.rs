//! Users, and their passwords.

use serde_json::Map;
use sha2::{Digest, Sha256};

use crate::{
    config::{Identity, NewUser},
    error::{Refusal, Result},
    state::{Email, ExternalAccount, Membership, PasswordHash, SignUp, User, Verification, World},
};

impl PasswordHash {
    /// Good enough for accounts that exist for a test run; nothing to copy into a real server.
    fn new(password: &str, salt: String) -> Self {
        let hash = Sha256::new().chain_update(&salt).chain_update(password).finalize().to_vec();
        Self { salt, hash }
    }

    pub(crate) fn is(&self, password: &str) -> bool {
        *self == Self::new(password, self.salt.clone())
    }
}

impl World {
    /// Checks the rules for passwords and hashes one. `param` names the parameter in a refusal.
    pub(crate) fn accept_password(&mut self, password: &str, param: &str) -> Result<PasswordHash> {
        if password.chars().count() < self.config.password_min_length {
            return Err(Refusal::new(422, "form_password_length_too_short").param(param));
        }
        if password.len() > 72 {
            return Err(Refusal::new(422, "form_password_length_too_long").param(param));
        }
        let salt = self.ids.nonce();
        Ok(PasswordHash::new(password, salt))
    }

    /// Adds somebody who has an account from the start, and returns the id.
    pub(crate) fn add_user(&mut self, new: &NewUser) -> String {
        let salt = self.ids.nonce();
        let password = new.password.as_deref().map(|password| PasswordHash::new(password, salt));
        let mut user = self.new_user(new.first_name.clone(), new.last_name.clone(), password);
        self.give_email(&mut user, &new.email_address, "admin");
        if let Some(name) = &new.organization {
            user.memberships.push(Membership {
                id: self.ids.id("orgmem"),
                organization_id: self.ids.id("org"),
                organization_name: name.clone(),
                organization_slug: name.to_lowercase().replace(' ', "-"),
                created_at: self.now_ms(),
            });
        }
        let id = user.id.clone();
        self.users.insert(id.clone(), user);
        id
    }

    /// Makes the user that a complete sign-up asked for, and returns the id.
    pub(crate) fn create_user(&mut self, sign_up: &SignUp) -> String {
        let mut user = self.new_user(sign_up.first_name.clone(), sign_up.last_name.clone(), sign_up.password.clone());
        user.unsafe_metadata = sign_up.unsafe_metadata.clone();
        if let Some(address) = &sign_up.email_address {
            self.give_email(&mut user, address, "email_code");
        }
        if let Some(identity) = &sign_up.identity {
            self.connect(&mut user, identity);
        }
        let id = user.id.clone();
        self.users.insert(id.clone(), user);
        id
    }

    fn new_user(
        &mut self,
        first_name: Option<String>,
        last_name: Option<String>,
        password: Option<PasswordHash>,
    ) -> User {
        let now = self.now_ms();
        User {
            id: self.ids.id("user"),
            first_name,
            last_name,
            password,
            emails: Vec::new(),
            primary_email: None,
            external_accounts: Vec::new(),
            memberships: Vec::new(),
            unsafe_metadata: Map::new(),
            banned: false,
            last_sign_in_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    fn give_email(&mut self, user: &mut User, address: &str, strategy: &str) {
        let id = self.ids.id("idn");
        user.primary_email.get_or_insert_with(|| id.clone());
        user.emails.push(Email {
            id,
            address: address.to_owned(),
            verification: Verification::verified(strategy),
            linked_to: Vec::new(),
            created_at: self.now_ms(),
        });
    }

    /// Connects an identity with a user, together with the address that its provider vouches for.
    pub(crate) fn connect(&mut self, user: &mut User, identity: &Identity) {
        let account = ExternalAccount {
            id: self.ids.id("eac"),
            identification_id: self.ids.id("idn"),
            identity: identity.clone(),
            created_at: self.now_ms(),
        };
        let same = |email: &Email| email.address.eq_ignore_ascii_case(&identity.email);
        if identity.verified && !identity.email.is_empty() && !user.emails.iter().any(same) {
            self.give_email(user, &identity.email, &format!("from_{}", identity.strategy));
        }
        if let Some(email) = user.emails.iter_mut().find(|email| same(email)) {
            email.linked_to.push((identity.strategy.clone(), account.identification_id.clone()));
        }
        user.external_accounts.push(account);
        user.updated_at = self.now_ms();
    }

    /// The user, unless the account may not be used.
    pub(crate) fn usable_user(&self, id: &str) -> Result<&User> {
        match self.users.get(id) {
            Some(user) if user.banned => Err(Refusal::new(403, "user_banned")),
            Some(user) => Ok(user),
            None => Err(Refusal::new(404, "resource_not_found")),
        }
    }
}
