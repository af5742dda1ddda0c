//! Identifiers: formats, normal forms, and ownership.

use crate::{
    config::Config,
    error::{Refusal, Result},
    state::{Kind, User, World},
};

/// Whether a string is an e-mail address: one `@`, a local part, and a domain with a dot.
pub(crate) fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.contains('@')
                && domain.split('.').count() > 1
                && domain.split('.').all(|label| !label.is_empty())
                && !text.contains(char::is_whitespace)
                && text.len() <= 255
        }
        None => false,
    }
}

/// Returns an identifier as it is stored: phone numbers normalized, others as entered.
pub(crate) fn stored_form(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Phone => normal_form(kind, value),
        Kind::Email | Kind::Wallet | Kind::Username => value.trim().to_owned(),
    }
}

/// Normalizes a phone number: `+` and 8 to 15 digits, without spaces, dashes and brackets.
pub(crate) fn phone_number(text: &str) -> Option<String> {
    let plain: String =
        text.chars().filter(|character| !character.is_whitespace() && !matches!(character, '-' | '(' | ')')).collect();
    let digits = plain.strip_prefix('+')?;
    let good = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(plain)
}

/// Whether a string is an Ethereum or a Solana address.
pub(crate) fn is_wallet(text: &str) -> bool {
    match text.strip_prefix("0x") {
        Some(hex) => hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => bs58::decode(text).into_vec().is_ok_and(|bytes| bytes.len() == 32),
    }
}

/// Returns the normal form of an identifier, for comparison.
pub(crate) fn normal_form(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Phone => phone_number(value).unwrap_or_else(|| value.to_owned()),
        // Solana addresses are case-sensitive.
        Kind::Wallet if !value.starts_with("0x") => value.to_owned(),
        Kind::Email | Kind::Username | Kind::Wallet => value.trim().to_lowercase(),
    }
}

/// Checks a username.
pub(crate) fn check_username(config: &Config, username: &str) -> Result<()> {
    let refuse = |code: &str| Err(Refusal::new(422, code).param("username"));
    let length = username.chars().count();
    let identifiers = &config.identifiers;
    if length < identifiers.username_min_length || length > identifiers.username_max_length {
        return refuse("form_username_invalid_length");
    }
    if phone_number(username).is_some() {
        return refuse("form_username_cannot_be_phone_number");
    }
    if !username.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-')) {
        return refuse("form_username_invalid_character");
    }
    if username.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse("form_username_needs_non_number_char");
    }
    Ok(())
}

/// Checks the format of an identifier and returns it as it is stored.
pub(crate) fn check_form(kind: Kind, value: &str) -> Result<String> {
    let invalid = || Refusal::new(422, "form_param_format_invalid").param(kind.as_str());
    let value = value.trim();
    match kind {
        Kind::Email if is_email(value) => Ok(value.to_owned()),
        Kind::Phone => phone_number(value).ok_or_else(invalid),
        Kind::Wallet if is_wallet(value) => Ok(value.to_owned()),
        Kind::Username => Ok(value.to_owned()),
        Kind::Email | Kind::Wallet => Err(invalid()),
    }
}

/// Whether the instance has this kind of identifier.
pub(crate) fn is_enabled(config: &Config, kind: Kind) -> bool {
    match kind {
        Kind::Email => config.identifiers.email.is_on(),
        Kind::Phone => config.identifiers.phone.is_on(),
        Kind::Username => config.identifiers.username.is_on(),
        Kind::Wallet => !config.identifiers.web3.is_empty(),
    }
}

/// Returns the kind of an entered identifier.
pub(crate) fn kind_of(config: &Config, identifier: &str) -> Option<Kind> {
    /// Maximum length of an identifier, in bytes.
    const LONGEST: usize = 255;
    if identifier.len() > LONGEST {
        return None;
    }
    let kind = if is_email(identifier) {
        Kind::Email
    } else if is_wallet(identifier) {
        Kind::Wallet
    } else if phone_number(identifier).is_some() {
        Kind::Phone
    } else if !identifier.contains(['@', ' ']) {
        Kind::Username
    } else {
        return None;
    };
    is_enabled(config, kind).then_some(kind)
}

/// Whether messages to this recipient always carry the code 424242.
pub(crate) fn is_test(config: &Config, to: &str) -> bool {
    let test_number = || {
        let number = phone_number(to)?;
        let digits = number.strip_prefix("+1").filter(|digits| digits.len() == 10)?;
        digits.get(3..).map(|local| local.starts_with("55501"))
    };
    let test_address = || to.split_once('@').is_some_and(|(local, _)| local.contains("+clerk_test"));
    config.test_mode && (test_address() || test_number() == Some(true))
}

