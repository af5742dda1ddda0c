//! A web page with Clerk's own `clerk-js` and `@clerk/ui`, in a real browser, on the emulator.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clerk_emulator::{Config, Emulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{By, Capabilities, WebDriver, WebElement};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Description, Result,
    desktop::{CHROMIUM, connect, free_ports},
    paths::{picture, root},
    process::{Running, end_all},
    session::folders,
    until,
};

/// A loaded page. Dropping it ends the browser.
#[derive(Debug)]
pub struct WebPage {
    driver: WebDriver,
    emulator: Emulator,
    server: JoinHandle<()>,
    url: String,
    // Dropped last: the browser's profile, after the browser.
    _chromedriver: Running,
    files: TempDir,
}

/// Where `cargo xtask setup` unpacks Clerk's scripts.
fn scripts() -> PathBuf {
    root().join("target/clerk-scripts")
}

impl WebPage {
    /// Starts an emulator, serves the page, opens it in Chromium and loads Clerk.
    ///
    /// # Errors
    /// If a program is missing, or Clerk does not load.
    pub async fn open(mut config: Config) -> Result<Self> {
        if !scripts().join("clerk-js/dist/clerk.browser.js").exists() {
            return Err("Clerk's scripts are missing; run `cargo xtask setup`".into());
        }
        config.native_api.allowed_origins = vec!["loopback".to_owned()];
        config.npm_dir = Some(scripts());
        let emulator = Emulator::start(config).await?;
        emulator.record_answers();
        let (url, server) = serve_page(&emulator).await?;
        let files = tempfile::Builder::new().prefix("clerk-web-").tempdir()?;
        let [port, _] = free_ports()?;
        let mut command = std::process::Command::new("chromedriver");
        command.arg(format!("--port={port}")).envs(folders(files.path())?);
        let chromedriver = Running::start(&mut command, &files.path().join("chromedriver.log"))?;
        let driver = connect(port, capabilities(files.path())?).await?;
        let page = Self { driver, emulator, server, url, _chromedriver: chromedriver, files };
        page.load().await?;
        Ok(page)
    }

    /// Reloads the page and loads Clerk. Its storage is kept.
    ///
    /// # Errors
    /// If Clerk does not load.
    pub async fn load(&self) -> Result<()> {
        self.driver.goto(&self.url).await?;
        self.run("await start()").await.map(|_| ())
    }

    /// Returns the emulator.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Returns the browser's driver.
    #[must_use]
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Returns the URL of the page.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs the body of an async function, where `clerk` is the loaded Clerk, and returns its result.
    ///
    /// # Errors
    /// If it throws: Clerk's code, or the message of the error.
    pub async fn run(&self, body: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const clerk = window.Clerk; (async () => {{ {body} }})().then(\
             (value) => done({{ value: value === undefined ? null : value }}),\
             (error) => done({{ error: error?.errors?.[0]?.code ?? `${{error}} ${{error?.stack ?? ''}}` }}));"
        );
        let answer = self.driver.execute_async(script, Vec::new()).await?.json().clone();
        match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap_or("an error without a message").into()),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Runs the body of an async function that must throw, and returns Clerk's code of the error.
    ///
    /// # Errors
    /// If it does not throw.
    pub async fn refusal(&self, body: &str) -> Result<String> {
        match self.run(body).await {
            Ok(value) => Err(format!("expected an error, not {value}").into()),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// Waits for an element.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn wait_for(&self, css: &str) -> Result<WebElement> {
        until(&format!("the page shows {css}"), || async { self.driver.find(By::Css(css)).await.ok() }).await
    }

    /// Saves a screenshot in `CLERK_E2E_PICTURES` or `target/pictures`, for manual review.
    ///
    /// # Errors
    /// If the browser does not respond, or the file can't be written.
    pub async fn picture(&self, name: &str) -> Result<()> {
        Ok(self.driver.screenshot(&picture(name)?).await?)
    }

    /// Returns the problems of the page: errors on the console, failed requests, uncaught exceptions.
    ///
    /// # Errors
    /// If the browser does not respond.
    pub async fn problems(&self) -> Result<Vec<String>> {
        let all = self.run("return window.problems").await?;
        Ok(all.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect())
    }

    /// Compares every response of the emulator with the published description, if that is available.
    ///
    /// # Errors
    /// If a response does not match the description, or if there was no response.
    pub fn check_answers(&self) -> Result<()> {
        let Some(description) = Description::read()? else {
            return Ok(());
        };
        let entries = self.emulator.requests();
        let mut by_operation: BTreeMap<(&str, u16), Vec<&Value>> = BTreeMap::new();
        for entry in &entries {
            if let (Some(operation), Some(answer)) = (entry.operation, &entry.answer) {
                by_operation.entry((operation, entry.status)).or_default().push(answer);
            }
        }
        let mut wrong = Vec::new();
        for ((operation, status), answers) in &by_operation {
            let complaints = description.complaints(operation, *status, answers.iter().copied())?;
            wrong.extend(complaints.into_iter().map(|complaint| format!("{operation} {status}: {complaint}")));
        }
        if by_operation.is_empty() {
            wrong.push("no answer was compared".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// If it does not respond.
    pub async fn close(self) -> Result<()> {
        self.driver.clone().quit().await?;
        Ok(())
    }
}

impl Drop for WebPage {
    fn drop(&mut self) {
        self.server.abort();
        // The browser does not end with its driver.
        end_all(Path::new(CHROMIUM), &self.files.path().display().to_string());
    }
}

fn capabilities(files: &Path) -> Result<Capabilities> {
    let arguments = [
        format!("--user-data-dir={}", files.join("profile").display()),
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        // In an automated browser, clerk-js treats failed requests as being offline.
        "--disable-blink-features=AutomationControlled".to_owned(),
        // Nothing leaves the machine.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1 , EXCLUDE localhost".to_owned(),
        "--window-size=1280,1000".to_owned(),
    ];
    let mut capabilities = Capabilities::new();
    capabilities.set("browserName", json!("chrome"))?;
    capabilities.set("goog:chromeOptions", json!({ "args": arguments, "binary": "/usr/bin/chromium" }))?;
    Ok(capabilities)
}

async fn serve_page(emulator: &Emulator) -> Result<(String, JoinHandle<()>)> {
    let html =
        include_str!("page.html").replace("EMULATOR", &emulator.base_url()).replace("KEY", &emulator.publishable_key());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    // By name: a passkey belongs to a domain, not to an IP address.
    let url = format!("http://localhost:{}/", listener.local_addr()?.port());
    let router = axum::Router::new().fallback(move || {
        let html = html.clone();
        async move { axum::response::Html(html) }
    });
    let server = tokio::spawn(async move {
        // It runs until it is aborted.
        let _ = axum::serve(listener, router).await;
    });
    Ok((url, server))
}
