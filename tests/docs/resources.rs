//! The table of `docs/resources.md`: what the sources, the command table and the tests say of each method of a resource.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{assert_generated, root};

/// The folders of the core with the methods.
const SOURCES: &[&str] = &[
    "crates/clerk-core/src/resources",
    "crates/clerk-core/src/flows",
    "crates/clerk-core/src/exchange",
    "crates/clerk-core/src/backend",
];

/// The sets of the commands that are methods of resources.
const SETS: &[&str] = &["account", "security", "organizations", "manage-organizations", "delete-account"];

/// A method of the core.
struct Method {
    /// E.g. `Account::update`.
    name: String,
    /// What it sends.
    request: String,
    /// The method of Clerk's documentation.
    clerk: String,
}

/// A row of the command table.
struct Command {
    name: String,
    sets: Vec<String>,
    /// The method of the core that it calls.
    method: String,
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Returns the name of the function that a line declares.
fn function(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    let is_declaration = before.split_whitespace().all(|word| matches!(word, "pub" | "async" | "pub(crate)"));
    is_declaration.then(|| rest.split(['(', '<']).next().unwrap_or_default())
}

/// Returns the methods whose comments name a request, in the order of the sources.
fn methods() -> Vec<Method> {
    let mut methods = Vec::new();
    for path in SOURCES.iter().flat_map(|folder| files(&root().join(folder))) {
        let (mut of, mut comment) = (String::new(), Vec::new());
        for line in read(path).lines() {
            let trimmed = line.trim();
            if let Some(name) = line.strip_prefix("impl ").and_then(|rest| rest.strip_suffix(" {")) {
                of = name.to_owned();
            } else if let Some(text) = trimmed.strip_prefix("///") {
                comment.push(text.trim().to_owned());
            } else if let Some(name) = function(trimmed) {
                let source = comment.iter().skip_while(|line| *line != "# Source").skip(1);
                let source = source.take_while(|line| !line.is_empty()).cloned().collect::<Vec<_>>().join(" ");
                if let Some((request, clerk)) = source.split_once("; ") {
                    let request = request.strip_prefix("FAPI ").unwrap_or(request);
                    let clerk = clerk.split('`').nth(1).unwrap_or_default().replace("()", "");
                    methods.push(Method { name: format!("{of}::{name}"), request: request.to_owned(), clerk });
                }
                comment.clear();
            } else if !trimmed.starts_with("#[") {
                comment.clear();
            }
        }
    }
    methods
}

/// Returns the rows of the command table.
fn commands() -> Vec<Command> {
    let table = read("src/commands/table.rs");
    let rows = table.split("\n            [\"").skip(1);
    rows.map(|row| {
        let (sets, rest) = row.split_once("] fn ").unwrap();
        let (name, body) = rest.split_once('(').unwrap();
        let handles = [("account", "Account"), ("organizations", "Organizations"), ("sessions", "Sessions")];
        let called = |before: &str| {
            let (_, rest) = body.split_once(before)?;
            Some(rest.split(['(', ' ', ';']).next().unwrap_or_default().to_owned())
        };
        let of_handle = handles
            .iter()
            .find_map(|(accessor, handle)| Some(format!("{handle}::{}", called(&format!("clerk.{accessor}()."))?)));
        let of_clerk = || called("clerk.").or_else(|| called("window.")).unwrap_or_default();
        // Windows navigate themselves.
        let of_clerk = || of_clerk().replace("end_sessions", "sign_out");
        let method = of_handle.unwrap_or_else(|| format!("Clerk::{}", of_clerk()));
        let sets = sets.split('"').filter(|set| set.chars().any(char::is_alphabetic)).map(str::to_owned).collect();
        Command { name: name.to_owned(), sets, method }
    })
    .collect()
}

/// Returns the methods in TypeScript by their command: the rows of `resource-methods.test.ts`.
fn typescript(commands: &[Command]) -> BTreeMap<String, Vec<String>> {
    let mut methods: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let test = read("guest-js/__tests__/resource-methods.test.ts");
    let mut current = None;
    for line in test.lines() {
        if let Some((name, _)) = line.trim().strip_prefix('\'').and_then(|rest| rest.split_once("': ["))
            && name.starts_with(char::is_uppercase)
        {
            current = Some(name.to_owned());
        }
        let words = line.split('\'').skip(1).step_by(2);
        let command = words.into_iter().find(|word| commands.iter().any(|command| command.name == *word));
        if let (Some(command), Some(name)) = (command, current.as_ref()) {
            methods.entry(command.to_owned()).or_default().push(name.clone());
            current = None;
        }
    }
    methods
}

/// Finds the test that calls a method, itself or in a helper that it calls.
fn test_of(method: &str, tests: &[(String, String)]) -> Option<String> {
    let name = method.split("::").nth(1)?;
    let handle = method.split("::").next()?;
    let own = match handle {
        "Account" => "resources/account.rs",
        "Organizations" => "resources/organization.rs",
        "Sessions" => "resources/session.rs",
        _ => "",
    };
    let calling = |text: &str, call: &str| {
        let (mut present, mut is_test) = (None, false);
        let mut found = Vec::new();
        for line in text.lines() {
            if line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some(name) = line.starts_with(['a', 'p', 'f']).then(|| function(line)).flatten() {
                present = Some((name.to_owned(), std::mem::take(&mut is_test)));
            }
            if line.contains(call)
                && let Some(present) = &present
            {
                found.push(present.clone());
            }
        }
        found
    };
    let mut found = Vec::new();
    for (path, text) in tests {
        let callers = calling(text, &format!(".{name}("));
        let of_helper = || {
            let helper = &callers.first()?.0;
            calling(text, &format!("{helper}(")).into_iter().find(|(name, is_test)| *is_test && name != helper)
        };
        let mut tests: Vec<_> = callers.iter().filter(|(_, is_test)| *is_test).cloned().collect();
        tests.extend(tests.is_empty().then(of_helper).flatten());
        found.extend(tests.into_iter().map(|(test, _)| (path, test)));
    }
    // The one that is about the method, and one that sends the request rather than one that refuses to.
    let rank = |(path, test): &(&String, String)| {
        let refuses = ["without_a_request", "refuse", "requires"].iter().any(|word| test.contains(word));
        (!test.contains(name), refuses, !path.ends_with(own), !path.starts_with("resources/"))
    };
    found.into_iter().min_by_key(rank).map(|(path, test)| format!("{path}::{test}"))
}

#[test]
fn resources_page_lists_every_method() {
    let (methods, commands) = (methods(), commands());
    let typescript = typescript(&commands);
    let folder = root().join("crates/clerk-core/tests");
    let tests: Vec<_> = files(&folder)
        .into_iter()
        .map(|path| (path.strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/"), read(&path)))
        .collect();
    let mut table = String::from(
        "| TypeScript | Rust | request | permission | test in Rust | command |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    // Sessions can be ended without a resource too, so their commands are in the set for that. Those of attempts, of session tokens
    // and of requests to the backend have sets of their own; they are here because they have rows in the test.
    let is_of_resource = |one: &&Command| {
        one.sets.iter().all(|set| SETS.contains(&set.as_str()))
            || one.method.starts_with("Sessions::")
            || typescript.contains_key(&one.name)
    };
    for command in commands.iter().filter(is_of_resource) {
        let name = &command.name;
        let method = methods.iter().find(|one| one.name == command.method);
        let Method { request, clerk, .. } =
            method.unwrap_or_else(|| panic!("{name}: no comment names the request of {}", command.method));
        // A second step of a method is in the row of the method.
        let in_typescript = typescript
            .get(name)
            .cloned()
            .or_else(|| typescript.values().flatten().any(|one| one == clerk).then(|| vec![clerk.clone()]));
        let in_typescript = in_typescript.unwrap_or_else(|| panic!("{name} has no row in resource-methods.test.ts"));
        let in_typescript: Vec<String> = in_typescript.iter().map(|one| format!("`{one}`")).collect();
        let test = test_of(&command.method, &tests).unwrap_or_else(|| panic!("no test calls {}", command.method));
        table.push_str(&format!(
            "| {} | `{}` | {request} | `clerk:{}` | `{test}` | `{name}` |\n",
            in_typescript.join(", "),
            command.method,
            command.sets.join("`, `clerk:"),
        ));
    }
    assert_generated("docs/resources.md", &table);
}
