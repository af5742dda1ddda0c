//! Compares the requests of the core with those of clerk-js in native mode: method, path and names of the body's fields.
//! `docs/clerk-class.md` lists each difference with its reason.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test ends the test")]

mod resources;

use std::sync::Arc;

use clerk::{
    core::{
        AttemptFactorParams, AttemptKind, AttemptVerificationParams, AuthenticateWithWalletParams, Change,
        CreateOrganizationParams, GetTokenParams, JoinWaitlistParams, LoadOptions, PrepareFactorParams,
        PrepareVerificationParams, RedirectCallbackParams, ResetPasswordParams, SetActiveParams, SignInCreateParams,
        SignOutOptions, SignUpParams,
    },
    storage::MemoryStore,
};
use clerk_e2e::{Result, WebPage, until};
use clerk_emulator::{Config, Decision, Emulator, Entry, Identity, NewUser};
use clerk_testkit::app::{ADA, App, CALLBACK, PASSWORD, first_error_code, google_params, password_params};
use clerk_testkit::wallet::TestWallet;
use serde_json::Value;

const GRACE: &str = "grace+clerk_test@example.com";
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// clerk-js in a browser and the core, on two emulators with the same configuration.
struct Sides {
    page: WebPage,
    app: App,
    wallet: TestWallet,
    flow: &'static str,
}

/// Describes a request without values that differ between runs.
fn shape(entry: &Entry) -> String {
    let path = entry.path.split('/').map(|part| {
        let is_id = part.split_once('_').is_some_and(|(_, rest)| rest.len() > 15 && !rest.contains('_'));
        if is_id { ":id" } else { part }
    });
    let path = path.collect::<Vec<_>>().join("/");
    let fields = entry.form.iter().map(|(name, _)| name.as_str());
    let mut fields: Vec<_> = fields.collect();
    fields.sort_unstable();
    format!("{} {path} {}", entry.method, fields.join(",")).trim_end().to_owned()
}

/// Takes the requests since the last call, except those of a mail program.
fn taken(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests();
    let mut shapes: Vec<_> = requests.iter().filter(|entry| entry.path != "/v1/verify").map(shape).collect();
    emulator.clear_requests();
    // Repeated polling counts once.
    shapes.dedup_by(|next, before| next == before && next.starts_with("GET /v1/client/sign_ins/"));
    shapes
}

/// [`taken`], with the names and values of each query that are neither IDs nor about the client.
fn taken_with_query(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests();
    let queries = requests.iter().map(|entry| {
        let parameters = entry.query.iter().filter(|(name, _)| !name.starts_with('_'));
        let parameters = parameters.map(|(name, value)| format!("{name}={value}"));
        let mut parameters: Vec<_> = parameters.collect();
        parameters.sort_unstable();
        parameters.join("&")
    });
    let queries: Vec<_> = queries.collect();
    let shapes = taken(emulator).into_iter().zip(queries);
    shapes.map(|(shape, query)| format!("{shape} {query}").trim_end().to_owned()).collect()
}

/// Returns the flows whose differences the page lists.
fn listed() -> Vec<&'static str> {
    let page = include_str!("../../../../docs/clerk-class.md");
    let section = page.split("## Requests beside those of clerk-js").nth(1).unwrap_or_default();
    section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect()
}

