//! The Account Portal stand-in, with a client that keeps cookies and submits forms.

#![expect(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use std::collections::BTreeMap;

use clerk_emulator::{Config, Decision, Emulator, Identity, NewPhone, NewUser, Presence};
use serde_json::json;
use support::{ADA, CALLBACK, GRACE, Native, PASSWORD, ada, start};

/// A browser with cookies by path, without scripts.
struct Browser {
    native: Native,
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    fn new(emulator: &Emulator) -> Self {
        Self { native: Native::new(emulator), cookies: BTreeMap::new() }
    }

    /// Requests a page. Returns the status, and the body or the `Location`.
    async fn ask(&mut self, method: &str, url: &str, form: &[(&str, &str)]) -> (u16, String) {
        let path = url.split('?').next().unwrap().to_owned();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((of, _), _)| path.starts_with(of.as_str()))
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.native.raw(method, url).header("cookie", cookies.join("; "));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let mut parts = cookie.to_str().unwrap().split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let of = parts.find_map(|part| part.strip_prefix("Path=")).unwrap();
            self.cookies.insert((of.to_owned(), name.to_owned()), value.to_owned());
        }
        let location = response.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, location.unwrap_or(response.text().await.unwrap()))
    }

    async fn get(&mut self, url: &str) -> String {
        self.ask("GET", url, &[]).await.1
    }

    async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> String {
        self.ask("POST", url, form).await.1
    }
}

async fn hosted(native: &Native, mode: &str, emulator: &Emulator) -> String {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let form = [("redirect_url", CALLBACK), ("code_challenge", challenge), ("state", "s"), ("mode", mode)];
    native.post("/v1/client/hosted_auth", &form).await.text("/url").replace(&emulator.base_url(), "")
}

#[tokio::test]
async fn hosted_sign_in_is_independent_of_the_browser_session() {
    let (emulator, native) = start(|_| {}).await;
    let mut browser = Browser::new(&emulator);
    let form = [("action", "start"), ("identifier", ADA), ("password", PASSWORD)];
    assert_eq!(browser.post("/portal/sign-in", &form).await, "/portal/default-redirect");
    let page = hosted(&native, "sign-in", &emulator).await;
    let html = browser.get(&page).await;
    assert!(html.contains("data-testid=\"identifier\""), "Ada has to sign in here: {html}");
    let form = [("action", "start"), ("identifier", GRACE), ("password", PASSWORD)];
    assert!(browser.post(&page, &form).await.contains("created_session_id=sess_"));
    assert!(browser.get("/portal/user").await.contains("Ada"), "the browser's own sign-in is unchanged");
    assert_eq!(emulator.state()["clients"].as_array().unwrap().len(), 2, "the page's client is removed");
}

#[tokio::test]
async fn hosted_sign_in_requires_a_click() {
    let (emulator, native) = start(|_| {}).await;
    let mut browser = Browser::new(&emulator);
    let page = hosted(&native, "sign-in", &emulator).await;
    let provider = browser.post(&page, &[("action", "oauth"), ("strategy", "oauth_google")]).await;
    let back = emulator.decide(&provider, Decision::Approve(Identity::new("oauth_google", ADA))).unwrap();
    let back = back.as_str().replace(&emulator.base_url(), "");
    for _ in 0..2 {
        let html = browser.get(&back).await;
        assert!(html.contains("Continue to the app?") && !html.contains("rotating_token_nonce"), "{html}");
    }
    let done = browser.post(&back, &[("action", "continue")]).await;
    assert!(done.contains("created_session_id=sess_"), "{done}");
    let mut other = Browser::new(&emulator);
    let page = hosted(&native, "sign-up", &emulator).await;
    assert!(other.get(&page).await.contains("Create an account"));
    assert!(other.get(&format!("{page}?mode=sign-in")).await.contains("data-testid=\"identifier\""));
}

