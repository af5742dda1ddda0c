//! Profile, metadata and account deletion.

use crate::{
    config::Presence,
    error::{Refusal, Result},
    merge::merge_object,
    ops::{
        client::Caller,
        identifiers::check_username,
        params::Params,
        sign_up::{MAX_METADATA, metadata, name},
    },
    state::{Kind, Picture, User, World},
};

impl World {
    /// `PATCH /v1/me`.
    pub(crate) fn update_me(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let gated = params.iter().any(|(key, _)| key == "username" || key.starts_with("primary_"));
        let (_, mut user) = if gated { self.current_verified(caller)? } else { self.current(caller)? };
        for (key, value) in params.iter() {
            self.refuse_immutable(key)?;
            match key {
                "first_name" => user.first_name = name(key, value)?,
                "last_name" => user.last_name = name(key, value)?,
                "username" => user.username = self.new_username(&user, value)?,
                "primary_email_address_id" => set_primary(&mut user, Kind::Email, key, value)?,
                "primary_phone_number_id" => set_primary(&mut user, Kind::Phone, key, value)?,
                "primary_web3_wallet_id" => set_primary(&mut user, Kind::Wallet, key, value)?,
                _ => {}
            }
        }
        self.save_user(user.clone());
        Ok(user)
    }

    fn new_username(&self, user: &User, value: &str) -> Result<Option<String>> {
        if !self.config.identifiers.username.is_on() {
            return Err(Refusal::new(422, "form_param_unknown").param("username"));
        }
        if value.is_empty() {
            return match self.config.identifiers.username {
                Presence::Required => Err(Refusal::new(422, "form_param_nil").param("username")),
                _ => Ok(None),
            };
        }
        check_username(&self.config, value)?;
        if self.owner_of(Kind::Username, value).is_some_and(|owner| owner.id != user.id) {
            return Err(Refusal::new(422, "form_identifier_exists").param("username"));
        }
        Ok(Some(value.to_owned()))
    }

    /// `PATCH /v1/me/metadata`: a deep merge; null removes a key.
    pub(crate) fn update_metadata(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let (_, mut user) = self.current(caller)?;
        let patch = metadata(params.required("unsafe_metadata")?)?;
        merge_object(&mut user.unsafe_metadata, &patch);
        if serde_json::to_string(&user.unsafe_metadata).is_ok_and(|text| text.len() > MAX_METADATA) {
            return Err(Refusal::new(422, "form_param_exceeds_allowed_size").param("unsafe_metadata"));
        }
        self.save_user(user.clone());
        Ok(user)
    }

    /// `DELETE /v1/me`.
    pub(crate) fn delete_me(&mut self, caller: &mut Caller) -> Result<String> {
        let (_, user) = self.current_verified(caller)?;
        if !self.config.actions.delete_self {
            return Err(Refusal::new(403, "user_delete_self_not_enabled"));
        }
        self.delete_user(&user.id);
        Ok(user.id)
    }

    /// Sets or removes the profile image.
    pub(crate) fn set_picture(&mut self, caller: &mut Caller, picture: Option<Picture>) -> Result<User> {
        let (_, mut user) = self.current(caller)?;
        user.picture = picture;
        self.save_user(user.clone());
        Ok(user)
    }
}

fn set_primary(user: &mut User, kind: Kind, param: &str, id: &str) -> Result<()> {
    let one = user.of_kind(kind).find(|one| one.id == id);
    let one = one.ok_or_else(|| Refusal::new(404, "resource_not_found").param(param))?;
    if !one.is_verified() {
        return Err(Refusal::new(422, "form_verification_needed").param(param));
    }
    user.primary.insert(kind, id.to_owned());
    Ok(())
}
