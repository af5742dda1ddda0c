//! E-mail links that verify an address of the signed-in user.

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    flows::{
        email_link::{expired, next_poll},
        pending::RECORD_LIFETIME,
    },
    models::{EmailAddress, VerificationStatus},
    resources::account::IdentificationVerificationParams,
};

impl Clerk {
    /// Sends a link to an e-mail address of the signed-in user, and waits until it is opened on any device.
    ///
    /// # Errors
    /// See [`account`](Self::account); `email_link_expired`, `email_link_failed`, `oauth_flow_cancelled` (see
    /// [`cancel_authentication`](Self::cancel_authentication)), `oauth_flow_superseded`, `oauth_flow_timed_out` after ten
    /// minutes, `redirect_url_invalid`, `callback_port_unavailable`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/email_addresses/{id}/prepare_verification`; `EmailAddress.createEmailLinkFlow()`.
    pub async fn verify_email_address_with_link(&self, id: &str) -> Result<EmailAddress> {
        self.loaded().await?;
        let callback = self.0.setup.callback.clone()?;
        let (flow, mut signal) = self.0.flows.begin();
        let link = async {
            let redirect_url = Some(callback.as_str().to_owned());
            let params = IdentificationVerificationParams {
                redirect_url,
                ..IdentificationVerificationParams::new("email_link")
            };
            self.account().prepare_email_address_verification(id, params).await?;
            self.poll_email_address(id).await
        };
        if let Err(error) = self.listen(flow, &mut signal).await {
            self.0.flows.end(flow);
            self.forget_record(flow).await;
            return Err(error);
        }
        let result = tokio::select! {
            biased;
            // The link leads back to the app if it is opened here, which proves nothing about the address.
            ended = self.wait_for_link(flow, signal, RECORD_LIFETIME) => match ended {
                Err(error) => Err(error),
                Ok(_) => Err(ErrorCode::EmailLinkFailed.error("the link of another flow arrived; try again")),
            },
            verified = link => verified,
        };
        self.0.flows.end(flow);
        // The record of a flow that this one superseded. It has none itself: a later run has nothing to wait for.
        self.forget_record(flow).await;
        result
    }

    async fn poll_email_address(&self, id: &str) -> Result<EmailAddress> {
        loop {
            let Some(address) = next_poll(async || self.account().email_address(id).await).await? else { continue };
            match address.verification.as_ref().and_then(|one| one.status.as_ref()) {
                Some(VerificationStatus::Verified) => return Ok(address),
                Some(VerificationStatus::Expired) => return Err(expired()),
                _ => {}
            }
        }
    }
}
