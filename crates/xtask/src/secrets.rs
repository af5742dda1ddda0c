//! Finds secrets that could be printed: fields that hold a secret as plain text, and secrets in log messages.
//!
//! The types of `crates/clerk-core/src/secret.rs` print nothing, so a type with such fields may derive `Debug`. This check makes
//! sure that they are used, and that each type which has them and can be printed is in the crate's test of that.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Fields, Ident, Item, ItemImpl, Type, visit::Visit};

use crate::process::root;

/// The crates that are checked, each with the test that prints its types.
const CRATES: &[(&str, &str)] =
    &[("crates/clerk-core/src", "crates/clerk-core/src/redaction.rs"), ("src", "src/redaction.rs")];

/// Parts of the names of fields and variants that hold secrets.
const SECRET_NAMES: &[&str] = &[
    "approval",
    "authorization",
    "cookie",
    "credential",
    "jwt",
    "nonce",
    "password",
    "raw_client",
    "secret",
    "signature",
    "ticket",
    "token",
    "verifier",
];

/// Types that hold text or bytes and print them.
const PLAIN_TYPES: &[&str] = &["String", "str", "u8", "Value", "Map", "Url", "Bytes", "Cow", "Zeroizing"];

/// The types of `secret.rs`.
const SECRET_TYPES: &[&str] =
    &["Secret", "ClientToken", "SessionToken", "RotatingTokenNonce", "CodeVerifier", "FormBody", "StoredSecret"];

/// Macros whose output people read.
const PRINTING: &[&str] = &["tracing", "log", "print", "println", "eprint", "eprintln", "panic", "unreachable", "dbg"];

/// Fields whose names look like those of secrets, but that hold none, as `Type.field`.
const NO_SECRETS: &[&str] = &[
    // The name of an instance.
    "SecretKey.ClientToken",
];

