//! Windows and macOS, as far as a Linux machine can prove it: type-checks and lints for both, and tests of the core that run as
//! Windows programs under wine.
//!
//! A type check needs no object files, so the C of dependencies is "compiled" by scripts that only make empty ones. Programs for
//! Windows are compiled and linked by mingw.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    process::{Steps, execute, execute_and_read, output, program, root, works},
    programs::{self, TestProgram},
    setup,
};

/// A system that is not this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    Windows,
    Macos,
}

impl Platform {
    const ALL: [Self; 2] = [Self::Windows, Self::Macos];

    fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Macos => "macos",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Windows => "x86_64-pc-windows-gnu",
            Self::Macos => "aarch64-apple-darwin",
        }
    }
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    platforms: Vec<Platform>,
    /// Whether tests are run under wine.
    run: bool,
}

fn read(options: &[&str]) -> Result<Options, String> {
    let mut read = Options { platforms: Platform::ALL.to_vec(), run: false };
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--run" => read.run = true,
            "--only" => {
                let name = options.next().copied().unwrap_or_default();
                let one = Platform::ALL.into_iter().find(|platform| platform.name() == name);
                read.platforms = vec![one.ok_or("--only needs windows or macos")?];
            }
            other => return Err(format!("unknown option {other}; platforms knows --run and --only windows|macos")),
        }
    }
    if read.run && !read.platforms.contains(&Platform::Windows) {
        return Err("--run runs tests for Windows, so --only macos excludes it".to_owned());
    }
    Ok(read)
}

/// Where the standard library of other systems comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Toolchain {
    /// The toolchain of rustup has it.
    Rustup,
    /// Debian's own compiler for browsers, which compiles it from source. It needs no server but Debian's.
    Debian,
}

/// Debian's compiler, its sources and its lints, from the security suite.
const DEBIAN_RUST: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"];
/// The C compiler, the linker and the resource compiler for Windows.
const MINGW: &str = "gcc-mingw-w64-x86-64-win32";
const WINE: &str = "wine64";

/// What is checked for other systems. The end-to-end tests are for a desktop with X11.
const WORKSPACE: &[&str] = &["--workspace", "--exclude", "clerk-e2e", "--all-targets"];

/// What runs under wine: the core with its tests over real sockets, the unit tests of the emulator and of the plugin, among them one
/// of the Credential Manager, and starts of an app that runs already.
const TESTED: &[&str] = &[
    "-p",
    "clerk-core",
    "-p",
    "clerk-emulator",
    "-p",
    "tauri-plugin-clerk",
    "--lib",
    "--test",
    "core",
    "--test",
    "single_instance",
];
/// How many tests of the core must pass under wine.
const CORE_TESTS: u64 = 150;
/// Debian's package puts no program into the path.
const WINE_PROGRAMS: &str = "/usr/lib/wine";

/// `cargo xtask platforms`.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let options = read(options)?;
    if !cfg!(target_os = "linux") {
        return Err("this command is for Debian and Ubuntu. On Windows and macOS, run `cargo test` itself".to_owned());
    }
    let mut steps = Steps::new(2 + options.platforms.len() + if options.run { 2 } else { 0 });
    steps.begin("installing missing prerequisites");
    setup::node_modules()?;
    let toolchain = toolchain(&options.platforms)?;
    let mut packages = Vec::new();
    if toolchain == Toolchain::Debian {
        packages.extend(DEBIAN_RUST);
    }
    if options.platforms.contains(&Platform::Windows) || options.run {
        packages.push(MINGW);
    }
    if options.run {
        packages.push(WINE);
    }
    setup::install(&packages)?;
    if toolchain == Toolchain::Rustup && !works("cargo", &["clippy", "--version"]) {
        execute(&mut program("rustup", &["component", "add", "clippy"]))?;
    }
    steps.begin("building the frontend, which the examples embed");
    execute(&mut program("npm", &["run", "build:all"]))?;
    let tools = fake_compilers()?;
    for platform in &options.platforms {
        steps.begin(&format!("types and lints for {} ({})", platform.name(), platform.target()));
        let mut clippy = cargo(toolchain, "clippy", platform.target(), "check");
        clippy.args(WORKSPACE).args(["--", "-D", "warnings"]);
        let name = platform.target().replace('-', "_");
        for (variable, tool) in [("CC", "cc"), ("CXX", "cc"), ("AR", "ar")] {
            clippy.env(format!("{variable}_{name}"), tools.join(tool));
        }
        execute(&mut clippy)?;
    }
    if options.run {
        steps.begin("building tests for Windows");
        let tests = build_tests(toolchain)?;
        steps.begin("tests under wine");
        run_tests(&tests)?;
    }
    Ok(())
}

