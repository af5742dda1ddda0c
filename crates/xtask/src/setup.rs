//! Installing what the machine lacks.

use std::{fs, path::Path, process::Stdio};

use crate::process::{execute, output, program, root, works};

/// Debian packages: to build Tauri apps, to show a window without a screen, to play a desktop.
const PACKAGES: &[&str] = &[
    "build-essential",
    "libwebkit2gtk-4.1-dev",
    "librsvg2-dev",
    "webkit2gtk-driver",
    "xvfb",
    "dbus",
    "dbus-x11",
    "gnome-keyring",
    "xdg-utils",
    "desktop-file-utils",
    "libglib2.0-bin",
    "chromium",
    "chromium-driver",
    "imagemagick",
];
const TAURI_DRIVER: &str = "2.1.0";
const OLDEST_NODE: u32 = 20;

/// Everything that the demo and the tests need.
pub(crate) fn run() -> Result<(), String> {
    packages()?;
    node_modules()?;
    tauri_driver()
}

/// Installs missing Debian packages; elsewhere names what is needed.
pub(crate) fn packages() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    if !works("dpkg-query", &["--version"]) {
        println!(
            "This is no Debian or Ubuntu, so nothing is installed. Needed are the equivalents of:\n  {}",
            PACKAGES.join(" ")
        );
        return Ok(());
    }
    let missing: Vec<&str> = PACKAGES.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        println!("Debian packages: all there");
        return Ok(());
    }
    println!("Debian packages: installing {}", missing.join(" "));
    let root = output("id", &["-u"]).as_deref() == Some("0");
    if !root && !works("sudo", &["-n", "true"]) {
        return Err(format!("installing packages needs root; run\n  sudo apt-get install {}", missing.join(" ")));
    }
    apt(root, &["update", "-q"])?;
    apt(root, &[&["install", "-y", "-q", "--no-install-recommends"], missing.as_slice()].concat())
}

fn is_installed(package: &str) -> bool {
    output("dpkg-query", &["-W", "-f=${db:Status-Status}", package]).as_deref() == Some("installed")
}

fn apt(root: bool, arguments: &[&str]) -> Result<(), String> {
    let mut command = if root {
        program("apt-get", arguments)
    } else {
        program("sudo", &[&["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat())
    };
    execute(command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()))
}

/// Installs the npm packages when the lock file is newer than they are.
pub(crate) fn node_modules() -> Result<(), String> {
    let version = output("node", &["--version"]).ok_or("Node.js is needed: install version 20 or newer, with npm")?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_NODE) {
        return Err(format!("Node.js {version} is too old: install version {OLDEST_NODE} or newer"));
    }
    let (lock, installed) = (root().join("package-lock.json"), root().join("node_modules/.package-lock.json"));
    if modified(&installed).is_some_and(|at| modified(&lock).is_some_and(|lock| lock <= at)) {
        println!("npm packages: all there");
        return Ok(());
    }
    println!("npm packages: installing");
    execute(&mut program("npm", &["ci", "--no-audit", "--no-fund"]))
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Installs tauri-driver, which drives the window of a Tauri app.
pub(crate) fn tauri_driver() -> Result<(), String> {
    if works("tauri-driver", &["--help"]) {
        println!("tauri-driver: there");
        return Ok(());
    }
    println!("tauri-driver: installing {TAURI_DRIVER}");
    execute(&mut program("cargo", &["install", "tauri-driver", "--version", TAURI_DRIVER, "--locked"]))
}
