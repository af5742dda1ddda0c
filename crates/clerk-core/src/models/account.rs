use crate::{
    fapi::wire::resource,
    models::{SessionId, SessionStatus, UnixMillis},
};

resource! {
    /// An authenticator app of a user.
    ///
    /// Source: FAPI `TOTP`; `TOTP` of Clerk's documentation.
    pub struct Totp {
        /// Identifier.
        pub id: String,
        /// The secret in base32, for apps that can't read `uri`. Only when it was just created.
        pub secret: Option<String>,
        /// The `otpauth:` URI, to be shown as a QR code. Only when it was just created.
        pub uri: Option<String>,
        /// Whether a code was verified.
        pub verified: bool,
        /// Backup codes that were created with it.
        pub backup_codes: Option<Vec<String>>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// Backup codes. FAPI sends them once.
    pub struct BackupCodes {
        /// Identifier.
        pub id: String,
        /// The codes. Each works once.
        pub codes: Vec<String>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// A picture that was uploaded.
    pub struct Image {
        /// Identifier.
        pub id: Option<String>,
        /// The name of the file.
        pub name: Option<String>,
        /// The address of the picture.
        pub public_url: Option<String>,
    }
}

resource! {
    /// What is left of a resource that was deleted.
    pub struct DeletedObject {
        /// Its kind, e.g. `email_address`.
        pub object: String,
        /// Its identifier.
        pub id: Option<String>,
        /// Its name in URLs.
        pub slug: Option<String>,
        /// Whether it was deleted.
        pub deleted: bool,
    }
}

resource! {
    /// A session of the user on any device.
    ///
    /// Source: `SessionWithActivities` of Clerk's documentation.
    pub struct SessionWithActivities {
        /// Identifier.
        pub id: SessionId,
        /// Status.
        pub status: SessionStatus,
        /// When it expires.
        pub expire_at: UnixMillis,
        /// When it expires if it is not used.
        pub abandon_at: UnixMillis,
        /// When it was last used.
        pub last_active_at: UnixMillis,
        /// The device and place of the last use.
        pub latest_activity: Option<SessionActivity>,
        /// The impersonator of the user, or null.
        pub actor: serde_json::Value,
    }
}

resource! {
    /// The device and place of a session.
    pub struct SessionActivity {
        /// Identifier.
        pub id: String,
        /// The kind of device, e.g. `Macintosh`.
        pub device_type: Option<String>,
        /// The browser, or the app.
        pub browser_name: Option<String>,
        /// Its version.
        pub browser_version: Option<String>,
        /// IP address.
        pub ip_address: Option<String>,
        /// City.
        pub city: Option<String>,
        /// Country.
        pub country: Option<String>,
        /// Whether it is a phone or tablet.
        pub is_mobile: bool,
    }
}