/// Chooses the toolchain: what is there already, else Debian's packages, else rustup's server.
fn toolchain(platforms: &[Platform]) -> Result<Toolchain, String> {
    let missing = || {
        let installed = output("rustup", &["target", "list", "--installed"]).unwrap_or_default();
        let is_missing = |platform: &&Platform| !installed.lines().any(|line| line == platform.target());
        platforms.iter().filter(is_missing).map(|platform| platform.target()).collect::<Vec<_>>()
    };
    if missing().is_empty() {
        return Ok(Toolchain::Rustup);
    }
    // A package that apt has never heard of has no candidate, and one that is not offered has `(none)`.
    let policy = || output("apt-cache", &["policy", DEBIAN_RUST[0]]).unwrap_or_default();
    let is_offered = |policy: &str| policy.contains("Candidate:") && !policy.contains("Candidate: (none)");
    if is_offered(&policy()) || (setup::update_packages().is_ok() && is_offered(&policy())) {
        return Ok(Toolchain::Debian);
    }
    let targets = missing();
    let arguments = [&["target", "add"], targets.as_slice()].concat();
    execute(&mut program("rustup", &arguments)).map_err(|error| {
        format!(
            "the standard library for {} is missing: this system offers no package {}, and rustup could not add it ({error})",
            targets.join(" and "),
            DEBIAN_RUST[0]
        )
    })?;
    Ok(Toolchain::Rustup)
}

/// Prepares a command of cargo for a target. `folder` separates builds with different C compilers.
fn cargo(toolchain: Toolchain, command: &str, target: &str, folder: &str) -> Command {
    let mut cargo = match toolchain {
        Toolchain::Rustup => program("cargo", &[command]),
        Toolchain::Debian => {
            let mut cargo = program("/usr/bin/cargo", &[command, "-Z", "build-std=std,panic_abort"]);
            let path = std::env::var("PATH").unwrap_or_default();
            // The proxies of rustup would start another compiler.
            cargo.env("PATH", format!("/usr/bin:{path}")).env("RUSTC_BOOTSTRAP", "1");
            for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"] {
                cargo.env_remove(name);
            }
            cargo
        }
    };
    cargo.args(["--locked", "--target", target]);
    // Another compiler than that of the other builds, and only complete builds.
    cargo.env("CARGO_TARGET_DIR", folder_of(folder)).env("CARGO_INCREMENTAL", "0");
    cargo
}

fn folder_of(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("platforms").join(name)
}

/// Writes a C compiler and an archiver that make empty files, and returns their folder.
fn fake_compilers() -> Result<PathBuf, String> {
    const CC: &str = "#!/bin/sh\nwhile [ $# -gt 0 ]; do\n  case \"$1\" in\n    -o) shift; : > \"$1\" ;;\n    -o*) : > \"${1#-o}\" ;;\n  esac\n  shift\ndone\n";
    const AR: &str =
        "#!/bin/sh\nfor argument in \"$@\"; do\n  case \"$argument\" in *.a) : > \"$argument\" ;; esac\ndone\n";
    let folder = folder_of("tools");
    write(&folder.join("cc"), CC)?;
    write(&folder.join("ar"), AR)?;
    Ok(folder)
}

/// Writes a program, unless it is there already: cargo builds again what a newer one would have compiled.
fn write(path: &Path, text: &str) -> Result<(), String> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("{} could not be written: {error}", path.display()))?;
    execute(&mut program("chmod", &["755", &path.to_string_lossy()]))
}

fn build_tests(toolchain: Toolchain) -> Result<Vec<TestProgram>, String> {
    let mut build = cargo(toolchain, "test", Platform::Windows.target(), "run");
    build.args(["--no-run", "--message-format=json-render-diagnostics"]).args(TESTED);
    programs::build_with(&mut build)
}

/// A folder with a Windows of its own. Dropping it ends all of its programs.
struct Wine(PathBuf);

