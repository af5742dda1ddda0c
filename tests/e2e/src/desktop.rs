//! The desktop that a test runs on.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clerk_emulator::{Config, Emulator};
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::{Capabilities, WebDriver};

use crate::{
    App, PATIENCE, Result, Window, memory,
    process::{self, Running},
    session::{self, Environment, SessionBus},
    until,
};

/// The system browser: Debian's.
const BROWSER: &str = "/usr/bin/chromium";

/// The program that [`BROWSER`], a script, runs.
pub(crate) const CHROMIUM: &str = "/usr/lib/chromium/chromium";

/// Options of a desktop.
#[derive(Debug)]
#[non_exhaustive]
pub struct Options {
    /// The app.
    pub app: App,
    /// The emulated instance.
    pub instance: Config,
    /// Whether the desktop has a keyring.
    pub keyring: bool,
    /// Whether the desktop has a browser.
    pub browser: bool,
    /// Whether the programs that the app and the browser start are recorded; see [`Desktop::programs`].
    pub records_programs: bool,
}

impl Options {
    /// Returns the options for this app on the instance of the demo.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app, instance: Config::demo(app.callback()), keyring: true, browser: true, records_programs: false }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new(App::default())
    }
}

/// A private desktop. Dropping it ends every program and removes every file.
#[derive(Debug)]
pub struct Desktop {
    // Dropped in this order: what needs the display and the bus goes before them.
    driver: Option<Running>,
    background: Option<Running>,
    /// Processes of the app that nothing drives.
    processes: Vec<Running>,
    browser: Option<WebDriver>,
    chromedriver: Option<Running>,
    browser_process: Option<Running>,
    _bus: SessionBus,
    _display: Running,
    app: App,
    emulator: Emulator,
    environment: Environment,
    files: TempDir,
}

