//! The pages that FAPI named for verifications: only these are opened for Clerk's own components.

use std::collections::VecDeque;

use serde_json::Value;
use url::Url;

use crate::flows::attempt::Attempt;

/// The number of pages that are remembered. A user follows the newest.
const MAX_PAGES: usize = 16;

/// The lists of a user's accounts at providers.
pub(crate) const ACCOUNT_LISTS: [&str; 3] = ["external_accounts", "enterprise_accounts", "saml_accounts"];

/// What a page verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A sign-in or sign-up.
    Attempt(Attempt),
    /// An account of the user at a provider, by its id.
    Account(String),
}

/// Whose providers' pages a window may see. Whoever knows such an address can sign in there with an account of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::exhaustive_structs, reason = "a caller decides about each of them")]
pub struct VisiblePages {
    /// Those of sign-ins and sign-ups.
    pub attempts: bool,
    /// Those of the user's accounts at providers.
    pub accounts: bool,
}

impl VisiblePages {
    /// All pages.
    pub const ALL: Self = Self { attempts: true, accounts: true };

    /// Removes the addresses of other pages from JSON of FAPI or of the state, which has a limited depth.
    pub fn hide_others(self, json: &mut Value) {
        if self != Self::ALL {
            self.hide_in(json, self.attempts);
        }
    }

    fn hide_in(self, json: &mut Value, is_visible: bool) {
        match json {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "external_verification_redirect_url" | "externalVerificationRedirectUrl" if !is_visible => {
                            *value = Value::Null;
                        }
                        // Accounts have one verification, attempts several.
                        "verification" => self.hide_in(value, self.accounts),
                        _ => self.hide_in(value, self.attempts),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item, is_visible)),
            _ => {}
        }
    }
}

/// A page, and what it verifies. Windows send addresses as URLs are written there, so they are compared as URLs.
pub(crate) type NamedPage = (Url, Subject);

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

    pub(crate) fn subject(&self, page: &Url) -> Option<&Subject> {
        self.0.iter().find(|known| known.0 == *page).map(|known| &known.1)
    }
}

/// Finds the pages in a response of FAPI, or in a client. Only the places are read where FAPI puts the verifications of
/// attempts and accounts: elsewhere, e.g. in `unsafe_metadata`, there is what windows and others wrote.
pub(crate) fn pages_in(json: &Value) -> Vec<NamedPage> {
    let mut pages = Vec::new();
    for resource in [json, &json["response"], &json["client"], &json["meta"]["client"]] {
        match resource {
            Value::Array(items) => items.iter().for_each(|item| collect(item, &mut pages)),
            resource => collect(resource, &mut pages),
        }
    }
    pages
}

fn collect(resource: &Value, pages: &mut Vec<NamedPage>) {
    match resource["object"].as_str() {
        Some("client") => {
            collect(&resource["sign_in"], pages);
            collect(&resource["sign_up"], pages);
            items(&resource["sessions"]).for_each(|session| collect_accounts(&session["user"], pages));
        }
        Some("session") => collect_accounts(&resource["user"], pages),
        Some("user") => collect_accounts(resource, pages),
        Some("sign_in_attempt" | "sign_in") => {
            let verifications = ["first_factor_verification", "second_factor_verification"].map(|name| &resource[name]);
            add(verifications, resource, |id| Subject::Attempt(Attempt::SignIn(id.into())), pages);
        }
        Some("sign_up_attempt" | "sign_up") => {
            let verifications = resource["verifications"].as_object().into_iter().flat_map(|all| all.values());
            add(verifications, resource, |id| Subject::Attempt(Attempt::SignUp(id.into())), pages);
        }
        // `external_account`, `enterprise_account`, `saml_account`; older data has e.g. `google_account`.
        Some(object) if object.ends_with("_account") => collect_account(resource, pages),
        _ => {}
    }
}

fn collect_accounts(user: &Value, pages: &mut Vec<NamedPage>) {
    ACCOUNT_LISTS.iter().flat_map(|list| items(&user[*list])).for_each(|account| collect_account(account, pages));
}

