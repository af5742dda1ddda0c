//! The launcher entry that opens the app's links on Linux.
//!
//! tauri-plugin-deep-link names its entry after the binary, so that two apps called `app` overwrite each other's, and waits for
//! the desktop's programs without a limit. This entry is named after the app's identifier.

#![cfg(target_os = "linux")]

use std::{
    ffi::OsString,
    fs, io,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tauri::{AppHandle, Manager, Runtime};

use super::names::unique_name;

/// Time for each program of the desktop. They are scripts that usually take less than a second.
const PROGRAM_TIMEOUT: Duration = Duration::from_secs(20);

/// Writes the entry, also when the app was moved since the last start, and makes it the default for the app's schemes, as `xdg-mime`
/// does: a list of defaults for one desktop environment precedes that.
pub(super) fn register<R: Runtime>(app: &AppHandle<R>, schemes: &[String]) -> Result<(), String> {
    if schemes.is_empty() {
        return Ok(());
    }
    let config = app.config();
    let program = match app.env().appimage {
        Some(appimage) => appimage,
        None => std::env::current_exe().map_err(|error| error.to_string())?.into_os_string(),
    };
    let name = config.product_name.clone().unwrap_or_else(|| app.package_info().name.clone());
    let (data, config_dir) = (app.path().data_dir(), app.path().config_dir());
    let folder = data.map_err(|error| error.to_string())?.join("applications");
    let file = format!("{}.desktop", unique_name(&config.identifier));
    write(&folder, &file, &entry(&name, &program, schemes)?).map_err(|error| error.to_string())?;
    let defaults = config_dir.map(|folder| folder.join("mimeapps.list")).unwrap_or_default();
    announce(&folder, &file, schemes, &defaults, |command| run(command, PROGRAM_TIMEOUT))
}

/// Makes the entry known to the desktop, and the default for the schemes. Programs run only for what is not so yet: they are scripts
/// that start others, while the app starts.
fn announce(
    folder: &Path,
    file: &str,
    schemes: &[String],
    defaults: &Path,
    mut run: impl FnMut(&mut Command) -> io::Result<ExitStatus>,
) -> Result<(), String> {
    let all = |list: &Path, names: fn(&str, &str, &str) -> bool| {
        // A list that can't be read names nothing.
        let text = fs::read_to_string(list).unwrap_or_default();
        schemes.iter().all(|scheme| names(&text, &mime_type(scheme), file))
    };
    if !all(&folder.join("mimeinfo.cache"), is_cached) {
        match run(Command::new("update-desktop-database").arg(folder)) {
            Ok(status) if status.success() => {}
            // The database is a cache; not every system has one.
            outcome => tracing::debug!(?outcome, "the desktop's database was not updated"),
        }
    }
    if all(defaults, is_default) {
        return Ok(());
    }
    let types = schemes.iter().map(|scheme| mime_type(scheme));
    match run(Command::new("xdg-mime").arg("default").arg(file).args(types)) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("xdg-mime failed: {status}")),
        Err(error) => Err(format!("xdg-mime could not be run: {error}")),
    }
}

/// Whether the cache of the desktop's database lists `file` for a type.
fn is_cached(text: &str, mime_type: &str, file: &str) -> bool {
    values(text, "[MIME Cache]", mime_type).any(|files| files.split(';').any(|listed| listed == file))
}

/// Whether a `mimeapps.list` names `file` as the default for a type. Of several files, the first that exists is the default.
fn is_default(text: &str, mime_type: &str, file: &str) -> bool {
    let mut defaults = values(text, "[Default Applications]", mime_type).peekable();
    defaults.peek().is_some() && defaults.all(|files| files.split(';').next() == Some(file))
}

/// Returns the values of a key in a group of a file, as the Desktop Entry Specification defines them.
fn values<'a>(text: &'a str, group: &str, key: &str) -> impl Iterator<Item = &'a str> {
    let lines = text.lines().map(str::trim).skip_while(move |line| *line != group).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter_map(move |line| {
        let (name, value) = line.split_once('=')?;
        (name.trim_end() == key).then(|| value.trim_start())
    })
}

