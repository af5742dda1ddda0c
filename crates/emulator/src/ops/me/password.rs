//! The password.

use crate::{
    config::Presence,
    error::{Refusal, Result},
    ops::{client::Caller, params::Params},
    state::{User, World},
};

impl World {
    /// `POST /v1/me/change_password`.
    pub(crate) fn change_password(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let (session, mut user) = self.current_verified(caller)?;
        let new = params.required("new_password")?;
        if let Some(hash) = user.password.as_ref().filter(|_| !user.password_compromised) {
            let current = params.required("current_password")?;
            if !hash.is(current) {
                return Err(Refusal::new(422, "form_password_incorrect").param("current_password"));
            }
        }
        user.password = Some(self.accept_new_password(&user, new, "new_password")?);
        user.password_compromised = false;
        user.password_updated_at = Some(self.now_ms());
        self.save_user(user.clone());
        if params.is_true("sign_out_of_other_sessions") {
            self.revoke_other_sessions(&user.id, Some(&session.id));
        }
        Ok(user)
    }

    /// `POST /v1/me/remove_password`.
    pub(crate) fn remove_password(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let (_, mut user) = self.current_verified(caller)?;
        let hash = user.password.as_ref().ok_or_else(|| Refusal::new(400, "no_password_set"))?;
        if self.config.password.mode == Presence::Required {
            return Err(Refusal::new(400, "password_required"));
        }
        if !hash.is(params.required("current_password")?) {
            return Err(Refusal::new(422, "form_password_incorrect").param("current_password"));
        }
        user.password = None;
        user.password_updated_at = Some(self.now_ms());
        self.save_user(user.clone());
        Ok(user)
    }
}