#[tokio::test]
async fn portal_offers_the_factors_of_the_instance() {
    let mut config = Config::preset("client-trust").unwrap();
    config.identifiers.phone = Presence::Optional;
    config.identifiers.email_verification = vec!["email_code".to_owned(), "email_link".to_owned()];
    config.mfa.phone_code = true;
    let phone = |number: &str, second_factor| vec![NewPhone { number: number.to_owned(), second_factor }];
    config.users = vec![
        ada(),
        NewUser { phone_numbers: phone("+12015550100", true), ..NewUser::with_password(GRACE, PASSWORD) },
        NewUser { phone_numbers: phone("+12015550101", false), ..NewUser::default() },
    ];
    let emulator = Emulator::start(config).await.unwrap();
    let (sign_in, home) = ("/portal/sign-in", "/portal/default-redirect");
    let password = |identifier: &'static str| [("action", "start"), ("identifier", identifier), ("password", PASSWORD)];

    // A new device requires a code.
    let mut browser = Browser::new(&emulator);
    assert!(browser.post(sign_in, &password(ADA)).await.contains("This device is new"));
    browser.post(sign_in, &[("action", "use"), ("strategy", "email_code")]).await;
    let code = [("action", "code"), ("strategy", "email_code"), ("code", "424242")];
    assert_eq!(browser.post(sign_in, &code).await, home);

    // A second factor by SMS.
    let mut browser = Browser::new(&emulator);
    assert!(browser.post(sign_in, &password(GRACE)).await.contains("use-phone_code"));
    browser.post(sign_in, &[("action", "use"), ("strategy", "phone_code")]).await;
    let code = [("action", "code"), ("strategy", "phone_code"), ("code", "424242")];
    assert_eq!(browser.post(sign_in, &code).await, home);

    // A phone number alone.
    let mut browser = Browser::new(&emulator);
    browser.post(sign_in, &[("action", "start"), ("identifier", "+1 201 555 0101")]).await;
    assert_eq!(browser.post(sign_in, &[("action", "code"), ("code", "424242")]).await, home);

    // An e-mail link.
    let mut browser = Browser::new(&emulator);
    let html = browser.post(sign_in, &[("action", "start"), ("identifier", ADA)]).await;
    assert!(html.contains("use-email_link") && html.contains("id=\"password\""), "{html}");
    assert!(browser.post(sign_in, &[("action", "use"), ("strategy", "email_link")]).await.contains("A link was sent"));
    let link = emulator.latest_link(ADA).unwrap().replace(&emulator.base_url(), "");
    Browser::new(&emulator).get(&link).await;
    assert_eq!(browser.post(sign_in, &[("action", "continue")]).await, home);

    // A forgotten password.
    let mut browser = Browser::new(&emulator);
    browser.post(sign_in, &[("action", "start"), ("identifier", ADA)]).await;
    browser.post(sign_in, &[("action", "use"), ("strategy", "reset_password_email_code")]).await;
    assert!(browser.post(sign_in, &[("action", "code"), ("code", "424242")]).await.contains("New password"));
    let new = [("action", "new-password"), ("password", "another-horse-battery")];
    assert_eq!(browser.post(sign_in, &new).await, home);
}

#[tokio::test]
async fn portal_accepts_tickets_and_shows_the_terms() {
    let mut config = Config::preset("restricted").unwrap();
    config.users = vec![ada()];
    config.sign_up.legal_consent = true;
    let emulator = Emulator::start(config).await.unwrap();
    let ticket = |body: serde_json::Value| {
        emulator.control("POST", "tickets", &body).1["url"].as_str().unwrap().replace(&emulator.base_url(), "")
    };
    let mut browser = Browser::new(&emulator);
    let page = browser.get(&ticket(json!({ "kind": "sign_in", "user": ADA }))).await;
    let page = page.replace(&emulator.base_url(), "");
    assert!(
        browser.get(&page).await.contains("Accept the invitation"),
        "a click is required, because robots open links"
    );
    assert_eq!(browser.post(&page, &[("action", "ticket")]).await, "/portal/default-redirect");

    let mut browser = Browser::new(&emulator);
    let page = browser.get(&ticket(json!({ "kind": "invitation", "email": "new@example.com" }))).await;
    let page = page.replace(&emulator.base_url(), "");
    assert!(page.starts_with("/portal/sign-up?"), "{page}");
    browser.post(&page, &[("action", "ticket")]).await;
    let form = [("action", "register"), ("password", PASSWORD), ("legal_accepted", "true")];
    assert_eq!(browser.post(&page, &form).await, "/portal/default-redirect");

    let native = Native::new(&emulator);
    let environment = native.get("/v1/environment").await;
    for key in ["terms_url", "privacy_policy_url"] {
        let url = environment.text(&format!("/display_config/{key}")).replace(&emulator.base_url(), "");
        assert_eq!(browser.ask("GET", &url, &[]).await.0, 200, "{key}: {url}");
    }
}