impl Sides {
    async fn start(flow: &'static str, mut config: Config) -> Result<Self> {
        config.redirect_urls.push(CALLBACK.to_owned());
        let page = WebPage::open(config.clone()).await?;
        let emulator = Arc::new(Emulator::start(config).await?);
        let wallet = TestWallet::new([]);
        let own = wallet.clone();
        let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
            setup.wallet = Some(Arc::new(own));
            setup.locale = Some("en-US".to_owned());
            setup.timezone = Some("Etc/UTC".to_owned());
        });
        app.clerk.load(LoadOptions::default()).await?;
        let sides = Self { page, app, wallet, flow };
        let (mut theirs, mut ours) = sides.take();
        // Both send the two requests at the same time.
        theirs.sort_unstable();
        ours.sort_unstable();
        assert_eq!(theirs, ours, "load");
        assert_eq!(ours, ["GET /v1/client", "GET /v1/environment"]);
        Ok(sides)
    }

    fn take(&self) -> (Vec<String>, Vec<String>) {
        (taken(self.page.emulator()), taken(&self.app.emulator))
    }

    /// Asserts that the requests since the last call are equal.
    fn same(&self) {
        let (theirs, ours) = self.take();
        assert_eq!(theirs, ours, "{}", self.flow);
        assert!(!ours.is_empty(), "{}: something was compared", self.flow);
    }

    /// Asserts that both ended `sessions` sessions with the last requests: clerk-js all at once, the core one by one, after the
    /// call has returned.
    async fn same_after_signing_out(&self, sessions: usize) -> Result<()> {
        until("the core ends its sessions on the server", || async {
            let requests = self.app.emulator.requests();
            (requests.iter().filter(|entry| entry.path.ends_with("/remove")).count() >= sessions).then_some(())
        })
        .await?;
        let (mut theirs, ours) = self.take();
        assert_eq!(theirs.pop().as_deref(), Some("DELETE /v1/client/sessions"), "{}", self.flow);
        theirs.push("POST /v1/client/sessions/:id/remove".to_owned());
        assert_eq!(theirs, ours, "{}", self.flow);
        assert!(listed().contains(&"signOut"), "docs/clerk-class.md lists the difference");
        Ok(())
    }

    /// Asserts these requests, and that the page lists the difference.
    fn differs(&self, theirs: &[&str], ours: &[&str]) {
        let actual = self.take();
        assert_eq!((actual.0.as_slice(), actual.1.as_slice()), (&*owned(theirs), &*owned(ours)), "{}", self.flow);
        assert!(listed().contains(&self.flow), "docs/clerk-class.md lists the difference of {}", self.flow);
    }

    async fn signed_in(&self) -> Result<()> {
        self.page
            .run(
                "const done = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com', password: 'correct-horse-battery' });
                 await clerk.setActive({ session: done.createdSessionId })",
            )
            .await?;
        self.app.sign_in_with_password().await;
        Ok(())
    }

    /// Returns the code of an authenticator, on both sides.
    fn totp_codes(&self) -> (String, String) {
        let code = |emulator: &Emulator| {
            let user = emulator.state()["users"][0]["id"].as_str().unwrap_or_default().to_owned();
            emulator.totp_code(&user).expect("there is an authenticator")
        };
        (code(self.page.emulator()), code(&self.app.emulator))
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn with_users(mut config: Config) -> Config {
    let ada = NewUser { first_name: Some("Ada".to_owned()), ..NewUser::with_password(ADA, PASSWORD) };
    config.users = vec![ada, NewUser::with_password(GRACE, PASSWORD)];
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_password_sign_in_match_clerk_js() -> Result<()> {
    let sides = Sides::start("password", with_users(Config::default())).await?;
    sides.signed_in().await?;
    sides.same();
    let refused = "await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com', password: 'correct-horse-battery' })";
    assert_eq!(sides.page.refusal(refused).await?, "session_exists");
    let error = sides.app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap_err();
    assert_eq!(first_error_code(&error), "session_exists");
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_an_email_code_sign_in_match_clerk_js() -> Result<()> {
    let sides = Sides::start("email_code", with_users(Config::default())).await?;
    sides
        .page
        .run(
            "const attempt = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com' });
             const { emailAddressId } = attempt.supportedFirstFactors.find((one) => one.strategy === 'email_code');
             await attempt.prepareFirstFactor({ strategy: 'email_code', emailAddressId });
             const done = await attempt.attemptFirstFactor({ strategy: 'email_code', code: '424242' });
             await clerk.setActive({ session: done.createdSessionId });",
        )
        .await?;
    let clerk = &sides.app.clerk;
    let attempt =
        clerk.create_sign_in(SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() }).await?;
    let strategy = "email_code";
    let factors = attempt.supported_first_factors.unwrap_or_default();
    let email_address_id =
        factors.into_iter().find(|one| one.strategy == strategy).and_then(|one| one.email_address_id);
    let prepare = PrepareFactorParams { email_address_id, ..PrepareFactorParams::new(strategy) };
    clerk.prepare_sign_in_first_factor(&attempt.id, prepare).await?;
    let code = AttemptFactorParams { code: Some("424242".to_owned()), ..AttemptFactorParams::new(strategy) };
    let done = clerk.attempt_sign_in_first_factor(&attempt.id, code).await?;
    clerk.set_active(SetActiveParams::session(done.created_session_id.expect("a session"))).await?;
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_second_factor_match_clerk_js() -> Result<()> {
    let mut config = Config::default();
    config.users = vec![NewUser { totp_secret: Some(SECRET.to_owned()), ..NewUser::with_password(ADA, PASSWORD) }];
    let sides = Sides::start("second factor", config).await?;
    let (theirs, ours) = sides.totp_codes();
    sides
        .page
        .run(&format!(
            "const attempt = await clerk.client.signIn.create({{ identifier: 'ada+clerk_test@example.com', password: 'correct-horse-battery' }});
             const done = await attempt.attemptSecondFactor({{ strategy: 'totp', code: '{theirs}' }});
             await clerk.setActive({{ session: done.createdSessionId }})"
        ))
        .await?;
    let clerk = &sides.app.clerk;
    let attempt = clerk.create_sign_in(password_params(ADA, PASSWORD)).await?;
    let code = AttemptFactorParams { code: Some(ours), ..AttemptFactorParams::new("totp") };
    let done = clerk.attempt_sign_in_second_factor(&attempt.id, code).await?;
    clerk.set_active(SetActiveParams::session(done.created_session_id.expect("a session"))).await?;
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_password_reset_match_clerk_js() -> Result<()> {
    let sides = Sides::start("reset password", with_users(Config::default())).await?;
    sides
        .page
        .run(
            "const attempt = await clerk.client.signIn.create({ strategy: 'reset_password_email_code', identifier: 'ada+clerk_test@example.com' });
             await attempt.attemptFirstFactor({ strategy: 'reset_password_email_code', code: '424242' });
             const done = await attempt.resetPassword({ password: 'staple-battery-horse', signOutOfOtherSessions: true });
             await clerk.setActive({ session: done.createdSessionId })",
        )
        .await?;
    let clerk = &sides.app.clerk;
    let strategy = "reset_password_email_code";
    let create = SignInCreateParams {
        strategy: Some(strategy.to_owned()),
        identifier: Some(ADA.to_owned()),
        ..Default::default()
    };
    let attempt = clerk.create_sign_in(create).await?;
    let code = AttemptFactorParams { code: Some("424242".to_owned()), ..AttemptFactorParams::new(strategy) };
    clerk.attempt_sign_in_first_factor(&attempt.id, code).await?;
    let password = ResetPasswordParams {
        sign_out_of_other_sessions: Some(true),
        ..ResetPasswordParams::new("staple-battery-horse")
    };
    let done = clerk.reset_sign_in_password(&attempt.id, password).await?;
    clerk.set_active(SetActiveParams::session(done.created_session_id.expect("a session"))).await?;
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_sign_up_match_clerk_js() -> Result<()> {
    let sides = Sides::start("sign-up", Config::default()).await?;
    sides
        .page
        .run(
            "const attempt = await clerk.client.signUp.create({ emailAddress: 'new+clerk_test@example.com', password: 'correct-horse-battery', unsafeMetadata: { a: 1 } });
             await attempt.update({ firstName: 'New' });
             await attempt.prepareEmailAddressVerification({ strategy: 'email_code' });
             const done = await attempt.attemptEmailAddressVerification({ code: '424242' });
             await clerk.setActive({ session: done.createdSessionId })",
        )
        .await?;
    let clerk = &sides.app.clerk;
    let create = SignUpParams {
        email_address: Some("new+clerk_test@example.com".to_owned()),
        password: Some(PASSWORD.to_owned()),
        unsafe_metadata: Some(serde_json::json!({ "a": 1 })),
        ..Default::default()
    };
    let attempt = clerk.create_sign_up(create).await?;
    let update = SignUpParams { first_name: Some("New".to_owned()), ..Default::default() };
    clerk.update_sign_up(&attempt.id, update).await?;
    let strategy = "email_code";
    clerk.prepare_sign_up_verification(&attempt.id, PrepareVerificationParams::new(strategy)).await?;
    let code =
        AttemptVerificationParams { code: Some("424242".to_owned()), ..AttemptVerificationParams::new(strategy) };
    let done = clerk.attempt_sign_up_verification(&attempt.id, code).await?;
    clerk.set_active(SetActiveParams::session(done.created_session_id.expect("a session"))).await?;
    sides.same();
    sides.page.close().await
}

/// Goes through the provider, on both sides.
async fn through_the_provider(sides: &Sides, resource: AttemptKind, decision: &Decision) -> Result<String> {
    let name = if resource == AttemptKind::SignIn { "signIn" } else { "signUp" };
    sides
        .page
        .run(&format!(
            "window.flow = clerk.client.{name}.authenticateWithRedirect({{ strategy: 'oauth_google', redirectUrl: '/sso', redirectUrlComplete: '/' }})
                 .then(() => 'done', (error) => error.code ?? String(error))"
        ))
        .await?;
    let opened = until("clerk-js opens the page", || async {
        sides.page.run("return window.opened ?? null").await.ok()?.as_str().map(str::to_owned)
    })
    .await?;
    let back = sides.page.emulator().decide(&opened, decision.clone())?;
    let ended = sides.page.run(&format!("window.comeBack('{back}'); return await window.flow")).await?;
    let (flow, opened) = sides.app.begin(google_params(resource)).await;
    sides.app.return_from(&opened, decision.clone()).await;
    let own = match clerk_testkit::join(flow).await {
        Ok(_) => "done".to_owned(),
        Err(error) => error.code().to_owned(),
    };
    assert_eq!(ended, Value::from(own.clone()));
    Ok(own)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_oauth_match_clerk_js() -> Result<()> {
    let sides = Sides::start("OAuth", with_users(Config::default())).await?;
    let (sign_in, sign_up) = (AttemptKind::SignIn, AttemptKind::SignUp);
    let new = Decision::Approve(Identity::new("oauth_google", "new@example.com"));
    for (resource, decision, ended) in [
        (sign_in, Decision::Deny, "oauth_access_denied"),
        (sign_in, Decision::Fail("server_error".to_owned()), "oauth_callback_failed"),
        // The account is unknown: the sign-in becomes a sign-up.
        (sign_in, new.clone(), "done"),
        (sign_in, new.clone(), "done"),
        // The account is known: the sign-up becomes a sign-in.
        (sign_up, new, "done"),
        (sign_up, Decision::Approve(Identity::new("oauth_google", "newer@example.com")), "done"),
    ] {
        assert_eq!(through_the_provider(&sides, resource, &decision).await?, ended);
        if ended == "done" {
            sides.same();
            assert!(sides.app.clerk.is_signed_in());
            assert_eq!(sides.page.run("return clerk.isSignedIn").await?, true);
            sides.page.run("await clerk.signOut()").await?;
            sides.app.clerk.sign_out(SignOutOptions::default()).await?;
            sides.same_after_signing_out(1).await?;
        } else {
            let create = "POST /v1/client/sign_ins action_complete_redirect_url,locale,redirect_url,strategy,timezone";
            let reset = "POST /v1/client/sign_ins locale,timezone";
            sides.differs(&[create, reset], &[create, "GET /v1/client/sign_ins/:id", reset]);
        }
    }
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_handle_redirect_callback_match_clerk_js() -> Result<()> {
    let sides = Sides::start("handleRedirectCallback", with_users(Config::default())).await?;
    let unknown = Decision::Approve(Identity::new("oauth_google", "new@example.com"));
    let started = sides
        .page
        .run(
            "const started = await clerk.client.signIn.create({ strategy: 'oauth_google', redirectUrl: 'my-app://callback', actionCompleteRedirectUrl: 'my-app://callback' });
             return started.firstFactorVerification.externalVerificationRedirectURL.href",
        )
        .await?;
    sides.page.emulator().decide(started.as_str().unwrap_or_default(), unknown.clone())?;
    sides.page.run("await clerk.handleRedirectCallback({ reloadResource: 'signIn' })").await?;
    let clerk = &sides.app.clerk;
    let create = SignInCreateParams {
        strategy: Some("oauth_google".to_owned()),
        redirect_url: Some(CALLBACK.to_owned()),
        action_complete_redirect_url: Some(CALLBACK.to_owned()),
        ..Default::default()
    };
    let started = clerk.create_sign_in(create).await?;
    let verification = started.first_factor_verification.expect("a verification");
    let opened = verification.external_verification_redirect_url.expect("a page");
    sides.app.emulator.decide(&opened, unknown)?;
    let params = RedirectCallbackParams { reload_resource: Some(AttemptKind::SignIn), ..Default::default() };
    clerk.handle_redirect_callback(params).await?;
    assert!(clerk.is_signed_in());
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_organizations_match_clerk_js() -> Result<()> {
    let mut config = with_users(Config::default());
    config.organizations.slug = true;
    let sides = Sides::start("organizations", config).await?;
    sides.signed_in().await?;
    sides.take();
    let clerk = &sides.app.clerk;
    sides
        .page
        .run(
            "const made = await clerk.createOrganization({ name: 'Acme', slug: 'acme' });
             await clerk.getOrganization(made.id);
             await clerk.setActive({ organization: made.id });
             await clerk.setActive({ organization: null });
             await clerk.setActive({ organization: 'acme' });",
        )
        .await?;
    let params = CreateOrganizationParams { slug: Some("acme".to_owned()), ..CreateOrganizationParams::new("Acme") };
    let made = clerk.create_organization(params).await?;
    clerk.get_organization(&made.id).await?;
    for organization in [Change::Set(made.id.to_string()), Change::Clear, Change::Set("acme".to_owned())] {
        clerk.set_active(SetActiveParams { organization, ..Default::default() }).await?;
    }
    assert_eq!(clerk.organization().map(|one| one.name), Some("Acme".to_owned()));
    assert_eq!(sides.page.run("return clerk.organization.name").await?, "Acme");
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_several_sessions_match_clerk_js() -> Result<()> {
    let mut config = with_users(Config::default());
    config.sessions.mode = "multi".to_owned();
    let sides = Sides::start("several sessions", config).await?;
    sides.signed_in().await?;
    sides
        .page
        .run(
            "const first = clerk.session.id;
             const done = await clerk.client.signIn.create({ identifier: 'grace+clerk_test@example.com', password: 'correct-horse-battery' });
             await clerk.setActive({ session: done.createdSessionId });
             await clerk.setActive({ session: first });
             await clerk.signOut({ sessionId: done.createdSessionId });
             await clerk.setActive({ session: null });
             await clerk.signOut();",
        )
        .await?;
    let clerk = &sides.app.clerk;
    let first = clerk.session().expect("a session").id;
    let done = clerk.create_sign_in(password_params(GRACE, PASSWORD)).await?;
    let second = done.created_session_id.expect("a session");
    clerk.set_active(SetActiveParams::session(second.clone())).await?;
    clerk.set_active(SetActiveParams::session(first)).await?;
    clerk.sign_out(SignOutOptions { session_id: Some(second), ..Default::default() }).await?;
    clerk.set_active(SetActiveParams { session: Change::Clear, ..Default::default() }).await?;
    clerk.sign_out(SignOutOptions::default()).await?;
    sides.same_after_signing_out(2).await?;
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_session_tokens_differ_from_clerk_js_as_documented() -> Result<()> {
    let sides = Sides::start("getToken", with_users(Config::default())).await?;
    sides.signed_in().await?;
    sides.take();
    sides
        .page
        .run(
            "await clerk.session.getToken();
             await Promise.all([clerk.session.getToken({ skipCache: true })]);
             await clerk.session.getToken();",
        )
        .await?;
    let clerk = &sides.app.clerk;
    let session_id = clerk.session().expect("a session").id;
    clerk.session_token().await?;
    clerk.get_token(GetTokenParams { skip_cache: true, ..GetTokenParams::new(session_id) }).await?;
    clerk.session_token().await?;
    sides.differs(
        &["POST /v1/client/sessions/:id/tokens organization_id,tab_state"],
        &["POST /v1/client/sessions/:id/tokens organization_id"],
    );
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_revoked_session_match_clerk_js() -> Result<()> {
    let sides = Sides::start("handleUnauthenticated", with_users(Config::default())).await?;
    sides.signed_in().await?;
    sides.take();
    sides.page.run("await clerk.handleUnauthenticated()").await?;
    sides.app.clerk.handle_unauthenticated().await?;
    assert!(sides.app.clerk.is_signed_in(), "the session is still good");
    sides.same();
    let session = sides.page.run("return clerk.session.id").await?;
    assert!(sides.page.emulator().revoke_session(session.as_str().unwrap_or_default()));
    assert!(sides.app.emulator.revoke_session(sides.app.clerk.session().expect("a session").id.as_str()));
    sides.page.run("await clerk.handleUnauthenticated()").await?;
    sides.app.clerk.handle_unauthenticated().await?;
    assert!(!sides.app.clerk.is_signed_in());
    assert_eq!(sides.page.run("return clerk.session").await?, Value::Null);
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_the_waitlist_match_clerk_js() -> Result<()> {
    let sides = Sides::start("joinWaitlist", Config::preset("waitlist")?).await?;
    sides.page.run("await clerk.joinWaitlist({ emailAddress: 'new@example.com' })").await?;
    sides.app.clerk.join_waitlist(JoinWaitlistParams::new("new@example.com")).await?;
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_wallet_sign_in_match_clerk_js() -> Result<()> {
    let sides = Sides::start("wallets", Config::preset("web3")?).await?;
    let clerk = &sides.app.clerk;
    // A wallet whose message to sign waits for a signature by the test.
    sides
        .page
        .run(&format!(
            "window.ethereum = {{ request: async ({{ method, params }}) => {{
                 if (method === 'eth_requestAccounts') return ['{}'];
                 return await new Promise((sign) => {{
                     const bytes = params[0].slice(2).match(/../g).map((hex) => parseInt(hex, 16));
                     window.toSign = new TextDecoder().decode(new Uint8Array(bytes));
                     window.signed = sign;
                 }});
             }} }};",
            sides.wallet.address()
        ))
        .await?;
    // The wallet is unknown at first and signs up; then it signs in.
    for _ in 0..2 {
        sides
            .page
            .run("window.toSign = null; window.flow = clerk.authenticateWithMetamask({ redirectUrl: '/home' })")
            .await?;
        let message = until("clerk-js asks the wallet", || async {
            sides.page.run("return window.toSign ?? null").await.ok()?.as_str().map(str::to_owned)
        })
        .await?;
        let signature = sides.wallet.sign(&message);
        sides.page.run(&format!("window.signed('{signature}'); await window.flow")).await?;
        let params = AuthenticateWithWalletParams { redirect_url: Some("/home".to_owned()), ..Default::default() };
        clerk.authenticate_with_metamask(params).await?;
        assert!(clerk.is_signed_in());
        assert_eq!(sides.page.run("return clerk.isSignedIn").await?, true);
        sides.page.run("await clerk.signOut()").await?;
        clerk.sign_out(SignOutOptions::default()).await?;
        sides.same_after_signing_out(1).await?;
    }
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_an_email_link_differ_from_clerk_js_as_documented() -> Result<()> {
    let mut config = Config::preset("email-link")?;
    config.users = vec![NewUser::with_email(ADA), NewUser::with_email(GRACE)];
    let sides = Sides::start("e-mail link", config).await?;
    sides
        .page
        .run(
            "const attempt = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com' });
             const { emailAddressId } = attempt.supportedFirstFactors.find((one) => one.strategy === 'email_link');
             window.flow = attempt.createEmailLinkFlow().startEmailLinkFlow({ emailAddressId, redirectUrl: 'my-app://callback' });
             while (clerk.client.signIn.firstFactorVerification.status !== 'unverified') await new Promise((next) => setTimeout(next, 50));",
        )
        .await?;
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    browser.get(sides.page.emulator().latest_link(ADA).ok_or("a link")?).send().await?;
    sides.page.run("const done = await window.flow; await clerk.setActive({ session: done.createdSessionId })").await?;

    let clerk = &sides.app.clerk;
    let attempt =
        clerk.create_sign_in(SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() }).await?;
    let waiting = clerk.clone();
    let flow = tokio::spawn(async move { waiting.sign_in_with_email_link(&attempt.id, None).await });
    let link = until("the core has a link sent", || async { sides.app.emulator.latest_link(ADA) }).await?;
    let page = browser.post(link).send().await?.text().await?;
    let back = page.split("href=\"my-app").nth(1).and_then(|rest| rest.split('"').next()).ok_or("a way back")?;
    clerk.handle_deep_link(&format!("my-app{}", back.replace("&amp;", "&")).parse()?).await;
    let done = clerk_testkit::join(flow).await?;
    clerk.set_active(SetActiveParams::session(done.created_session_id.expect("a session"))).await?;
    let (theirs, mut ours) = sides.take();
    // It polls every second as well, until the link arrives.
    ours.retain(|line| line != "GET /v1/client/sign_ins/:id");
    assert_eq!(
        theirs,
        [
            "POST /v1/client/sign_ins identifier,locale,timezone",
            "POST /v1/client/sign_ins/:id/prepare_first_factor email_address_id,redirect_url,strategy",
            "GET /v1/client/sign_ins/:id",
            "POST /v1/client/sessions/:id/touch active_organization_id,intent",
        ]
    );
    assert_eq!(
        ours,
        [
            "POST /v1/client/sign_ins identifier,locale,timezone",
            "POST /v1/client/sign_ins/:id/prepare_first_factor code_challenge,code_challenge_method,email_address_id,redirect_uri,strategy",
            "POST /v1/client/magic_links/complete approval_token,code_verifier,flow_id",
            "POST /v1/client/sign_ins locale,strategy,ticket,timezone",
            "POST /v1/client/sessions/:id/touch active_organization_id,intent",
        ]
    );
    assert!(listed().contains(&sides.flow));
    sides.page.close().await
}
