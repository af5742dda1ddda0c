//! The table of the permission sets in README.md.

use serde::Deserialize;

use super::{assert_generated, root};

#[derive(Deserialize)]
struct Sets {
    set: Vec<Set>,
}

#[derive(Deserialize)]
struct Set {
    identifier: String,
    description: String,
    permissions: Vec<String>,
}

#[derive(Deserialize)]
struct Default {
    default: Permissions,
}

#[derive(Deserialize)]
struct Permissions {
    permissions: Vec<String>,
}

fn read<T: for<'de> Deserialize<'de>>(file: &str) -> T {
    toml::from_str(&std::fs::read_to_string(root().join("permissions").join(file)).unwrap()).unwrap()
}

fn quoted(sets: &[String]) -> String {
    sets.iter().map(|set| format!("`clerk:{set}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn readme_lists_the_permission_sets() {
    let sets: Sets = read("sets.toml");
    let default: Default = read("default.toml");
    let default = default.default.permissions;
    let mut table = String::from("| permission | allows a window to | in `clerk:default` |\n| --- | --- | --- |\n");
    for Set { identifier, description, permissions } in &sets.set {
        let (first, rest) = description.split_at(1);
        let included = if default.contains(identifier) { "yes" } else { "" };
        let consists =
            if identifier == "components" { format!(" These sets: {}.", quoted(permissions)) } else { String::new() };
        table.push_str(&format!("| `clerk:{identifier}` | {}{rest}{consists} | {included} |\n", first.to_lowercase()));
    }
    assert_generated("README.md", &table);
}