/// Masks most of an identifier.
pub(crate) fn masked(value: &str) -> String {
    if let Some((local, domain)) = value.split_once('@') {
        let first: String = local.chars().take(1).collect();
        return format!("{first}{}@{domain}", "*".repeat(local.chars().count().saturating_sub(1).max(2)));
    }
    // Count characters, not bytes: the input may be any string.
    let length = value.chars().count();
    let end = |shown: usize| value.chars().skip(length.saturating_sub(shown)).collect::<String>();
    if value.starts_with('+') {
        return format!("{}{}", "*".repeat(length.saturating_sub(2)), end(2));
    }
    if length <= 10 {
        return value.to_owned();
    }
    format!("{}…{}", value.chars().take(4).collect::<String>(), end(4))
}

impl World {
    /// Returns the owner of a verified identifier.
    pub(crate) fn owner_of(&self, kind: Kind, value: &str) -> Option<&User> {
        self.owners.get(&(kind, normal_form(kind, value))).and_then(|id| self.users.get(id))
    }

    /// Refuses an identifier that has an owner.
    pub(crate) fn refuse_taken(&self, kind: Kind, value: &str) -> Result<()> {
        match self.owner_of(kind, value) {
            Some(_) => Err(Refusal::new(422, "form_identifier_exists").param(kind.as_str())),
            None => Ok(()),
        }
    }

    /// Refuses an identifier by the instance's allowlist and blocklist.
    pub(crate) fn refuse_restricted(&self, value: &str, param: &str) -> Result<()> {
        let restrictions = &self.config.restrictions;
        let on = |list: &[String]| list.iter().any(|pattern| matches_pattern(pattern, value));
        let subaddress =
            restrictions.block_subaddresses && value.split_once('@').is_some_and(|(local, _)| local.contains('+'));
        let kept_out = subaddress
            || on(&restrictions.blocklist)
            || (!restrictions.allowlist.is_empty() && !on(&restrictions.allowlist));
        if kept_out { Err(Refusal::new(403, "not_allowed_access").param(param)) } else { Ok(()) }
    }
}

fn matches_pattern(pattern: &str, value: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => value.to_lowercase().ends_with(&end.to_lowercase()),
        None => pattern.eq_ignore_ascii_case(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_of_recognizes_each_kind() {
        let mut config = Config::preset("everything").unwrap();
        let wallet = "0x52908400098527886E0F7030069857D2E4169EE7";
        for (text, kind) in [
            ("a@b.test", Some(Kind::Email)),
            ("+1 (201) 555-0100", Some(Kind::Phone)),
            (wallet, Some(Kind::Wallet)),
            ("ada_lovelace", Some(Kind::Username)),
            ("no spaces", None),
            ("a@b", None),
        ] {
            assert_eq!(kind_of(&config, text), kind, "{text}");
        }
        config.identifiers.phone = crate::config::Presence::Off;
        assert_eq!(kind_of(&config, "+12015550100"), None);
    }

    #[test]
    fn check_username_applies_its_rules() {
        let config = Config::default();
        for (name, code) in [
            ("abc", "form_username_invalid_length"),
            ("a b c", "form_username_invalid_character"),
            ("12345", "form_username_needs_non_number_char"),
            ("+12015550100", "form_username_cannot_be_phone_number"),
        ] {
            assert_eq!(check_username(&config, name).unwrap_err().code, code);
        }
        assert!(check_username(&config, "ada_1").is_ok());
    }

    #[test]
    fn is_test_recognizes_test_recipients() {
        let mut config = Config::default();
        assert!(is_test(&config, "a+clerk_test@b.test") && is_test(&config, "+12015550100"));
        assert!(!is_test(&config, "a@b.test") && !is_test(&config, "+12015560100"));
        config.test_mode = false;
        assert!(!is_test(&config, "a+clerk_test@b.test"));
    }

    #[test]
    fn masked_hides_most_characters() {
        assert_eq!(masked("grace@example.com"), "g****@example.com");
        assert_eq!(masked("+12015550100"), "**********00");
        assert_eq!(masked("0x52908400098527886E0F7030069857D2E4169EE7"), "0x52…9EE7");
    }

    #[test]
    fn masked_and_kind_of_accept_any_unicode() {
        let config = Config::default();
        for text in
            ["+1201555010\u{3000}0", "+1\u{3000}\u{3000}\u{3000}0", "日本語日本語日本語日本語", "é@日本.test", "+é", ""]
        {
            masked(text);
            is_test(&config, text);
            kind_of(&config, text);
        }
        assert_eq!(masked("日本語日本語日本語日本語"), "日本語日…語日本語");
        assert_eq!(stored_form(Kind::Phone, "+1201555010\u{3000}0"), "+12015550100");
        assert!(is_test(&config, "+1 (201) 555-0100"), "however it is written");
    }
}
