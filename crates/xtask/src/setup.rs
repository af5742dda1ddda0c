//! Installs the prerequisites of the demo and the tests.

use std::{fs, path::Path, process::Stdio};

use crate::process::{execute, output, program, root, works};

/// Debian packages for building Tauri apps, and for a virtual display and desktop.
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
const CARGO_DENY: &str = "0.20.2";
const OLDEST_NODE: u32 = 20;

/// `cargo xtask setup`: installs everything that the demo and the tests need.
pub(crate) fn run() -> Result<(), String> {
    packages()?;
    node_modules()?;
    clerk_scripts()?;
    tauri_driver()
}

/// Clerk's own browser scripts, which test the emulator: folder, package, and npm's hash of it. They are not dependencies in
/// `package.json`, because those would bring in hundreds of packages that no test needs.
const SCRIPTS: &[(&str, &str, &str)] = &[
    (
        "clerk-js",
        "@clerk/clerk-js@6.40.0",
        "sha512-2MnZ/ygvuCmeuqfXQmsxfQaLN/SSJvQbtT2cLXbgr5VKr3KmZFZBVvX977fG3eZ6pprl4J9pO+I2bbe6BvColg==",
    ),
    (
        "ui",
        "@clerk/ui@1.34.0",
        "sha512-EP6Wcf+iqV5hJRMjfmVSOb7wWEgt2DuUOnR3Yv/ULPdmGgGWa64oc4tB4VfD66z8nXgtXqHEXNNnGURAOfQ7vQ==",
    ),
];

/// Unpacks Clerk's browser scripts into `target/clerk-scripts`.
fn clerk_scripts() -> Result<(), String> {
    for (folder, package, hash) in SCRIPTS {
        let place = root().join("target/clerk-scripts").join(folder);
        let stamp = place.join("package.hash");
        if fs::read_to_string(&stamp).is_ok_and(|unpacked| unpacked == *hash) {
            println!("{package}: already installed");
            continue;
        }
        println!("{package}: unpacking");
        fs::create_dir_all(&place).map_err(|error| format!("{} could not be created: {error}", place.display()))?;
        let folder = place.to_string_lossy().into_owned();
        let packed = output("npm", &["pack", "--json", "--pack-destination", &folder, package]);
        let packed =
            packed.ok_or_else(|| format!("npm could not fetch {package}; check that the npm registry is reachable"))?;
        if !packed.contains(hash) {
            return Err(format!("the hash of {package} from npm does not match the one in crates/xtask/src/setup.rs"));
        }
        let name = format!("{}.tgz", package.trim_start_matches('@').replace(['/', '@'], "-"));
        let archive = place.join(name).to_string_lossy().into_owned();
        execute(&mut program("tar", &["-xzf", &archive, "--strip-components=1", "-C", &folder]))?;
        fs::write(&stamp, hash).map_err(|error| format!("{} could not be written: {error}", stamp.display()))?;
    }
    Ok(())
}

/// Installs missing Debian packages. On other systems, lists them.
pub(crate) fn packages() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    if !works("dpkg-query", &["--version"]) {
        println!(
            "This system is not Debian or Ubuntu. Install the equivalents of these packages yourself:\n  {}",
            PACKAGES.join(" ")
        );
        return Ok(());
    }
    install(PACKAGES)
}

/// Installs packages that are missing, on Debian and Ubuntu.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if !works("dpkg-query", &["--version"]) {
        return Err(format!("this system is not Debian or Ubuntu; install the equivalents of {}", packages.join(" ")));
    }
    if missing.is_empty() {
        println!("Debian packages: already installed");
        return Ok(());
    }
    println!("Debian packages: installing {}", missing.join(" "));
    update_packages()
        .map_err(|error| format!("{error}; as root, run\n  apt-get update && apt-get install {}", missing.join(" ")))?;
    // A package may conflict with one that the user has, e.g. another compiler. Nothing is removed without asking.
    apt(&[&["install", "-y", "-q", "--no-install-recommends", "--no-remove"], missing.as_slice()].concat())
}

fn is_installed(package: &str) -> bool {
    output("dpkg-query", &["-W", "-f=${db:Status-Status}", package]).as_deref() == Some("installed")
}

/// Reads which packages there are.
pub(crate) fn update_packages() -> Result<(), String> {
    apt(&["update", "-q"])
}

fn apt(arguments: &[&str]) -> Result<(), String> {
    let root = output("id", &["-u"]).as_deref() == Some("0");
    if !root && !works("sudo", &["-n", "true"]) {
        return Err("root is required to install packages".to_owned());
    }
    let mut command = if root {
        program("apt-get", arguments)
    } else {
        program("sudo", &[&["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat())
    };
    execute(command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()))
}

/// Installs the npm packages if the lock file is newer.
pub(crate) fn node_modules() -> Result<(), String> {
    let version =
        output("node", &["--version"]).ok_or("Node.js was not found: install version 20 or newer, with npm")?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_NODE) {
        return Err(format!("Node.js {version} is too old: install version {OLDEST_NODE} or newer"));
    }
    let (lock, installed) = (root().join("package-lock.json"), root().join("node_modules/.package-lock.json"));
    if modified(&installed).is_some_and(|at| modified(&lock).is_some_and(|lock| lock <= at)) {
        println!("npm packages: already installed");
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
        println!("tauri-driver: already installed");
        return Ok(());
    }
    println!("tauri-driver: installing {TAURI_DRIVER}");
    execute(&mut program("cargo", &["install", "tauri-driver", "--version", TAURI_DRIVER, "--locked", "--debug"]))
}

/// Installs cargo-deny, which checks licences, sources and bans of dependencies.
pub(crate) fn cargo_deny() -> Result<(), String> {
    if works("cargo", &["deny", "--version"]) {
        println!("cargo-deny: already installed");
        return Ok(());
    }
    println!("cargo-deny: installing {CARGO_DENY}, which takes a few minutes");
    // A debug build compiles in a third of the time, and is fast enough.
    execute(&mut program("cargo", &["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--debug"]))
}
