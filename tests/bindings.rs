//! Compares the generated files of `guest-js` with what Rust generates. With `CLERK_WRITE_BINDINGS=1` it writes them.

use std::{fs, path::Path};

use tauri::test::MockRuntime;

#[test]
fn bindings_match_the_committed_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest-js");
    if std::env::var_os("CLERK_WRITE_BINDINGS").is_some() {
        clerk::export_bindings::<MockRuntime>(&folder).unwrap();
        return;
    }
    let fresh = tempfile::tempdir().unwrap();
    clerk::export_bindings::<MockRuntime>(fresh.path()).unwrap();
    for name in ["bindings.ts", "on-demand-commands.ts"] {
        let committed = fs::read_to_string(folder.join(name)).unwrap_or_default();
        let generated = fs::read_to_string(fresh.path().join(name)).unwrap();
        assert!(generated == committed, "guest-js/{name} is stale: run `cargo xtask bindings`");
    }
}
