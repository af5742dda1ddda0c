//! `cargo xtask demo --headless`: signs in by itself and takes pictures. The argument names the example.

#![allow(clippy::print_stdout, reason = "the demo is there to be read")]

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::Command,
};

use clerk_e2e::{App, Desktop, Options, Result, Window, until};

/// A screenshot with fewer colours is blank.
const COLOURS_OF_A_REAL_WINDOW: usize = 40;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = pictures()?;
    let app = if std::env::args().any(|argument| argument == App::React.scheme()) { App::React } else { App::Desktop };
    let mut desktop = Desktop::start(Options::new(app)).await?;
    println!(
        "A private desktop is up: display, session bus, keyring, browser, emulator at {}",
        desktop.emulator().base_url()
    );
    match app {
        App::Desktop => sign_in_with_google(&mut desktop, &folder).await?,
        App::React => sign_in_with_components(&mut desktop, &folder).await?,
    }
    for file in files(&folder)? {
        refuse_blank(&file)?;
        println!("{}", file.display());
    }
    Ok(())
}

async fn sign_in_with_google(desktop: &mut Desktop, folder: &Path) -> Result<()> {
    let window = desktop.start_app().await?;
    window.wait_for("sign-in-oauth_google").await?;
    window.screenshot(&folder.join("1-signed-out.png")).await?;
    println!("The window is open. Clicking “Continue with Google” …");
    window.click("sign-in-oauth_google").await?;
    window.wait_for("waiting").await?;
    window.screenshot(&folder.join("2-waiting.png")).await?;
    desktop.provider_page().await?;
    desktop.browser().screenshot(&folder.join("3-provider-in-browser.png")).await?;
    println!("The provider's page is open in Chromium. Approving …");
    desktop.click_in_browser("approve-grace-hopper-example-com").await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    window.click("show-claims").await?;
    until("the claims are shown", || async {
        window.text("claims").await.ok().filter(|text| text.contains("\"sid\""))
    })
    .await?;
    let (name, email, session) =
        (window.text("user-name").await?, window.text("user-email").await?, window.text("session-id").await?);
    window.screenshot(&folder.join("4-signed-in.png")).await?;
    desktop.screenshot(&folder.join("5-whole-screen.png"))?;
    second_window(&window, folder).await?;
    println!("\nSigned in: {name} <{email}>, session {session}\n");
    Ok(())
}

async fn sign_in_with_components(desktop: &mut Desktop, folder: &Path) -> Result<()> {
    let window = desktop.start_app().await?;
    window.type_css("input[name=identifier]", "ada+clerk_test@example.com").await?;
    window.screenshot(&folder.join("1-sign-in.png")).await?;
    println!("The window shows <SignIn/>. Signing in with a password …");
    window.click_css(".cl-formButtonPrimary").await?;
    window.type_css("input[name=password]", "correct-horse-battery").await?;
    window.screenshot(&folder.join("2-password.png")).await?;
    window.click_css(".cl-formButtonPrimary").await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    window.screenshot(&folder.join("3-signed-in.png")).await?;
    let (email, session) = (window.text("user-email").await?, window.text("rust-session").await?);
    window.click("go-account").await?;
    window.wait_for_css(".cl-profileSection__profile").await?;
    window.screenshot(&folder.join("4-user-profile.png")).await?;
    window.open_by("open-inspector").await?;
    window.wait_for_text("session", &session).await?;
    window.screenshot(&folder.join("5-inspector.png")).await?;
    println!("\nSigned in: Ada Lovelace <{email}>, session {session}\n");
    Ok(())
}

async fn second_window(window: &Window, folder: &Path) -> Result<()> {
    let main = window.handles().await?;
    window.click("open-second-window").await?;
    let second = window.wait_for_new(&main).await?;
    window.switch_to(&second).await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    window.screenshot(&folder.join("6-second-window.png")).await
}

/// Returns the empty folder `target/demo`.
fn pictures() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let folder = root.join("target/demo");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    Ok(files)
}

/// Checks that a screenshot is not blank.
fn refuse_blank(file: &Path) -> Result<()> {
    let output = Command::new("convert-im6.q16").arg(file).args(["-resize", "400x400", "txt:-"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let colours: HashSet<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    if colours.len() < COLOURS_OF_A_REAL_WINDOW {
        return Err(format!("{} is blank: it has {} colours", file.display(), colours.len()).into());
    }
    Ok(())
}