impl Wine {
    /// Creates the folder. Wine 8 lacks a library that every program of Rust needs: `ProcessPrng` is an older function's new name.
    fn start() -> Result<Self, String> {
        const PRNG: &str = "#include <windows.h>\n#include <ntsecapi.h>\n__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) { return RtlGenRandom(data, (ULONG)length); }\n";
        let wine = Self(folder_of("wine"));
        let source = folder_of("tools").join("prng.c");
        write(&source, PRNG)?;
        execute(&mut wine.command("wineboot", &["--init"]))?;
        // Windows that hand over messages need a graphics driver. This one shows nothing.
        let driver = ["add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"];
        execute(&mut wine.command("reg", &driver))?;
        let system = wine.0.join("drive_c/windows/system32");
        // Tauri's programs don't start without it, although no test opens a webview.
        let loader = loader().ok_or("the build of webview2-com-sys made no WebView2Loader.dll")?;
        fs::copy(&loader, system.join("WebView2Loader.dll"))
            .map_err(|error| format!("{} could not be copied: {error}", loader.display()))?;
        let library = system.join("bcryptprimitives.dll");
        let [source, library] = [source, library].map(|path| path.to_string_lossy().into_owned());
        let arguments = ["-shared", "-O2", &source, "-o", &library, "-ladvapi32"];
        execute(&mut program("x86_64-w64-mingw32-gcc", &arguments))?;
        Ok(wine)
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = program(&wine_program("wine64"), &[&[name], arguments].concat());
        // No window is opened, and nothing is downloaded.
        command.env("WINEPREFIX", &self.0).env("WINEDEBUG", "-all").env("WINEDLLOVERRIDES", "mscoree,mshtml=");
        command.env_remove("DISPLAY").stdin(Stdio::null());
        command
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // The programs of this folder only.
        for action in ["-k", "-w"] {
            let _ = program(&wine_program("wineserver"), &[action]).env("WINEPREFIX", &self.0).status();
        }
    }
}

/// Finds the library in what the build script of webview2-com-sys wrote: `webview2-com-sys-HASH/out/x64`.
fn loader() -> Option<PathBuf> {
    let build = folder_of("run").join(Platform::Windows.target()).join("debug/build");
    let folders = |folder: &Path| {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let is_its =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("webview2-com-sys"));
    let own = folders(&build).into_iter().filter(is_its);
    // Newer versions of cargo have a folder for each hash.
    let candidates = own.flat_map(|path| [vec![path.clone()], folders(&path)].concat());
    candidates.map(|path| path.join("out/x64/WebView2Loader.dll")).find(|path| path.exists())
}

fn wine_program(name: &str) -> String {
    let own = Path::new(WINE_PROGRAMS).join(name);
    if own.exists() { own.to_string_lossy().into_owned() } else { name.to_owned() }
}

fn run_tests(tests: &[TestProgram]) -> Result<(), String> {
    let wine = Wine::start()?;
    let (mut output, mut failed) = (String::new(), Vec::new());
    for test in tests {
        println!("\n     Running {} ({})", test.name, test.executable.display());
        let executable = test.executable.to_string_lossy();
        let mut command = wine.command(&executable, &[]);
        command.current_dir(&test.folder).env("CARGO_MANIFEST_DIR", &test.folder);
        let (text, result) = execute_and_read(&mut command);
        output.push_str(&text);
        if result.is_err() || (test.name == "core" && crate::test::counted(&text).0 < CORE_TESTS) {
            failed.push(test.name.as_str());
        }
    }
    let (passed, failures) = crate::test::counted(&output);
    println!("\nunder wine: {passed} passed, {failures} failed");
    match failed.is_empty() && tests.iter().any(|test| test.name == "core") {
        true => Ok(()),
        false => Err(format!("failed under wine, or ran too few tests: {}", failed.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_takes_options_in_any_order() {
        let both = Platform::ALL.to_vec();
        assert_eq!(read(&[]), Ok(Options { platforms: both.clone(), run: false }));
        assert_eq!(read(&["--run"]), Ok(Options { platforms: both, run: true }));
        assert_eq!(read(&["--only", "macos"]), Ok(Options { platforms: vec![Platform::Macos], run: false }));
        let windows = Ok(Options { platforms: vec![Platform::Windows], run: true });
        assert_eq!(read(&["--only", "windows", "--run"]), windows);
        assert_eq!(read(&["--run", "--only", "windows"]), windows);
        for bad in [&["--only"][..], &["--only", "beos"], &["--fast"], &["--run", "--only", "macos"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