fn mime_type(scheme: &str) -> String {
    format!("x-scheme-handler/{scheme}")
}

/// Replaces the file if its content differs.
fn write(folder: &Path, file: &str, content: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = folder.join(file);
    if fs::read_to_string(&path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let new = folder.join(format!(".{file}.{}", std::process::id()));
    fs::write(&new, content)?;
    fs::rename(&new, &path)
}

/// Returns the entry, as the Desktop Entry Specification 1.5 defines it.
fn entry(name: &str, program: &OsString, schemes: &[String]) -> Result<String, String> {
    let program = program.to_str().ok_or("the path of the app is not Unicode, which launcher entries must be")?;
    let types: String = schemes.iter().map(|scheme| format!("{};", mime_type(scheme))).collect();
    Ok(format!(
        "[Desktop Entry]\nType=Application\nName={}\nExec={} %u\nTerminal=false\nNoDisplay=true\nMimeType={types}\n",
        string(name),
        string(&argument(program)),
    ))
}

/// Escapes a value of type string.
fn string(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        match character {
            // Blanks at the beginning would be skipped.
            ' ' if index == 0 => escaped.push_str("\\s"),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Quotes an argument of `Exec`, where that is needed: the fallback of xdg-open on unknown desktops does not understand quotes.
fn argument(text: &str) -> String {
    let text = text.replace('%', "%%");
    if text.chars().all(|character| character.is_alphanumeric() || "/._-+,:@%".contains(character)) {
        return text;
    }
    let quoted = |character: char| match character {
        '"' | '`' | '$' | '\\' => format!("\\{character}"),
        other => other.to_string(),
    };
    format!("\"{}\"", text.chars().map(quoted).collect::<String>())
}

/// Runs a program, which is ended after the limit.
fn run(command: &mut Command, limit: Duration) -> io::Result<ExitStatus> {
    const STEP: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + limit;
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the program's path back, by the rules of the specification: first those of strings, then those of `Exec`.
    fn program_of(entry: &str) -> String {
        let exec = entry.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap();
        let unescape = |text: &str, plain: fn(char) -> char| {
            let mut characters = text.chars();
            let mut result = String::new();
            while let Some(character) = characters.next() {
                result.push(if character == '\\' { plain(characters.next().unwrap()) } else { character });
            }
            result
        };
        let exec = unescape(exec, |character| match character {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            's' => ' ',
            other => other,
        });
        let argument = exec.strip_suffix(" %u").unwrap();
        let argument = match argument.strip_prefix('"') {
            Some(quoted) => unescape(quoted.strip_suffix('"').unwrap(), |character| character),
            None => argument.to_owned(),
        };
        argument.replace("%%", "%")
    }

    #[test]
    fn entry_names_the_program_whatever_its_path_is() {
        for path in [
            "/usr/bin/app",
            "/opt/My App/app",
            "/home/größe/app",
            "/tmp/a\"b",
            "/tmp/a\\b",
            "/tmp/$HOME/`id`",
            "/tmp/100%/%u",
            "/tmp/new\nline\tand tab",
            "/tmp/a'b;c&d|e<f>g(h)*?#~",
            "/tmp/ends with \\",
        ] {
            let entry = entry("App", &path.into(), &["my-app".to_owned()]).unwrap();
            assert_eq!(program_of(&entry), path, "{entry}");
            assert_eq!(entry.lines().count(), 7, "{entry}");
        }
    }

    #[test]
    fn entry_quotes_only_where_it_must() {
        let schemes = ["my-app".to_owned(), "other".to_owned()];
        let plain = entry("My App", &"/usr/bin/app".into(), &schemes).unwrap();
        assert!(plain.contains("\nExec=/usr/bin/app %u\n") && plain.contains("\nName=My App\n"), "{plain}");
        assert!(plain.contains("\nMimeType=x-scheme-handler/my-app;x-scheme-handler/other;\n"), "{plain}");
        let quoted = entry("  A\\B\nExec=evil", &"/tmp/a $b".into(), &schemes).unwrap();
        assert!(quoted.contains("\nExec=\"/tmp/a \\\\$b\" %u\n"), "{quoted}");
        assert!(quoted.contains("\nName=\\s A\\\\B\\nExec=evil\n"), "{quoted}");
    }

    #[test]
    fn write_replaces_the_entry_of_an_app_that_was_moved() {
        let folder = tempfile::tempdir().unwrap();
        let applications = folder.path().join("data/applications");
        for program in ["/old/app.AppImage", "/old/app.AppImage", "/new/app.AppImage"] {
            let content = entry("App", &program.into(), &["my-app".to_owned()]).unwrap();
            write(&applications, "com.example.app.desktop", &content).unwrap();
            let files: Vec<_> = fs::read_dir(&applications).unwrap().map(|file| file.unwrap().path()).collect();
            assert_eq!(files, [applications.join("com.example.app.desktop")]);
            assert_eq!(program_of(&fs::read_to_string(&files[0]).unwrap()), program);
        }
    }

    #[test]
    fn announce_runs_programs_only_for_what_the_desktop_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let (applications, defaults) = (folder.path().join("applications"), folder.path().join("mimeapps.list"));
        fs::create_dir_all(&applications).unwrap();
        let cache = applications.join("mimeinfo.cache");
        let of_types =
            |group: &str, value: &str| format!("{group}\nx-scheme-handler/one={value}\nx-scheme-handler/two={value}\n");
        let announce = |schemes: &[&str], status: &str| {
            let mut programs = Vec::new();
            let schemes: Vec<String> = schemes.iter().map(|scheme| (*scheme).to_owned()).collect();
            let result = announce(&applications, "app.desktop", &schemes, &defaults, |command| {
                programs.push(command.get_program().to_str().unwrap().to_owned());
                Command::new(status).status()
            });
            (programs, result.is_ok())
        };
        let both = || vec!["update-desktop-database".to_owned(), "xdg-mime".to_owned()];
        assert_eq!(announce(&["one", "two"], "true"), (both(), true));
        assert_eq!(announce(&["one", "two"], "false"), (both(), false));
        fs::write(&cache, of_types("[MIME Cache]", "other.desktop;app.desktop;")).unwrap();
        assert_eq!(announce(&["one", "two"], "true"), (vec!["xdg-mime".to_owned()], true));
        fs::write(&defaults, of_types("[Default Applications]", "app.desktop")).unwrap();
        assert_eq!(announce(&["one", "two"], "false"), (vec![], true));
        assert_eq!(announce(&["one", "two", "three"], "true"), (both(), true), "a scheme that is new");
        for other in [
            of_types("[Default Applications]", "other.desktop;app.desktop;"),
            of_types("[Added Associations]", "app.desktop"),
            of_types("[Default Applications]", "app.desktop") + "x-scheme-handler/two=other.desktop\n",
            "[Default Applications]\n[Other]\nx-scheme-handler/one=app.desktop\nx-scheme-handler/two=app.desktop"
                .to_owned(),
        ] {
            fs::write(&defaults, &other).unwrap();
            assert_eq!(announce(&["one", "two"], "true").0, ["xdg-mime"], "{other}");
        }
        fs::write(&defaults, "[Default Applications]\r\nx-scheme-handler/one = app.desktop;other.desktop;\r\n")
            .unwrap();
        assert_eq!(announce(&["one"], "true"), (vec![], true));
    }

    #[test]
    fn run_ends_a_program_that_does_not_return() {
        let ended = run(Command::new("sleep").arg("1000"), Duration::from_millis(1)).unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        assert!(run(&mut Command::new("true"), PROGRAM_TIMEOUT).unwrap().success());
        assert!(!run(&mut Command::new("false"), PROGRAM_TIMEOUT).unwrap().success());
        assert!(run(&mut Command::new("no-such-program"), PROGRAM_TIMEOUT).is_err());
    }
}
