//! Compares `guest-js/bindings.ts` with the generated bindings. With `CLERK_WRITE_BINDINGS=1` it writes the file.

use std::path::Path;

use tauri::test::MockRuntime;

#[test]
fn bindings_match_the_committed_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest-js/bindings.ts");
    if std::env::var_os("CLERK_WRITE_BINDINGS").is_some() {
        clerk::export_bindings::<MockRuntime>(&path).unwrap();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let fresh = directory.path().join("bindings.ts");
    clerk::export_bindings::<MockRuntime>(&fresh).unwrap();
    let (fresh, committed) =
        (std::fs::read_to_string(fresh).unwrap(), std::fs::read_to_string(path).unwrap_or_default());
    assert!(fresh == committed, "guest-js/bindings.ts is stale: run `cargo xtask bindings`");
}
