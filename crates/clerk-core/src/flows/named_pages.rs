//! The pages that FAPI named for verifications: only these are opened for Clerk's own components.

use std::collections::VecDeque;

use serde_json::Value;

use crate::flows::attempt::Attempt;

/// The number of pages that are remembered. A user follows the newest.
const MAX_PAGES: usize = 16;

/// What a page verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A sign-in or sign-up.
    Attempt(Attempt),
    /// An account of the user at a provider, by its id.
    Account(String),
}

/// A page, and what it verifies.
pub(crate) type NamedPage = (String, Subject);

/// The pages that FAPI named in responses, the newest last.
#[derive(Debug, Default)]
pub(crate) struct NamedPages(VecDeque<NamedPage>);

impl NamedPages {
    pub(crate) fn add(&mut self, pages: Vec<NamedPage>) {
        for page in pages {
            self.0.retain(|known| known.0 != page.0);
            self.0.push_back(page);
        }
        while self.0.len() > MAX_PAGES {
            self.0.pop_front();
        }
    }

    pub(crate) fn subject(&self, page: &str) -> Option<&Subject> {
        self.0.iter().find(|known| known.0 == page).map(|known| &known.1)
    }
}

/// Finds the pages in JSON from FAPI, which has a limited depth.
pub(crate) fn pages_in(json: &Value) -> Vec<NamedPage> {
    let mut pages = Vec::new();
    collect(json, None, &mut pages);
    pages
}

fn collect(json: &Value, within: Option<&Subject>, pages: &mut Vec<NamedPage>) {
    match json {
        Value::Object(fields) => {
            if let Some(page) = fields.get("external_verification_redirect_url").and_then(Value::as_str)
                && let Some(subject) = within
            {
                pages.push((page.to_owned(), subject.clone()));
            }
            let own = subject_of(json);
            fields.values().for_each(|value| collect(value, own.as_ref().or(within), pages));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, within, pages)),
        _ => {}
    }
}

fn subject_of(json: &Value) -> Option<Subject> {
    let (object, id) = (json["object"].as_str()?, json["id"].as_str()?);
    match object {
        "sign_in_attempt" | "sign_in" => Some(Subject::Attempt(Attempt::SignIn(id.into()))),
        "sign_up_attempt" | "sign_up" => Some(Subject::Attempt(Attempt::SignUp(id.into()))),
        // `external_account`, `enterprise_account`, `saml_account`; older data has e.g. `google_account`.
        object if object.ends_with("_account") => Some(Subject::Account(id.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pages_in_finds_what_each_page_verifies() {
        let page = |url: &str| json!({ "object": "verification_oauth", "external_verification_redirect_url": url });
        let body = json!({
            "response": { "object": "external_account", "id": "eac_1", "verification": page("https://a") },
            "client": {
                "object": "client", "id": "client_1",
                "sign_in": { "object": "sign_in_attempt", "id": "sia_1", "first_factor_verification": page("https://b") },
                "sign_up": { "object": "sign_up_attempt", "id": "sua_1", "verifications": { "external_account": page("https://c") } },
                "sessions": [{ "user": { "enterprise_accounts": [
                    { "object": "enterprise_account", "id": "ent_1", "verification": page("https://d") },
                ] } }],
                "unknown": page("https://e"),
            },
        });
        let mut found = pages_in(&body);
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let account = |id: &str| Subject::Account(id.to_owned());
        assert_eq!(
            found,
            [
                ("https://a".to_owned(), account("eac_1")),
                ("https://b".to_owned(), Subject::Attempt(Attempt::SignIn("sia_1".into()))),
                ("https://c".to_owned(), Subject::Attempt(Attempt::SignUp("sua_1".into()))),
                ("https://d".to_owned(), account("ent_1")),
            ]
        );
    }

    #[test]
    fn named_pages_forget_the_oldest() {
        let mut pages = NamedPages::default();
        for number in 0..20 {
            pages.add(vec![(format!("https://{number}"), Subject::Account(number.to_string()))]);
        }
        assert_eq!(pages.subject("https://3"), None);
        assert_eq!(pages.subject("https://4"), Some(&Subject::Account("4".to_owned())));
        pages.add(vec![("https://4".to_owned(), Subject::Account("new".to_owned()))]);
        assert_eq!(pages.subject("https://4"), Some(&Subject::Account("new".to_owned())));
        assert_eq!(pages.0.len(), MAX_PAGES);
    }
}
