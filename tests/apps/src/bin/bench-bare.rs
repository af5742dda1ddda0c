//! The app without the plugin.

use clerk_bench_apps::{Windows, commands, open_windows};

fn main() -> tauri::Result<()> {
    commands(tauri::Builder::default())
        .manage(Windows::default())
        .setup(|app| Ok(open_windows(app).map(|_| ())?))
        .run(tauri::generate_context!())
}