impl Desktop {
    /// Starts a desktop.
    ///
    /// # Errors
    /// If a program is missing or does not start; `cargo xtask setup` installs them.
    pub async fn start(options: Options) -> Result<Self> {
        let mut files = tempfile::Builder::new().prefix("clerk-e2e-").tempdir()?;
        files.disable_cleanup(keeps_files());
        let emulator = Emulator::start(options.instance.strict()).await?;
        let (display, number) = Running::start_and_read_line(Command::new("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1360x1000x24",
            "-nolisten",
            "tcp",
        ]))?;
        let mut environment = environment(files.path(), &format!(":{number}"))?;
        environment.push(("CLERK_PUBLISHABLE_KEY", emulator.publishable_key()));
        environment.push(("CLERK_PROXY_URL", emulator.base_url()));
        environment.push(("CLERK_EXAMPLE_SCRIPT", record_problems(files.path())?));
        if options.records_programs {
            environment.push(("PATH", record_programs(files.path())?));
        }
        let bus = SessionBus::start(files.path(), &mut environment, options.keyring).await?;
        let mut desktop = Self {
            driver: None,
            background: None,
            processes: Vec::new(),
            browser: None,
            chromedriver: None,
            browser_process: None,
            _bus: bus,
            _display: display,
            app: options.app,
            emulator,
            environment,
            files,
        };
        if options.browser {
            desktop.start_browser().await?;
        }
        Ok(desktop)
    }

    /// Returns the emulator.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Returns the driver of the system browser.
    ///
    /// # Panics
    /// If [`Options::browser`] is not set.
    #[must_use]
    #[allow(clippy::expect_used, reason = "without that option, `start` gives out no desktop without a browser")]
    pub fn browser(&self) -> &WebDriver {
        self.browser.as_ref().expect("the desktop has a browser")
    }

    /// Returns the folder with all files of this desktop.
    #[must_use]
    pub fn files(&self) -> &Path {
        self.files.path()
    }

    /// Returns the output of the app and of the programs that the app or the browser started.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn log(&self) -> Result<String> {
        let mut log = String::new();
        for name in ["app.log", "browser.log"] {
            log.push_str(&String::from_utf8_lossy(&fs::read(self.files().join(name)).unwrap_or_default()));
        }
        Ok(log)
    }

    /// Returns the command lines and environments of the programs that were started, if [`Options::records_programs`] is set. The
    /// line of a program begins with `program: `.
    ///
    /// # Errors
    /// If no program was started.
    pub fn programs(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.files().join(PROGRAMS))?).into_owned())
    }

    /// Starts the app and returns its window.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_app(&mut self) -> Result<Window> {
        self.start_app_with(&[]).await
    }

    /// Starts the app without a window, as at login. It ends with the desktop, or with [`end_app`](Self::end_app).
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_in_background(&mut self) -> Result<()> {
        self.end_app();
        let mut command = Command::new(self.app.program());
        command.arg("--background").envs(self.environment.clone());
        self.background = Some(Running::start(&mut command, &self.files().join("app.log"))?);
        Ok(())
    }

    /// Starts one more process of the app, as a user does who starts it again, and returns at once.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_process(&mut self) -> Result<()> {
        let mut command = Command::new(self.app.program());
        command.envs(self.environment.clone());
        self.processes.push(Running::start(&mut command, &self.files().join("app.log"))?);
        Ok(())
    }

    /// Starts the app with a changed environment. An empty value removes the variable.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_app_with(&mut self, changes: &[(&str, &str)]) -> Result<Window> {
        self.end_app();
        let [port, native] = free_ports()?;
        let mut command = Command::new("tauri-driver");
        command
            .args(["--port", &port.to_string(), "--native-port", &native.to_string()])
            .envs(self.environment.clone());
        for (name, value) in changes {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        self.driver = Some(Running::start(&mut command, &self.files().join("driver.log"))?);
        let mut capabilities = Capabilities::new();
        capabilities.set("browserName", json!("wry"))?;
        capabilities.set("tauri:options", json!({ "application": self.launcher()? }))?;
        // tauri-driver drops requests until the driver behind it listens.
        wait_for_port(native).await?;
        let driver = connect(port, capabilities).await?;
        Ok(Window::new(driver))
    }

    /// Writes a script that starts the app and logs its output, which WebKitWebDriver would discard.
    fn launcher(&self) -> Result<PathBuf> {
        let path = self.files().join("launch");
        let (app, log) = (self.app.program(), self.files().join("app.log"));
        fs::write(&path, format!("#!/bin/sh\nexec '{}' \"$@\" >>'{}' 2>&1\n", app.display(), log.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        Ok(path)
    }

    /// Kills the app and waits until it is off the bus: before that, a new process would treat itself as the second one.
    pub fn end_app(&mut self) {
        process::end_all(&self.app.program(), &self.marker());
        self.driver = None;
        self.background = None;
        self.processes.clear();
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.is_on_the_bus() && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Whether a process of the app owns its name on the bus.
    #[must_use]
    pub fn is_on_the_bus(&self) -> bool {
        self.has_owner(self.app.bus_name())
    }

    /// Whether a process owns a name on the bus.
    #[must_use]
    pub fn has_owner(&self, name: &str) -> bool {
        self.ask_bus("NameHasOwner", name).contains("true")
    }

    /// Prepares a program that runs on this desktop.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.clone()).stdin(Stdio::null());
        command
    }

    /// Returns the process of the app that owns its name on the bus, which is the first one.
    #[must_use]
    pub fn first_process(&self) -> Option<u32> {
        // `(uint32 1234,)`
        let answer = self.ask_bus("GetConnectionUnixProcessID", self.app.bus_name());
        answer.split_once(' ')?.1.split(',').next()?.parse().ok()
    }

    /// Calls a method of the bus that takes a name. Returns the result as text, empty if it fails.
    fn ask_bus(&self, method: &str, name: &str) -> String {
        let mut command = Command::new("gdbus");
        command.args(["call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus"]);
        command.args(["--method", &format!("org.freedesktop.DBus.{method}"), name]);
        command.envs(self.environment.clone());
        let output = command.stdin(Stdio::null()).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    }

    /// Returns the number of running processes of the app.
    #[must_use]
    pub fn app_processes(&self) -> usize {
        self.processes().len()
    }

    /// Returns the running processes of the app.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        process::find(&self.app.program(), &self.marker())
    }

    /// Opens a link through the desktop's MIME database, as another program would.
    ///
    /// # Errors
    /// If no program is registered for it.
    pub async fn open_link(&self, link: &str) -> Result<()> {
        let (link, environment) = (link.to_owned(), self.environment.clone());
        let status = tokio::task::spawn_blocking(move || {
            let mut command = Command::new("xdg-open");
            command.arg(link).envs(environment).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status()
        });
        if status.await??.success() { Ok(()) } else { Err("no program is registered for the link".into()) }
    }

    /// Waits for the provider's page in the browser and makes it the current tab.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn provider_page(&self) -> Result<()> {
        self.page("#deny").await
    }

    /// Waits for a page in the browser that has an element, and makes it the current tab.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn page(&self, css: &str) -> Result<()> {
        let browser = self.browser();
        until(&format!("a page with {css} opens in the browser"), || async {
            for tab in browser.windows().await.ok()?.into_iter().rev() {
                browser.switch_to_window(tab).await.ok()?;
                if browser.find(thirtyfour::By::Css(css)).await.is_ok() {
                    return Some(());
                }
            }
            None
        })
        .await
    }

    /// Types into a field of the current page in the browser.
    ///
    /// # Errors
    /// If it does not exist.
    pub async fn fill_in_browser(&self, name: &str, text: &str) -> Result<()> {
        let field = self.browser().find(thirtyfour::By::Css(format!("[name={name}]"))).await?;
        Ok(field.send_keys(text).await?)
    }

    /// Clicks a control of the page in the browser.
    ///
    /// # Errors
    /// If it does not exist.
    pub async fn click_in_browser(&self, id: &str) -> Result<()> {
        Ok(self.browser().find(thirtyfour::By::Id(id)).await?.click().await?)
    }

    /// Closes the current tab of the browser and switches to another one.
    ///
    /// # Errors
    /// If the browser does not respond.
    pub async fn close_tab(&self) -> Result<()> {
        self.browser().close_window().await?;
        let tabs = self.browser().windows().await?;
        let tab = tabs.first().ok_or("the browser has no tab left")?;
        Ok(self.browser().switch_to_window(tab.clone()).await?)
    }

    /// Takes a screenshot of the whole screen.
    ///
    /// # Errors
    /// If ImageMagick fails.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let mut command = Command::new("import-im6.q16");
        command.args(["-window", "root"]).arg(file).envs(self.environment.clone());
        if command.status()?.success() { Ok(()) } else { Err("the screen could not be captured".into()) }
    }

    /// Returns which of the texts are in the memory of the processes that run the app's pages, and which are in that of the app
    /// itself.
    ///
    /// # Errors
    /// If there is no such process, or its memory can't be read.
    pub fn find_in_memory(&self, texts: &[&str]) -> Result<[Vec<bool>; 2]> {
        let pages = process::find_named("WebKitWebProcess", &self.marker());
        let app = process::find(&self.app.program(), &self.marker());
        let find = |processes: &[u32]| -> Result<Vec<bool>> {
            let mut found = vec![false; texts.len()];
            if processes.is_empty() {
                return Err("the app has no such process".into());
            }
            for pid in processes {
                let here = memory::find_in(*pid, texts)?;
                found.iter_mut().zip(here).for_each(|(found, here)| *found |= here);
            }
            Ok(found)
        };
        Ok([find(&pages)?, find(&app)?])
    }

    /// Returns the marker in the environment of this desktop's processes.
    fn marker(&self) -> String {
        format!("HOME={}", self.files().display())
    }

    async fn start_browser(&mut self) -> Result<()> {
        let profile = self.files().join("browser");
        let arguments = [
            format!("--user-data-dir={}", profile.display()),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--no-first-run".to_owned(),
            "--no-default-browser-check".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--password-store=basic".to_owned(),
            format!("--load-extension={}", wallet_extension().display()),
            "--disable-features=DisableLoadExtensionCommandLineSwitch".to_owned(),
            "--window-size=1100,860".to_owned(),
        ];
        self.make_default_browser(&arguments)?;
        // The driver attaches to a browser that is started like a user's: one that the driver starts accepts no pages from
        // other programs.
        let [debugging, port] = free_ports()?;
        self.write_preferences(&profile)?;
        let mut browser = Command::new(BROWSER);
        browser.args(&arguments).arg(format!("--remote-debugging-port={debugging}")).arg("about:blank");
        self.browser_process =
            Some(Running::start(browser.envs(self.environment.clone()), &self.files().join("browser.log"))?);
        wait_for_port(debugging).await?;
        let mut driver = Command::new("chromedriver");
        driver.arg(format!("--port={port}")).envs(self.environment.clone());
        self.chromedriver = Some(Running::start(&mut driver, &self.files().join("driver.log"))?);
        let mut capabilities = Capabilities::new();
        capabilities.set("browserName", json!("chrome"))?;
        capabilities.set("goog:chromeOptions", json!({ "debuggerAddress": format!("127.0.0.1:{debugging}") }))?;
        self.browser = Some(connect(port, capabilities).await?);
        Ok(())
    }

    /// Lets the emulator's pages open the app without a prompt.
    fn write_preferences(&self, profile: &Path) -> Result<()> {
        let allowed = json!({ self.emulator.base_url(): { self.app.scheme(): true } });
        let preferences = json!({ "protocol_handler": { "allowed_origin_protocol_pairs": allowed } });
        fs::create_dir_all(profile.join("Default"))?;
        Ok(fs::write(profile.join("Default/Preferences"), preferences.to_string())?)
    }

    /// Registers the browser for web pages.
    fn make_default_browser(&self, arguments: &[String]) -> Result<()> {
        let applications = self.files().join("data/applications");
        fs::create_dir_all(&applications)?;
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Browser\nExec={BROWSER} {} %u\nMimeType=x-scheme-handler/http;x-scheme-handler/https;\n",
            arguments.join(" ")
        );
        fs::write(applications.join("browser.desktop"), entry)?;
        let defaults =
            "[Default Applications]\nx-scheme-handler/http=browser.desktop\nx-scheme-handler/https=browser.desktop\n";
        fs::write(self.files().join("config/mimeapps.list"), defaults)?;
        Ok(())
    }
}