/// `cargo xtask secrets`, and a step of `cargo xtask test`.
pub(crate) fn check() -> Result<(), String> {
    let mut problems = Vec::new();
    for (folder, test) in CRATES {
        let test = root().join(test);
        let tested = fs::read_to_string(&test).map_err(|error| format!("{}: {error}", test.display()))?;
        let mut found = Findings::default();
        for file in files(&root().join(folder), &test)? {
            let source = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            found.read(&source).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        println!("{folder}: {} types hold secrets", found.holders.len());
        problems.extend(found.problems(&tested).into_iter().map(|problem| format!("{folder}: {problem}")));
    }
    if problems.is_empty() { Ok(()) } else { Err(format!("secrets could be printed:\n{}", problems.join("\n"))) }
}

/// Returns the Rust files below `folder`, apart from tests.
fn files(folder: &Path, test: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path != test
                && path.file_name().is_none_or(|name| name != "tests.rs" && name != "fuzz.rs")
            {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// What the files of a crate contain.
#[derive(Default)]
struct Findings {
    /// Types with a field of a secret type.
    holders: BTreeSet<String>,
    /// Types with a derived or written `Debug`.
    printable: BTreeSet<String>,
    problems: Vec<String>,
}

impl Findings {
    fn read(&mut self, source: &str) -> syn::Result<()> {
        self.visit_file(&syn::parse_file(source)?);
        Ok(())
    }

    /// Returns what is wrong; `test` is the text of the test that prints the types.
    fn problems(&self, test: &str) -> Vec<String> {
        let words: BTreeSet<&str> =
            test.split(|character: char| !character.is_alphanumeric() && character != '_').collect();
        let untested = self.holders.intersection(&self.printable).filter(|name| !words.contains(name.as_str()));
        let untested =
            untested.map(|name| format!("{name} holds secrets and can be printed, but is not in redaction.rs"));
        self.problems.iter().cloned().chain(untested).collect()
    }

    fn read_type(&mut self, ident: &Ident, attributes: &[Attribute], fields: Vec<(String, &Type)>) {
        let name = ident.to_string();
        if attributes.iter().any(|attribute| attribute.path().is_ident("derive") && mentions(attribute, &["Debug"])) {
            self.printable.insert(name.clone());
        }
        for (field, kind) in fields {
            let place = format!("{name}.{field}");
            let is_secret = SECRET_NAMES.iter().any(|part| field.to_lowercase().contains(part));
            if mentions(kind, SECRET_TYPES) {
                self.holders.insert(name.clone());
            } else if mentions(kind, &["Zeroizing"])
                || (is_secret && mentions(kind, PLAIN_TYPES) && !NO_SECRETS.contains(&place.as_str()))
            {
                let kind = kind.to_token_stream();
                self.problems.push(format!("{place} holds a secret as {kind}; use a type of clerk_core::secret"));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Findings {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(item) if is_test(&item.attrs) => return,
            Item::Struct(item) => {
                let fields = named(&item.fields, &item.ident);
                self.read_type(&item.ident, &item.attrs, fields);
            }
            Item::Enum(item) => {
                let fields = item.variants.iter().flat_map(|variant| named(&variant.fields, &variant.ident)).collect();
                self.read_type(&item.ident, &item.attrs, fields);
            }
            _ => {}
        }
        syn::visit::visit_item(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let is_debug = |path: &syn::Path| path.segments.last().is_some_and(|last| last.ident == "Debug");
        if item.trait_.as_ref().is_some_and(|(_, path, _)| is_debug(path))
            && let Type::Path(path) = &*item.self_ty
            && let Some(last) = path.path.segments.last()
        {
            self.printable.insert(last.ident.to_string());
        }
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        let prints = |name: &Ident| PRINTING.iter().any(|printing| name == printing);
        if invoked.path.segments.iter().any(|segment| prints(&segment.ident)) && contains(&invoked.tokens, &["expose"])
        {
            let text = invoked.to_token_stream();
            self.problems.push(format!("a secret is printed by `{text}`"));
        }
    }
}

/// Returns the fields with their names, or with that of the variant.
fn named<'a>(fields: &'a Fields, owner: &Ident) -> Vec<(String, &'a Type)> {
    let name = |field: &syn::Field| field.ident.as_ref().unwrap_or(owner).to_string();
    fields.iter().map(|field| (name(field), &field.ty)).collect()
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") && mentions(attribute, &["test"]))
}

fn mentions(item: &impl ToTokens, names: &[&str]) -> bool {
    contains(&item.to_token_stream(), names)
}

fn contains(tokens: &TokenStream, names: &[&str]) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => contains(&group.stream(), names),
        TokenTree::Ident(ident) => names.iter().any(|name| ident == name),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(source: &str) -> Vec<String> {
        let mut found = Findings::default();
        found.read(source).unwrap();
        found.problems("Tested")
    }

    #[test]
    fn problems_are_plain_secrets() {
        for source in [
            "struct A { password: String }",
            "struct A { client_token: Option<String> }",
            "struct A { nonces: Vec<Box<str>> }",
            "struct Ticket(String);",
            "enum A { Verifier(String) }",
            "enum A { B { cookie: [u8; 16] } }",
            "struct A { raw_client: Arc<Value> }",
            "struct A { key: Zeroizing<[u8; 32]> }",
            "mod inner { pub struct A { secret: Vec<u8> } }",
            "fn f() { struct A { secret: &'static str } }",
        ] {
            assert_eq!(problems(source).len(), 1, "{source}");
        }
        for source in [
            "struct A { password: Secret<String>, name: String, token_in_file: bool }",
            "#[cfg(test)] mod tests { struct A { password: String } }",
        ] {
            assert_eq!(problems(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn problems_are_printable_types_that_are_not_tested() {
        for source in [
            "#[derive(Clone, Debug)] struct A { token: ClientToken }",
            "#[derive(Debug)] enum A { B(Secret<String>) }",
            "struct A(Option<SessionToken>); impl std::fmt::Debug for A {}",
        ] {
            assert_eq!(problems(source).len(), 1, "{source}");
            assert_eq!(problems(&source.replace('A', "Tested")), Vec::<String>::new(), "{source}");
        }
        assert_eq!(problems("#[derive(Clone)] struct A { token: ClientToken }"), Vec::<String>::new());
    }

    #[test]
    fn problems_are_secrets_in_messages() {
        for (source, expected) in [
            ("fn f() { tracing::debug!(token = token.expose(), \"got it\"); }", 1),
            ("fn f() { panic!(\"{}\", token.expose()); }", 1),
            ("fn f() { tracing::debug!(?token, \"got it\"); }", 0),
            ("fn f() { send(format!(\"{}\", token.expose())); }", 0),
        ] {
            assert_eq!(problems(source).len(), expected, "{source}");
        }
    }
}
