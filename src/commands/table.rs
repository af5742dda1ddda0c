//! The one list of commands. A row has the permission sets of a command, its name, parameters, result and body.
//!
//! `mod.rs` makes the command functions, the invoke handler and the TypeScript bindings of it; `build.rs`, which includes this
//! file, makes the permissions. Parameters beside [`Caller`](super::Caller) are what the webview sends. A body is an
//! expression of type `Result` of the row's result; it may await.

/// Passes the rows to the macro `$with`.
macro_rules! command_table {
    ($with:ident) => {
        $with! {
            // Loading and reading the state.
            ["read-state"] fn load(window: CallerWindow, options: LoadOptions) -> WindowSnapshot {
                window.load(options).await
            }
            ["read-state"] fn snapshot(window: CallerWindow) -> WindowSnapshot { Ok(window.snapshot()) }
            ["read-state"] fn notices(clerk: Caller) -> Vec<Notice> { Ok(clerk.notices()) }
            ["read-state"] fn ended_sessions(clerk: Caller) -> Vec<SessionEnded> { Ok(clerk.ended_sessions()) }

            // Choosing the session, signing out.
            ["switch-session"] fn set_active(clerk: Caller, params: SetActiveParams) -> SetActiveOutcome {
                clerk.activate(params).await
            }
            ["switch-session"] fn sign_out(clerk: Caller, options: SignOutOptions) -> SignOutOutcome {
                clerk.end_sessions(options).await
            }
            ["switch-session"] fn choose_initial_session(clerk: Caller, session_id: Option<SessionId>) -> () {
                clerk.choose_initial_session(session_id).await
            }
            ["switch-session"] fn touch(clerk: Caller) -> () { clerk.touch().await }
            ["switch-session"] fn handle_unauthenticated(clerk: Caller) -> () { clerk.handle_unauthenticated().await }

            // Flows that leave the app.
            ["sign-in", "sign-up"] fn authenticate_with_redirect(clerk: Caller, params: AuthenticateWithRedirectParams) -> RedirectOutcome {
                clerk.authenticate_with_redirect(params).await
            }
            ["sign-in", "sign-up"] fn handle_redirect_callback(clerk: Caller, params: RedirectCallbackParams) -> RedirectOutcome {
                clerk.handle_redirect_callback(params).await
            }
            ["sign-in", "sign-up"] fn handle_email_link_verification(clerk: Caller, url: String, params: EmailLinkVerificationParams) -> EmailLinkOutcome {
                clerk.handle_email_link_verification(&page_url(&url)?, params).await
            }
            ["sign-in", "sign-up"] fn start_hosted_auth(clerk: Caller, mode: AttemptKind, callback: RedirectCallbackParams) -> RedirectOutcome {
                clerk.start_hosted_auth_with(mode, callback).await
            }
            ["sign-in", "sign-up"] fn authenticate_with_web3(clerk: Caller, params: AuthenticateWithWeb3Params) -> RedirectOutcome {
                clerk.authenticate_with_web3(params).await
            }
            ["sign-in", "sign-up", "verification-pages"] fn cancel_authentication(clerk: Caller) -> bool { Ok(clerk.cancel_authentication().await) }
            ["sign-in", "sign-up"] fn take_redirect_outcome(window: CallerWindow) -> Option<RedirectOutcome> {
                Ok(window.take_redirect_outcome())
            }
            ["open-external"] fn open_external(pages: PageOpener, url: String) -> () { pages.open(&url) }

            // Sign-in, step by step.
            ["sign-in"] fn create_sign_in(clerk: Caller, params: SignInCreateParams) -> SignIn {
                clerk.create_sign_in(params).await
            }
            ["sign-in"] fn prepare_sign_in_first_factor(clerk: Caller, sign_in_id: SignInId, params: PrepareFactorParams) -> SignIn {
                clerk.prepare_sign_in_first_factor(&sign_in_id, params).await
            }
            ["sign-in"] fn attempt_sign_in_first_factor(clerk: Caller, sign_in_id: SignInId, params: AttemptFactorParams) -> SignIn {
                clerk.attempt_sign_in_first_factor(&sign_in_id, params).await
            }
            ["sign-in"] fn prepare_sign_in_second_factor(clerk: Caller, sign_in_id: SignInId, params: PrepareFactorParams) -> SignIn {
                clerk.prepare_sign_in_second_factor(&sign_in_id, params).await
            }
            ["sign-in"] fn attempt_sign_in_second_factor(clerk: Caller, sign_in_id: SignInId, params: AttemptFactorParams) -> SignIn {
                clerk.attempt_sign_in_second_factor(&sign_in_id, params).await
            }
            ["sign-in"] fn reset_sign_in_password(clerk: Caller, sign_in_id: SignInId, params: ResetPasswordParams) -> SignIn {
                clerk.reset_sign_in_password(&sign_in_id, params).await
            }
            ["sign-in"] fn reload_sign_in(clerk: Caller, sign_in_id: SignInId, rotating_token_nonce: Option<String>) -> SignIn {
                clerk.reload_sign_in(&sign_in_id, rotating_token_nonce.map(RotatingTokenNonce::new).as_ref()).await
            }
            ["sign-in"] fn sign_in_with_email_link(clerk: Caller, sign_in_id: SignInId, email_address_id: Option<String>) -> SignIn {
                clerk.sign_in_with_email_link(&sign_in_id, email_address_id).await
            }

            // Sign-up, step by step.
            ["sign-up"] fn create_sign_up(clerk: Caller, params: SignUpParams) -> SignUp {
                clerk.create_sign_up(params).await
            }
            ["sign-up"] fn update_sign_up(clerk: Caller, sign_up_id: SignUpId, params: SignUpParams) -> SignUp {
                clerk.update_sign_up(&sign_up_id, params).await
            }
            ["sign-up"] fn prepare_sign_up_verification(clerk: Caller, sign_up_id: SignUpId, params: PrepareVerificationParams) -> SignUp {
                clerk.prepare_sign_up_verification(&sign_up_id, params).await
            }
            ["sign-up"] fn attempt_sign_up_verification(clerk: Caller, sign_up_id: SignUpId, params: AttemptVerificationParams) -> SignUp {
                clerk.attempt_sign_up_verification(&sign_up_id, params).await
            }
            ["sign-up"] fn reload_sign_up(clerk: Caller, sign_up_id: SignUpId, rotating_token_nonce: Option<String>) -> SignUp {
                clerk.reload_sign_up(&sign_up_id, rotating_token_nonce.map(RotatingTokenNonce::new).as_ref()).await
            }
            ["sign-up"] fn sign_up_with_email_link(clerk: Caller, sign_up_id: SignUpId) -> SignUp {
                clerk.sign_up_with_email_link(&sign_up_id).await
            }

            // For Clerk's own packages. The scopes of `frontend_api` are in `areas.rs`.
            ["clerk-js"] fn clerk_js_state(window: ClerkJs) -> ClerkJsState { Ok(window.state()) }
            ["clerk-js"] fn frontend_api(window: ClerkJs, request: FrontendApiRequest) -> FrontendApiResponse {
                window.send(request).await
            }
            ["verification-pages"] fn open_and_wait(clerk: Caller, url: String) -> OpenAndWaitOutcome {
                clerk.open_and_wait(&url).await
            }

            // The rest.
            ["session-token"] fn get_token(clerk: Caller, params: GetTokenParams) -> Option<String> {
                Ok(clerk.get_token(params).await?.map(|token| token.expose().to_owned()))
            }
            ["sign-up"] fn join_waitlist(clerk: Caller, params: JoinWaitlistParams) -> Waitlist {
                clerk.join_waitlist(params).await
            }
            ["organizations"] fn create_organization(clerk: Caller, params: CreateOrganizationParams) -> Organization {
                clerk.create_organization(params).await
            }
            ["organizations"] fn get_organization(clerk: Caller, id: OrganizationId) -> Organization {
                clerk.get_organization(&id).await
            }
        }
    };
}