fn collect_account(account: &Value, pages: &mut Vec<NamedPage>) {
    add([&account["verification"]], account, |id| Subject::Account(id.to_owned()), pages);
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Adds the pages of a resource's verifications.
fn add<'a>(
    verifications: impl IntoIterator<Item = &'a Value>,
    resource: &Value,
    subject: impl Fn(&str) -> Subject,
    pages: &mut Vec<NamedPage>,
) {
    let Some(id) = resource["id"].as_str() else { return };
    let page = |verification: &Value| Url::parse(verification["external_verification_redirect_url"].as_str()?).ok();
    pages.extend(verifications.into_iter().filter_map(page).map(|page| (page, subject(id))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(url: &str) -> Value {
        json!({ "object": "verification_oauth", "external_verification_redirect_url": url })
    }

    fn found_in(json: &Value) -> Vec<(String, Subject)> {
        let mut found: Vec<_> = pages_in(json).into_iter().map(|(page, subject)| (page.to_string(), subject)).collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
    }

    #[test]
    fn pages_in_finds_what_each_page_verifies() {
        let client = json!({
            "object": "client", "id": "client_1",
            "sign_in": { "object": "sign_in_attempt", "id": "sia_1", "first_factor_verification": page("https://b") },
            "sign_up": { "object": "sign_up_attempt", "id": "sua_1", "verifications": { "external_account": page("https://c") } },
            "sessions": [{ "user": { "enterprise_accounts": [
                { "object": "enterprise_account", "id": "ent_1", "verification": page("https://d") },
            ] } }],
            "unknown": page("https://e"),
        });
        let account = |id: &str| Subject::Account(id.to_owned());
        let in_client = [
            ("https://b/".to_owned(), Subject::Attempt(Attempt::SignIn("sia_1".into()))),
            ("https://c/".to_owned(), Subject::Attempt(Attempt::SignUp("sua_1".into()))),
            ("https://d/".to_owned(), account("ent_1")),
        ];
        assert_eq!(found_in(&client), in_client);
        assert_eq!(found_in(&json!({ "errors": [], "meta": { "client": client } })), in_client);
        let response = json!({ "object": "external_account", "id": "eac_1", "verification": page("https://a") });
        assert_eq!(
            found_in(&json!({ "response": response, "client": null })),
            [("https://a/".to_owned(), account("eac_1"))]
        );
        assert_eq!(found_in(&json!({ "response": [response] })), [("https://a/".to_owned(), account("eac_1"))]);
    }

    #[test]
    fn pages_in_ignores_what_windows_write() {
        let forged = json!({
            "object": "external_account", "id": "eac_1", "verification": page("https://evil.test"),
            "first_factor_verification": page("https://evil.test"), "external_verification_redirect_url": "https://evil.test",
            "external_accounts": [{ "object": "external_account", "id": "eac_1", "verification": page("https://evil.test") }],
        });
        let metadata = |object: &str| json!({ "object": object, "id": "id_1", "unsafe_metadata": forged, "public_metadata": { "user": forged }, "name": forged });
        for object in ["user", "sign_up_attempt", "sign_in_attempt", "session", "external_account", "organization"] {
            assert_eq!(found_in(&json!({ "response": metadata(object) })), [], "{object}");
        }
        let mut user = metadata("user");
        user["external_accounts"] = json!([metadata("external_account")]);
        let sessions = json!([{ "object": "session", "id": "sess_1", "user": user }]);
        let client = json!({ "object": "client", "sessions": sessions, "sign_in": metadata("sign_in"), "sign_up": metadata("sign_up") });
        assert_eq!(found_in(&json!({ "response": null, "client": client })), []);
    }

    #[test]
    fn visible_pages_hide_those_of_other_kinds() {
        let client = |attempt: &Value, account: &Value| {
            json!({
                "sign_in": { "first_factor_verification": attempt },
                "sign_up": { "verifications": { "external_account": attempt } },
                "sessions": [{ "user": { "external_accounts": [{ "verification": account }] } }],
            })
        };
        let (shown, hidden) =
            (page("https://a"), json!({ "object": "verification_oauth", "external_verification_redirect_url": null }));
        for pages in [(true, true), (true, false), (false, true), (false, false)]
            .map(|(attempts, accounts)| VisiblePages { attempts, accounts })
        {
            let mut json = client(&shown, &shown);
            pages.hide_others(&mut json);
            let choose = |is_visible| if is_visible { &shown } else { &hidden };
            assert_eq!(json, client(choose(pages.attempts), choose(pages.accounts)), "{pages:?}");
        }
        let mut typed = json!({ "verification": { "externalVerificationRedirectUrl": "https://a" } });
        VisiblePages::default().hide_others(&mut typed);
        assert_eq!(typed, json!({ "verification": { "externalVerificationRedirectUrl": null } }));
    }

    #[test]
    fn named_pages_forget_the_oldest() {
        let url = |number: usize| Url::parse(&format!("https://page{number}.test")).unwrap();
        let mut pages = NamedPages::default();
        for number in 0..20 {
            pages.add(vec![(url(number), Subject::Account(number.to_string()))]);
        }
        assert_eq!(pages.subject(&url(3)), None);
        assert_eq!(pages.subject(&url(4)), Some(&Subject::Account("4".to_owned())));
        pages.add(vec![(url(4), Subject::Account("new".to_owned()))]);
        assert_eq!(pages.subject(&url(4)), Some(&Subject::Account("new".to_owned())));
        assert_eq!(pages.0.len(), MAX_PAGES);
    }
}
