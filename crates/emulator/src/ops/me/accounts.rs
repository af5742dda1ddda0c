//! Accounts at OAuth and enterprise providers.

use crate::{
    config::Identity,
    error::{Refusal, Result},
    ops::{client::Caller, params::Params},
    state::{ExternalAccount, Purpose, World},
};

impl World {
    /// `POST /v1/me/external_accounts`: starts connecting an account.
    pub(crate) fn connect_account(&mut self, caller: &mut Caller, params: &Params) -> Result<ExternalAccount> {
        let (_, mut user) = self.current_verified(caller)?;
        let strategy = params.required("strategy")?;
        let same = |account: &&ExternalAccount| account.identity.strategy == strategy;
        if user.external_accounts.iter().filter(same).any(|account| account.verification.is_verified()) {
            return Err(Refusal::new(400, "oauth_account_already_connected").param("strategy"));
        }
        let account_id = self.ids.id("eac");
        let purpose = Purpose::Connect { user_id: user.id.clone(), account_id: account_id.clone() };
        let verification = self.begin_provider_flow(caller, purpose, strategy, params)?;
        let now = self.now_ms();
        let scopes = ["email", "profile"].into_iter().chain(params.all("additional_scope")).collect::<Vec<_>>();
        let account = ExternalAccount {
            id: account_id,
            identification_id: self.ids.id("idn"),
            identity: Identity { strategy: strategy.to_owned(), ..Default::default() },
            verification,
            scopes: scopes.join(" "),
            created_at: now,
            updated_at: now,
        };
        // Replaces an unfinished attempt.
        user.external_accounts.retain(|one| one.identity.strategy != strategy || one.verification.is_verified());
        user.external_accounts.push(account.clone());
        self.save_user(user);
        Ok(account)
    }

    /// `PATCH /v1/me/external_accounts/{id}/reauthorize`.
    pub(crate) fn reauthorize_account(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<ExternalAccount> {
        let (_, mut user) = self.current(caller)?;
        let place = user.external_accounts.iter().position(|one| one.id == id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let strategy = user.external_accounts[place].identity.strategy.clone();
        let purpose = Purpose::Connect { user_id: user.id.clone(), account_id: id.to_owned() };
        let verification = self.begin_provider_flow(caller, purpose, &strategy, params)?;
        let account = &mut user.external_accounts[place];
        for scope in params.all("additional_scope") {
            account.scopes = format!("{} {scope}", account.scopes);
        }
        let account = ExternalAccount { verification, ..account.clone() };
        self.save_user(user);
        Ok(account)
    }

    /// `DELETE /v1/me/external_accounts/{id}`.
    pub(crate) fn disconnect_account(&mut self, caller: &mut Caller, id: &str) -> Result<String> {
        let (_, mut user) = self.current_verified(caller)?;
        let place = user.external_accounts.iter().position(|one| one.id == id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let account = user.external_accounts.remove(place);
        for one in &mut user.identifications {
            one.linked_to.retain(|(_, linked)| *linked != account.identification_id);
        }
        self.connected.remove(&(account.identity.strategy.clone(), account.identity.subject()));
        self.save_user(user);
        Ok(account.id)
    }

    /// `DELETE /v1/me/enterprise_accounts/{id}`.
    pub(crate) fn delete_enterprise_account(&mut self, caller: &mut Caller, id: &str) -> Result<String> {
        let (_, mut user) = self.current_verified(caller)?;
        let place = user.enterprise_accounts.iter().position(|account| account.id == id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let account = user.enterprise_accounts.remove(place);
        for one in &mut user.identifications {
            one.linked_to.retain(|(_, linked)| *linked != account.id);
        }
        self.save_user(user);
        Ok(account.id)
    }
}