/// If `CLERK_E2E_KEEP` is set, the files of a desktop are kept, with a last screenshot.
fn keeps_files() -> bool {
    std::env::var_os("CLERK_E2E_KEEP").is_some()
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if keeps_files() {
            // Only for debugging.
            let _ = self.screenshot(&self.files().join("last.png"));
        }
        self.end_app();
        // The browser does not end with its driver.
        process::end_all(Path::new(CHROMIUM), &self.marker());
    }
}

/// A browser extension that announces a wallet. The test signs for it.
fn wallet_extension() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("wallet-extension")
}

fn environment(files: &Path, display: &str) -> Result<Environment> {
    let mut environment = session::folders(files)?;
    environment.extend([
        ("DISPLAY", display.to_owned()),
        // Debian's xdg-open accepts quoted commands of launcher entries only on a known desktop.
        ("XDG_CURRENT_DESKTOP", "GNOME".to_owned()),
        ("RUST_LOG", "trace".to_owned()),
        ("NO_COLOR", "1".to_owned()),
        ("NO_AT_BRIDGE", "1".to_owned()),
        ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
    ]);
    Ok(environment)
}

/// Writes the script that the React example runs in its pages before their own scripts, and returns its path.
fn record_problems(files: &Path) -> Result<String> {
    let script = files.join("problems.js");
    fs::write(&script, include_str!("problems.js"))?;
    Ok(script.display().to_string())
}

