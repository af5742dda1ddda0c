//! Adding users and organizations without a flow.

use crate::{
    config::{Config, NewEmail, NewOrganization, NewUser},
    ops::organization::slug_of,
    state::{Domain, Kind, Member, Organization, PasswordHash, Totp, User, Verification, VerificationStatus, World},
};

impl World {
    /// Creates an instance with the users and organizations of its configuration.
    pub(crate) fn new(config: Config, base_url: String) -> Self {
        let mut world = Self::empty(config, base_url);
        for user in world.config.users.clone() {
            world.add_user(&user);
        }
        for organization in world.config.seed_organizations.clone() {
            world.add_organization(&organization);
        }
        world
    }

    /// Adds a user and returns the ID.
    pub(crate) fn add_user(&mut self, new: &NewUser) -> String {
        let mut user = self.empty_user();
        user.username.clone_from(&new.username);
        user.first_name.clone_from(&new.first_name);
        user.last_name.clone_from(&new.last_name);
        let salt = self.ids.nonce();
        user.password = new.password.as_deref().map(|password| PasswordHash::new(password, salt));
        user.password_updated_at = user.password.as_ref().map(|_| user.created_at);
        user.password_compromised = new.password_compromised;
        user.public_metadata = new.public_metadata.clone();
        user.unsafe_metadata = new.unsafe_metadata.clone();
        user.backup_codes.clone_from(&new.backup_codes);
        user.banned = new.banned;
        for email in &new.email_addresses {
            match email {
                NewEmail::Address(address) | NewEmail::Full { email: address, verified: true } => {
                    self.add_verified(&mut user, Kind::Email, address, "admin");
                }
                NewEmail::Full { email, verified: false } => {
                    let verification = Verification::new("admin", VerificationStatus::Unverified);
                    let identification = self.identification(Kind::Email, email, Some(verification));
                    user.identifications.push(identification);
                }
            }
        }
        for phone in &new.phone_numbers {
            self.add_verified(&mut user, Kind::Phone, &phone.number, "admin");
            if let Some(given) = user.identifications.last_mut() {
                given.second_factor = phone.second_factor;
                given.default_second_factor = phone.second_factor;
            }
        }
        for wallet in &new.web3_wallets {
            self.add_verified(&mut user, Kind::Wallet, wallet, "admin");
        }
        for identity in &new.external_accounts {
            self.connect(&mut user, identity);
        }
        if let Some(secret) = &new.totp_secret {
            let id = self.ids.id("totp");
            let created_at = self.now_ms();
            user.totp = Some(Totp { id, secret: secret.clone(), verified: true, last_step: None, created_at });
        }
        user.mfa_enabled_at = user.has_second_factor().then_some(user.created_at);
        let id = user.id.clone();
        self.save_user(user);
        if let Some(name) = &new.organization {
            let organization =
                NewOrganization { name: name.clone(), creator: Some(id.clone()), ..NewOrganization::default() };
            self.add_organization(&organization);
        }
        id
    }

    /// Returns the user with this ID or e-mail address.
    pub(crate) fn find_user(&self, wanted: &str) -> Option<&User> {
        self.users.get(wanted).or_else(|| self.owner_of(Kind::Email, wanted))
    }

    /// Adds an organization and returns its ID. Unknown members are ignored.
    pub(crate) fn add_organization(&mut self, new: &NewOrganization) -> String {
        let now = self.now_ms();
        let slug = new.slug.clone().unwrap_or_else(|| slug_of(&new.name));
        let mut organization = Organization::new(self.ids.id("org"), new.name.clone(), slug, now);
        organization.public_metadata = new.public_metadata.clone();
        let creator = new.creator.iter().map(|user| (user.as_str(), "org:admin"));
        for (user, role) in creator.chain(new.members.iter().map(|one| (one.user.as_str(), one.role.as_str()))) {
            let Some(user_id) = self.find_user(user).map(|user| user.id.clone()) else { continue };
            organization.members.push(Member::new(self.ids.id("orgmem"), user_id, role, now));
        }
        for domain in &new.domains {
            let affiliation = domain.verified.then(|| Verification::verified("email_code"));
            let id = self.ids.id("orgdmn");
            let mode = domain.enrollment_mode.clone();
            organization.domains.push(Domain::new(id, domain.name.clone(), mode, affiliation, now));
        }
        let id = organization.id.clone();
        self.organizations.insert(id.clone(), organization);
        id
    }
}
