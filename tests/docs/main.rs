//! Checks that the documents match the code.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

mod permissions;
mod resources;

use std::{collections::BTreeSet, fs, path::Path};

use clerk::ErrorCode;

/// The folder of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Asserts that a part of a page is what is generated. With `CLERK_WRITE_DOCS=1` it is written.
fn assert_generated(page: &str, text: &str) {
    let path = root().join(page);
    let present = fs::read_to_string(&path).unwrap();
    let begin = "<!-- generated: CLERK_WRITE_DOCS=1 cargo test --workspace --test docs -->\n";
    let end = "<!-- end -->";
    let (before, rest) = present.split_once(begin).unwrap_or_else(|| panic!("{page} has no generated part"));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("the generated part of {page} has no end"));
    let expected = format!("{before}{begin}\n{text}\n{end}{after}");
    if std::env::var_os("CLERK_WRITE_DOCS").is_some() {
        fs::write(path, expected).unwrap();
    } else {
        assert!(present == expected, "{page} is stale: run `CLERK_WRITE_DOCS=1 cargo test --workspace --test docs`");
    }
}

#[test]
fn errors_page_lists_every_error_code() {
    let page = include_str!("../../docs/errors.md");
    let section = page.split("## Errors of this library").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let documented: BTreeSet<_> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned).collect();
    let defined: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(documented, defined);
}

/// Returns the cells of a row of a table.
fn cells(line: &str) -> Vec<String> {
    line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// Returns the rows of `docs/clerk-class.md` with five columns: name, Rust, TypeScript, desktop, test.
fn class_rows() -> Vec<Vec<String>> {
    let page = include_str!("../../docs/clerk-class.md");
    let tables = page.lines().filter(|line| line.starts_with("| `")).map(cells);
    tables.filter(|cells| cells.len() == 5).collect()
}

/// Returns the strings in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn source(file: &str) -> String {
    let folder = if file.ends_with(".test.ts") { "guest-js/__tests__/" } else { "" };
    let path = root().join(format!("{folder}{file}"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Whether the file has a test of this name: a function with a `test` attribute, one in a list, or the title of an `it`.
fn is_test(file: &str, name: &str) -> bool {
    let text = source(file);
    if file.ends_with(".test.ts") {
        // Independent of line breaks: `it('title'`, or `it.each(…)('title'`.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
        let title = |quote: char| ["it(", ")("].map(|before| format!("{before}{quote}{name}{quote}"));
        return ['\'', '"'].into_iter().flat_map(title).any(|title| text.contains(&title));
    }
    // Tests that run without the usual test runner are in a list.
    if let Some((_, list)) = text.split_once("const TESTS: ") {
        return list.contains(&format!("\"{name}\","));
    }
    let function = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let mut attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        line.contains(&function) && attributes.any(|line| line.starts_with("#[test]") || line.contains("::test"))
    })
}

/// Asserts that the cell names tests, and that they exist.
fn assert_names_tests(row: &[String], cell: &str) {
    let tests = quoted(cell);
    assert!(!tests.is_empty(), "{row:?}");
    for test in tests {
        let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{test} is not `file::name`"));
        assert!(is_test(file, name), "{} names {test}, which does not exist", row[0]);
    }
}

#[test]
fn class_page_fills_every_cell_and_names_existing_tests() {
    let rows = class_rows();
    assert_eq!(rows.len(), 15 + 32 + 32, "properties, methods, components");
    for row in &rows {
        assert!(row.iter().all(|cell| !cell.is_empty() && cell != "-" && cell != "—"), "{row:?}");
        assert_names_tests(row, &row[4]);
    }
}

/// The table of the components beside the documented ones has four columns.
#[test]
fn class_page_names_existing_tests_for_the_other_components() {
    let page = include_str!("../../docs/clerk-class.md");
    let rows = page.lines().filter(|line| line.starts_with("| `")).map(cells).filter(|cells| cells.len() == 4);
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 8);
    for row in &rows {
        assert_names_tests(row, &row[3]);
    }
}

/// The page explains the only difference: pictures of the emulator.
#[test]
fn frameworks_page_shows_the_policy_that_the_example_runs() {
    let page = include_str!("../../docs/frameworks.md");
    let documented = page.lines().find_map(|line| line.strip_prefix("\"csp\": \"")?.strip_suffix('"')).unwrap();
    let example = include_str!("../../examples/react/src-tauri/tauri.conf.json");
    let example: serde_json::Value = serde_json::from_str(example).unwrap();
    let run = example["app"]["security"]["csp"].as_str().unwrap();
    let pictures = " http://127.0.0.1:*";
    assert_eq!(run.matches(pictures).count(), 1);
    assert_eq!(documented, run.replace(pictures, ""));
    assert!(page.contains("`http://127.0.0.1:*`"));
}

/// `tests/vectors/clerk-class.txt` lists the members.
#[test]
fn class_page_has_a_row_for_every_documented_member() {
    let documented: BTreeSet<&str> = include_str!("../vectors/clerk-class.txt").lines().collect();
    let rows = class_rows();
    let rows: BTreeSet<&str> = rows.iter().map(|row| row[0].trim_matches('`').trim_end_matches("()")).collect();
    assert_eq!(rows, documented);
}

/// A row without a test says why.
#[test]
fn threat_model_has_a_row_for_every_finding_and_names_existing_tests() {
    let page = include_str!("../../docs/threat-model.md");
    let numbers: Vec<String> = [("H", 2), ("M", 9), ("L", 14), ("R", 18), ("C", 6)]
        .into_iter()
        .flat_map(|(letter, last)| (1..=last).map(move |number| format!("{letter}{number}")))
        .collect();
    let section = page.split("\n## Findings\n").nth(1).unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| #") && !line.starts_with("| -");
    let rows: Vec<_> = section.lines().filter(is_row).map(cells).collect();
    assert_eq!(rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>(), numbers);
    for row in &rows {
        assert_eq!(row.len(), 4, "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        match row[3].strip_prefix("none:") {
            Some(why) => assert!(!why.trim().is_empty(), "{row:?}"),
            None => assert_names_tests(row, &row[3]),
        }
    }
}