/// The file with the programs that were started.
const PROGRAMS: &str = "programs.log";

/// The programs of the desktop that the app and the browser start.
const RECORDED: &[&str] =
    &["xdg-open", "xdg-mime", "update-desktop-database", "gio", "gnome-open", "kde-open", "wslview"];

/// Puts a script before each program that records how it is started. Returns the `PATH` with these scripts.
fn record_programs(files: &Path) -> Result<String> {
    let (scripts, path) = (files.join("programs"), std::env::var("PATH")?);
    fs::create_dir_all(&scripts)?;
    for name in RECORDED {
        let Some(real) = path.split(':').map(|folder| Path::new(folder).join(name)).find(|real| real.exists()) else {
            continue;
        };
        let (script, log) = (scripts.join(name), files.join(PROGRAMS));
        let text = format!(
            "#!/bin/sh\n{{ echo \"program: {name} $*\"; env; }} >>'{}'\nexec '{}' \"$@\"\n",
            log.display(),
            real.display()
        );
        fs::write(&script, text)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700))?;
    }
    Ok(format!("{}:{path}", scripts.display()))
}

/// Returns two free ports.
pub(crate) fn free_ports() -> Result<[u16; 2]> {
    let (one, other) = (TcpListener::bind(("127.0.0.1", 0))?, TcpListener::bind(("127.0.0.1", 0))?);
    Ok([one.local_addr()?.port(), other.local_addr()?.port()])
}

pub(crate) async fn connect(port: u16, capabilities: Capabilities) -> Result<WebDriver> {
    let url = format!("http://127.0.0.1:{port}");
    wait_for_port(port).await?;
    Ok(WebDriver::new(&url, capabilities).await?)
}

async fn wait_for_port(port: u16) -> Result<()> {
    let connect = || async { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok() };
    until("a server listens", connect).await.map(|_| ())
}
