//! Passwords.

use sha2::{Digest, Sha256};

use crate::{
    error::{Refusal, Result},
    state::{PasswordHash, User, World},
};

impl PasswordHash {
    /// Sufficient for accounts of a test run; not for a real server.
    pub(crate) fn new(password: &str, salt: String) -> Self {
        let hash = Sha256::new().chain_update(&salt).chain_update(password).finalize().to_vec();
        Self { salt, hash }
    }

    pub(crate) fn is(&self, password: &str) -> bool {
        *self == Self::new(password, self.salt.clone())
    }
}

impl World {
    /// Checks a password against every rule and hashes it. `param` names the parameter in a refusal; the password must
    /// differ from `identifiers`.
    pub(crate) fn accept_password<'a>(
        &mut self,
        password: &str,
        param: &str,
        identifiers: impl IntoIterator<Item = &'a str>,
    ) -> Result<PasswordHash> {
        let rules = &self.config.password.rules;
        let length = password.chars().count();
        let has = |test: fn(&char) -> bool| password.chars().any(|character| test(&character));
        let broken = [
            ("form_password_length_too_short", length < rules.min_length),
            ("form_password_length_too_long", rules.max_length > 0 && length > rules.max_length),
            ("form_password_size_in_bytes_exceeded", password.len() > 72),
            ("form_password_no_uppercase", rules.uppercase && !has(|one| one.is_uppercase())),
            ("form_password_no_lowercase", rules.lowercase && !has(|one| one.is_lowercase())),
            ("form_password_no_number", rules.numbers && !has(char::is_ascii_digit)),
            ("form_password_no_special_char", rules.special && !has(char::is_ascii_punctuation)),
            (
                "form_password_matches_identifier",
                identifiers.into_iter().any(|identifier| identifier.eq_ignore_ascii_case(password)),
            ),
            ("form_password_pwned", self.config.password.breach_check && self.is_breached(password)),
        ];
        let refusals = broken.into_iter().filter(|(_, broken)| *broken);
        Refusal::together(refusals.map(|(code, _)| Refusal::new(422, code).param(param)).collect())?;
        let salt = self.ids.nonce();
        Ok(PasswordHash::new(password, salt))
    }

    pub(crate) fn is_breached(&self, password: &str) -> bool {
        self.config.password.breached.iter().any(|known| known == password)
    }

    /// Checks and hashes a user's new password, which must differ from the current one.
    pub(crate) fn accept_new_password(&mut self, user: &User, password: &str, param: &str) -> Result<PasswordHash> {
        if user.password.as_ref().is_some_and(|hash| hash.is(password)) {
            return Err(Refusal::new(422, "form_new_password_matches_current").param(param));
        }
        let identifiers: Vec<&str> = user.identifications.iter().map(|one| one.value.as_str()).collect();
        self.accept_password(password, param, identifiers)
    }
}
