use crate::{fapi::wire::resource, models::UserId};

resource! {
    /// The user's data that other members can see.
    pub struct PublicUserData {
        /// First name.
        pub first_name: Option<String>,
        /// Last name.
        pub last_name: Option<String>,
        /// Avatar.
        pub image_url: String,
        /// Whether the avatar was uploaded.
        pub has_image: bool,
        /// E-mail address, phone number or username.
        pub identifier: String,
        /// The user.
        pub user_id: Option<UserId>,
        /// Username.
        pub username: Option<String>,
    }
}
