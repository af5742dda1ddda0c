//! Names in the wire's snake_case and in JavaScript's camelCase.

/// `emailAddress` → `email_address`.
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

/// `email_address` → `emailAddress`.
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
