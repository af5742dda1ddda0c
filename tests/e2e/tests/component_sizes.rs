//! What the pages of the React example load: `--nocapture` prints the table of README.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use clerk_e2e::{App, Desktop, Options, Result, Window};

/// Returns how many kilobytes of scripts the page has loaded, compressed.
async fn loaded(window: &Window) -> Result<u64> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/react/dist");
    let mut bytes = 0;
    for url in window.requests().await? {
        let Some(file) = url.strip_prefix("tauri://localhost/") else { continue };
        if Path::new(file).extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let output = Command::new("gzip").args(["-9", "-c"]).arg(dist.join(file)).stdin(Stdio::null()).output()?;
        assert!(output.status.success(), "{file} can't be compressed");
        bytes += output.stdout.len();
    }
    Ok(bytes as u64 / 1000)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_load_the_packages_that_they_use() -> Result<()> {
    let mut desktop = Desktop::start(Options::new(App::React)).await?;
    let window = desktop.start_app().await?;
    window.wait_for_css("input[name=identifier]").await?;
    let react = loaded(&window).await?;
    let (main, _) = window.open_by("open-inspector").await?;
    window.wait_for_text("status", "ready").await?;
    let class = loaded(&window).await?;
    window.switch_to(&main).await?;
    window.open_by("open-components").await?;
    window.wait_for_css("input[name=identifier]").await?;
    let components = loaded(&window).await?;
    println!("kB, compressed: the class {class}, with the components {components}, with React {react}");
    assert!(class > 5 && class < 40, "the class alone: {class} kB");
    assert!(components > 300 && components < 1000, "with <SignIn/>: {components} kB");
    assert!(react > components && react < 1200, "with React: {react} kB");
    Ok(())
}
