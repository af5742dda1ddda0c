//! The emulator supports every operation of the published description, or rejects it with Clerk's error.

use std::collections::BTreeSet;

use clerk_e2e::{Description, Result};
use clerk_emulator::Emulator;

#[test]
fn emulator_knows_every_operation_of_the_description() -> Result<()> {
    let Some(description) = Description::read()? else { return Ok(()) };
    let played: BTreeSet<(&str, &str)> = Emulator::operations().map(|(method, _, name)| (method, name)).collect();
    let all: Vec<_> = description.operations().collect();
    assert_eq!(all.len(), 202, "number of operations in the expected version of the description");
    let missing: Vec<_> = all.iter().filter(|(method, _, name)| !played.contains(&(method.as_str(), *name))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}
