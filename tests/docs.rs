//! The documents say what the code does.

use std::collections::BTreeSet;

use clerk::ErrorCode;

#[test]
fn every_error_code_is_explained() {
    let page = include_str!("../docs/errors.md");
    let section = page.split("## Errors of this library").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let documented: BTreeSet<_> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned).collect();
    let defined: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(documented, defined);
}
