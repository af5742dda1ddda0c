//! Conversions between the wire's snake_case and JavaScript's camelCase.

/// Converts `emailAddress` to `email_address`.
pub(crate) fn snake_case(key: &str) -> String {
    let mut result = String::with_capacity(key.len() + 4);
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            result.push('_');
        }
        result.push(character.to_ascii_lowercase());
    }
    result
}

/// Converts `email_address` to `emailAddress`.
pub(crate) fn camel_case(key: &str) -> String {
    let mut result = String::with_capacity(key.len());
    let mut upper = false;
    for character in key.chars() {
        match character {
            '_' => upper = !result.is_empty(),
            _ if upper => {
                result.extend(character.to_uppercase());
                upper = false;
            }
            _ => result.push(character),
        }
    }
    result
}
