//! The emulator against the published description: every operation is played, or refused in Clerk's words.

use std::collections::BTreeSet;

use clerk_e2e::{Description, Result};
use clerk_emulator::Emulator;

#[test]
fn emulator_knows_every_operation_of_the_description() -> Result<()> {
    let Some(description) = Description::read()? else { return Ok(()) };
    let played: BTreeSet<(&str, &str)> = Emulator::operations().map(|(method, _, name)| (method, name)).collect();
    let all: Vec<_> = description.operations().collect();
    assert_eq!(all.len(), 202, "the description that this was written for");
    let missing: Vec<_> = all.iter().filter(|(method, _, name)| !played.contains(&(method.as_str(), *name))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}
