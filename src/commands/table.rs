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
            ["read-state"] fn load(window: CallerWindow, options: LoadOptions, since: Option<u64>) -> WindowSnapshot {
                window.load(options, since).await
            }
            ["read-state"] fn snapshot(window: CallerWindow, since: Option<u64>) -> Option<WindowState> {
                Ok(window.snapshot(since))
            }
            ["read-state"] fn notices(clerk: Caller) -> Vec<Notice> { Ok(clerk.notices()) }
            ["read-state"] fn auth_events(clerk: Caller) -> Vec<NumberedAuthEvent> { Ok(clerk.auth_events()) }

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
            ["sign-in", "sign-up"] fn handle_callback_link(clerk: Caller, link: String) -> LinkOutcome {
                Ok(clerk.handle_deep_link(&callback_link(&link)?).await)
            }
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
            ["sign-in"] fn submit_sign_in_protect_check(clerk: Caller, sign_in_id: SignInId, proof_token: String) -> SignIn {
                clerk.submit_sign_in_protect_check(&sign_in_id, &proof_token).await
            }
            ["sign-in"] fn sign_in_with_passkey(clerk: Caller) -> SignIn { clerk.sign_in_with_passkey().await }
            ["sign-in"] fn attempt_sign_in_with_passkey(clerk: Caller, sign_in_id: SignInId, is_second_factor: bool) -> SignIn {
                clerk.attempt_sign_in_with_passkey(&sign_in_id, is_second_factor).await
            }
            ["sign-in"] fn sign_in_with_web3(clerk: Caller, strategy: String, wallet_name: Option<String>) -> SignIn {
                clerk.sign_in_with_web3(&strategy, wallet_name.as_deref()).await
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
            ["sign-up"] fn submit_sign_up_protect_check(clerk: Caller, sign_up_id: SignUpId, proof_token: String) -> SignUp {
                clerk.submit_sign_up_protect_check(&sign_up_id, &proof_token).await
            }
            ["sign-up"] fn sign_up_with_web3(clerk: Caller, params: SignUpWithWeb3Params) -> SignUp {
                clerk.sign_up_with_web3(params).await
            }

            // For Clerk's own packages. The scopes of `frontend_api` are in `areas.rs`.
            ["clerk-js"] fn clerk_js_state(window: ClerkJs) -> ClerkJsState { Ok(window.state()) }
            ["clerk-js"] fn frontend_api(window: ClerkJs, request: FrontendApiRequest) -> FrontendApiResponse {
                window.send(request).await
            }
            ["verification-pages"] fn open_and_wait(clerk: Caller, url: String) -> OpenAndWaitOutcome {
                clerk.open_and_wait(&url).await
            }

            // The app's backend.
            ["fetch"] fn fetch(window: FetchingWindow, request: WindowFetch) -> FetchHead { window.fetch(request).await }
            ["fetch"] fn fetch_read(window: FetchingWindow, id: String, offset: u64) -> Chunk { window.read(&id, offset).await }
            ["fetch"] fn fetch_cancel(window: FetchingWindow, id: String) -> () { window.cancel(&id) }

            // Tokens and the waitlist.
            ["session-token"] fn get_token(clerk: Caller, params: GetTokenParams) -> Option<String> {
                Ok(clerk.get_token(params).await?.map(|token| token.expose().to_owned()))
            }
            ["sign-up"] fn join_waitlist(clerk: Caller, params: JoinWaitlistParams) -> Waitlist {
                clerk.join_waitlist(params).await
            }

            // The sessions of this device.
            ["switch-session"] fn reload_session(clerk: Caller, session_id: SessionId) -> Session {
                clerk.sessions().get(&session_id).await
            }
            ["switch-session"] fn touch_session(clerk: Caller, session_id: SessionId) -> Session {
                clerk.sessions().touch(&session_id).await
            }
            ["switch-session"] fn end_session(clerk: Caller, session_id: SessionId) -> () { clerk.sessions().end(&session_id).await }
            ["switch-session"] fn remove_session(clerk: Caller, session_id: SessionId) -> () {
                clerk.sessions().remove(&session_id).await
            }
            ["switch-session"] fn destroy_client(clerk: Caller) -> () { clerk.destroy_client().await }
            ["security"] fn start_session_verification(clerk: Caller, session_id: SessionId, level: String) -> SessionVerification {
                clerk.sessions().start_verification(&session_id, &level).await
            }
            ["security"] fn prepare_session_first_factor(clerk: Caller, session_id: SessionId, params: SessionVerifyPrepareFirstFactorParams) -> SessionVerification {
                clerk.sessions().prepare_first_factor_verification(&session_id, params).await
            }
            ["security"] fn attempt_session_first_factor(clerk: Caller, session_id: SessionId, params: SessionVerifyAttemptFirstFactorParams) -> SessionVerification {
                clerk.sessions().attempt_first_factor_verification(&session_id, params).await
            }
            ["security"] fn prepare_session_second_factor(clerk: Caller, session_id: SessionId, params: SessionVerifyPrepareSecondFactorParams) -> SessionVerification {
                clerk.sessions().prepare_second_factor_verification(&session_id, params).await
            }
            ["security"] fn attempt_session_second_factor(clerk: Caller, session_id: SessionId, params: SessionVerifyAttemptSecondFactorParams) -> SessionVerification {
                clerk.sessions().attempt_second_factor_verification(&session_id, params).await
            }

            // The signed-in user.
            ["account"] fn reload_user(clerk: Caller) -> User { clerk.account().reload().await }
            ["account"] fn update_user(clerk: Caller, params: UpdateUserParams) -> User {
                clerk.account().update(params).await
            }
            ["account"] fn update_user_metadata(clerk: Caller, unsafe_metadata: Map<String, Value>) -> User {
                clerk.account().update_metadata(&unsafe_metadata).await
            }
            ["account"] fn set_profile_image(clerk: Caller, file: Option<FrontendApiFile>) -> Image {
                clerk.account().set_profile_image(file.map(Picture::try_from).transpose()?).await
            }
            ["delete-account"] fn delete_user(clerk: Caller) -> DeletedObject { clerk.account().delete().await }
            ["account"] fn create_email_address(clerk: Caller, email_address: String) -> EmailAddress {
                clerk.account().create_email_address(&email_address).await
            }
            ["account"] fn prepare_email_address_verification(clerk: Caller, id: String, params: IdentificationVerificationParams) -> EmailAddress {
                clerk.account().prepare_email_address_verification(&id, params).await
            }
            ["account"] fn attempt_email_address_verification(clerk: Caller, id: String, code: String) -> EmailAddress {
                clerk.account().attempt_email_address_verification(&id, &code).await
            }
            ["account"] fn verify_email_address_with_link(clerk: Caller, id: String) -> EmailAddress {
                clerk.verify_email_address_with_link(&id).await
            }
            ["account"] fn delete_email_address(clerk: Caller, id: String) -> DeletedObject {
                clerk.account().delete_email_address(&id).await
            }
            ["account"] fn create_phone_number(clerk: Caller, phone_number: String) -> PhoneNumber {
                clerk.account().create_phone_number(&phone_number).await
            }
            ["account"] fn prepare_phone_number_verification(clerk: Caller, id: String, params: IdentificationVerificationParams) -> PhoneNumber {
                clerk.account().prepare_phone_number_verification(&id, params).await
            }
            ["account"] fn attempt_phone_number_verification(clerk: Caller, id: String, code: String) -> PhoneNumber {
                clerk.account().attempt_phone_number_verification(&id, &code).await
            }
            ["account"] fn update_phone_number(clerk: Caller, id: String, params: PhoneNumberParams) -> PhoneNumber {
                clerk.account().update_phone_number(&id, params).await
            }
            ["account"] fn delete_phone_number(clerk: Caller, id: String) -> DeletedObject {
                clerk.account().delete_phone_number(&id).await
            }
            ["account"] fn create_web3_wallet(clerk: Caller, web3_wallet: String) -> Web3Wallet {
                clerk.account().create_web3_wallet(&web3_wallet).await
            }
            ["account"] fn prepare_web3_wallet_verification(clerk: Caller, id: String, params: IdentificationVerificationParams) -> Web3Wallet {
                clerk.account().prepare_web3_wallet_verification(&id, params).await
            }
            ["account"] fn attempt_web3_wallet_verification(clerk: Caller, id: String, signature: String) -> Web3Wallet {
                clerk.account().attempt_web3_wallet_verification(&id, &signature).await
            }
            ["account"] fn delete_web3_wallet(clerk: Caller, id: String) -> DeletedObject {
                clerk.account().delete_web3_wallet(&id).await
            }
            ["account"] fn connect_external_account(clerk: Caller, params: ConnectExternalAccountParams) -> ExternalAccount {
                clerk.account().connect_external_account(params).await
            }
            ["account"] fn reauthorize_external_account(clerk: Caller, id: String, params: ReauthorizeExternalAccountParams) -> ExternalAccount {
                clerk.account().reauthorize_external_account(&id, params).await
            }
            ["account"] fn delete_external_account(clerk: Caller, id: String) -> DeletedObject {
                clerk.account().delete_external_account(&id).await
            }
            ["account"] fn delete_enterprise_account(clerk: Caller, id: String) -> DeletedObject {
                clerk.account().delete_enterprise_account(&id).await
            }

            // How the user signs in, and where.
            ["security"] fn update_password(clerk: Caller, params: UpdatePasswordParams) -> User {
                clerk.account().update_password(params).await
            }
            ["security"] fn remove_password(clerk: Caller, params: RemovePasswordParams) -> User {
                clerk.account().remove_password(params).await
            }
            ["security"] fn create_totp(clerk: Caller) -> Totp { clerk.account().create_totp().await }
            ["security"] fn verify_totp(clerk: Caller, code: String) -> Totp { clerk.account().verify_totp(&code).await }
            ["security"] fn disable_totp(clerk: Caller) -> DeletedObject { clerk.account().disable_totp().await }
            ["security"] fn create_backup_codes(clerk: Caller) -> BackupCodes { clerk.account().create_backup_codes().await }
            ["security"] fn register_passkey(clerk: Caller) -> Passkey { clerk.register_passkey().await }
            ["security"] fn verify_session_with_passkey(clerk: Caller, session_id: SessionId) -> SessionVerification {
                clerk.verify_session_with_passkey(&session_id).await
            }
            ["security"] fn create_passkey(clerk: Caller) -> Passkey { clerk.account().create_passkey().await }
            ["security"] fn attempt_passkey_verification(clerk: Caller, id: String, public_key_credential: String) -> Passkey {
                clerk.account().attempt_passkey_verification(&id, &public_key_credential).await
            }
            ["security"] fn update_passkey(clerk: Caller, id: String, name: String) -> Passkey {
                clerk.account().update_passkey(&id, &name).await
            }
            ["security"] fn delete_passkey(clerk: Caller, id: String) -> DeletedObject {
                clerk.account().delete_passkey(&id).await
            }
            ["security"] fn user_sessions(clerk: Caller) -> Vec<SessionWithActivities> { clerk.account().sessions().await }
            ["security"] fn revoke_session(clerk: Caller, id: SessionId) -> SessionWithActivities {
                clerk.account().revoke_session(&id).await
            }

            // Organizations, as the user sees them.
            ["organizations"] fn create_organization(clerk: Caller, params: CreateOrganizationParams) -> Organization {
                clerk.create_organization(params).await
            }
            ["organizations"] fn get_organization(clerk: Caller, id: OrganizationId) -> Organization {
                clerk.get_organization(&id).await
            }
            ["organizations"] fn organization_memberships(clerk: Caller, params: PageParams) -> Page<OrganizationMembership> {
                clerk.account().organization_memberships(params).await
            }
            ["organizations"] fn leave_organization(clerk: Caller, id: OrganizationId) -> DeletedObject {
                clerk.account().leave_organization(&id).await
            }
            ["organizations"] fn organization_invitations_of_user(clerk: Caller, params: StatusListParams) -> Page<UserOrganizationInvitation> {
                clerk.account().organization_invitations(params).await
            }
            ["organizations"] fn accept_organization_invitation(clerk: Caller, id: String) -> UserOrganizationInvitation {
                clerk.account().accept_organization_invitation(&id).await
            }
            ["organizations"] fn organization_suggestions(clerk: Caller, params: StatusListParams) -> Page<OrganizationSuggestion> {
                clerk.account().organization_suggestions(params).await
            }
            ["organizations"] fn accept_organization_suggestion(clerk: Caller, id: String) -> OrganizationSuggestion {
                clerk.account().accept_organization_suggestion(&id).await
            }

            // Organizations, as their admins see them.
            ["manage-organizations"] fn update_organization(clerk: Caller, id: OrganizationId, params: UpdateOrganizationParams) -> Organization {
                clerk.organizations().update(&id, params).await
            }
            ["manage-organizations"] fn set_organization_logo(clerk: Caller, id: OrganizationId, file: FrontendApiFile) -> Organization {
                clerk.organizations().set_logo(&id, file.try_into()?).await
            }
            ["manage-organizations"] fn delete_organization_logo(clerk: Caller, id: OrganizationId) -> DeletedObject {
                clerk.organizations().delete_logo(&id).await
            }
            ["manage-organizations"] fn delete_organization(clerk: Caller, id: OrganizationId) -> DeletedObject {
                clerk.organizations().delete(&id).await
            }
            ["manage-organizations"] fn organization_members(clerk: Caller, id: OrganizationId, params: MemberListParams) -> Page<OrganizationMembership> {
                clerk.organizations().members(&id, params).await
            }
            ["manage-organizations"] fn add_organization_member(clerk: Caller, id: OrganizationId, user_id: UserId, role: String) -> OrganizationMembership {
                clerk.organizations().add_member(&id, &user_id, &role).await
            }
            ["manage-organizations"] fn update_organization_member(clerk: Caller, id: OrganizationId, user_id: UserId, role: String) -> OrganizationMembership {
                clerk.organizations().update_member(&id, &user_id, &role).await
            }
            ["manage-organizations"] fn remove_organization_member(clerk: Caller, id: OrganizationId, user_id: UserId) -> OrganizationMembership {
                clerk.organizations().remove_member(&id, &user_id).await
            }
            ["manage-organizations"] fn organization_invitations(clerk: Caller, id: OrganizationId, params: StatusListParams) -> Page<OrganizationInvitation> {
                clerk.organizations().invitations(&id, params).await
            }
            ["manage-organizations"] fn invite_organization_member(clerk: Caller, id: OrganizationId, params: InviteMemberParams) -> OrganizationInvitation {
                clerk.organizations().invite_member(&id, params).await
            }
            ["manage-organizations"] fn invite_organization_members(clerk: Caller, id: OrganizationId, email_addresses: Vec<String>, role: String) -> Page<OrganizationInvitation> {
                clerk.organizations().invite_members(&id, &email_addresses, &role).await
            }
            ["manage-organizations"] fn revoke_organization_invitation(clerk: Caller, id: OrganizationId, invitation_id: String) -> OrganizationInvitation {
                clerk.organizations().revoke_invitation(&id, &invitation_id).await
            }
            ["manage-organizations"] fn organization_membership_requests(clerk: Caller, id: OrganizationId, params: StatusListParams) -> Page<OrganizationMembershipRequest> {
                clerk.organizations().membership_requests(&id, params).await
            }
            ["manage-organizations"] fn accept_organization_membership_request(clerk: Caller, id: OrganizationId, request_id: String) -> OrganizationMembershipRequest {
                clerk.organizations().accept_membership_request(&id, &request_id).await
            }
            ["manage-organizations"] fn reject_organization_membership_request(clerk: Caller, id: OrganizationId, request_id: String) -> OrganizationMembershipRequest {
                clerk.organizations().reject_membership_request(&id, &request_id).await
            }
            ["manage-organizations"] fn organization_roles(clerk: Caller, id: OrganizationId, params: PageParams) -> Page<Role> {
                clerk.organizations().roles(&id, params).await
            }
            ["manage-organizations"] fn organization_domains(clerk: Caller, id: OrganizationId, params: DomainListParams) -> Page<OrganizationDomain> {
                clerk.organizations().domains(&id, params).await
            }
            ["manage-organizations"] fn organization_domain(clerk: Caller, id: OrganizationId, domain_id: String) -> OrganizationDomain {
                clerk.organizations().domain(&id, &domain_id).await
            }
            ["manage-organizations"] fn create_organization_domain(clerk: Caller, id: OrganizationId, name: String, enrollment_mode: Option<String>) -> OrganizationDomain {
                clerk.organizations().create_domain(&id, &name, enrollment_mode.as_deref()).await
            }
            ["manage-organizations"] fn prepare_organization_domain_verification(clerk: Caller, id: OrganizationId, domain_id: String, email_address: String) -> OrganizationDomain {
                clerk.organizations().prepare_domain_affiliation_verification(&id, &domain_id, &email_address).await
            }
            ["manage-organizations"] fn attempt_organization_domain_verification(clerk: Caller, id: OrganizationId, domain_id: String, code: String) -> OrganizationDomain {
                clerk.organizations().attempt_domain_affiliation_verification(&id, &domain_id, &code).await
            }
            ["manage-organizations"] fn update_organization_enrollment_mode(clerk: Caller, id: OrganizationId, domain_id: String, params: UpdateEnrollmentModeParams) -> OrganizationDomain {
                clerk.organizations().update_enrollment_mode(&id, &domain_id, params).await
            }
            ["manage-organizations"] fn delete_organization_domain(clerk: Caller, id: OrganizationId, domain_id: String) -> DeletedObject {
                clerk.organizations().delete_domain(&id, &domain_id).await
            }
        }
    };
}
