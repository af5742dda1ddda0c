//! The waitlist.

use crate::{
    error::{Refusal, Result},
    ops::{identifiers::is_email, params::Params, tickets::NewTicket, verification::Outgoing},
    state::{Channel, WaitlistEntry, World},
};

impl World {
    /// `POST /v1/waitlist`. An address that is already on the list gets the same entry.
    pub(crate) fn join_waitlist(&mut self, params: &Params) -> Result<WaitlistEntry> {
        if self.config.sign_up.mode != "waitlist" {
            return Err(Refusal::new(403, "waitlist_not_accepting_entries"));
        }
        let address = params.required("email_address")?.trim().to_lowercase();
        if !is_email(&address) {
            return Err(Refusal::new(422, "form_param_format_invalid").param("email_address"));
        }
        if let Some(entry) = self.waitlist.iter().find(|entry| entry.email_address == address) {
            return Ok(entry.clone());
        }
        let entry = WaitlistEntry {
            id: self.ids.id("waitlist_entry"),
            email_address: address,
            status: "pending",
            created_at: self.now_ms(),
        };
        self.waitlist.push(entry.clone());
        Ok(entry)
    }

    /// Approves an entry, which sends an invitation, or denies it. Returns `false` if it does not exist.
    pub(crate) fn decide_waitlist(&mut self, id: &str, approve: bool) -> Result<bool> {
        let Some(entry) = self.waitlist.iter_mut().find(|entry| entry.id == id) else { return Ok(false) };
        entry.status = if approve { "approved" } else { "denied" };
        let email = entry.email_address.clone();
        if approve {
            self.invite(&email, "waitlist_invitation")?;
        }
        Ok(true)
    }

    /// Sends an invitation to sign up. Returns its ticket.
    pub(crate) fn invite(&mut self, email: &str, kind: &'static str) -> Result<String> {
        let ticket = self.new_ticket(NewTicket { email: Some(email.to_owned()), ..NewTicket::new("invitation") })?;
        let subject = format!("You are invited to {}", self.config.application_name);
        let outgoing =
            Outgoing { strategy: "ticket", kind, to: email, channel: Channel::Email, attempt: "", previous: None };
        let url = self.ticket_url(&ticket);
        self.send_message(&outgoing, subject, None, Some(url));
        Ok(ticket)
    }
}
