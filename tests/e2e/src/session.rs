//! A private login session: folders, a session bus, and a keyring.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::{Result, process::Running, until};

/// Variables of the environment.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// Creates the folders of a user below `files`.
pub(crate) fn folders(files: &Path) -> Result<Environment> {
    let folder = |name: &str| -> Result<String> {
        let path = files.join(name);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        Ok(path.display().to_string())
    };
    Ok(vec![
        ("HOME", files.display().to_string()),
        ("XDG_DATA_HOME", folder("data")?),
        ("XDG_CONFIG_HOME", folder("config")?),
        ("XDG_CACHE_HOME", folder("cache")?),
        ("XDG_RUNTIME_DIR", folder("runtime")?),
        // Programs that are killed leave their temporary files behind.
        ("TMPDIR", folder("tmp")?),
    ])
}

/// A session bus, with or without a keyring. Dropping it ends both.
#[derive(Debug)]
pub(crate) struct SessionBus {
    // Dropped in this order.
    _keyring: Option<Running>,
    _bus: Running,
}

impl SessionBus {
    /// Starts a session bus in the [`folders`] below `files`, and adds its address to the environment.
    pub(crate) async fn start(files: &Path, environment: &mut Environment, keyring: bool) -> Result<Self> {
        let (bus, address) = Running::start_and_read_line(
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
                .arg(format!("--address=unix:path={}", files.join("runtime/bus").display()))
                .envs(environment.clone()),
        )?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address));
        let keyring = if keyring { Some(start_keyring(environment).await?) } else { None };
        Ok(Self { _keyring: keyring, _bus: bus })
    }
}

/// Starts an unlocked keyring and waits until it responds.
async fn start_keyring(environment: &[(&'static str, String)]) -> Result<Running> {
    let mut command = Command::new("gnome-keyring-daemon");
    command.args(["--foreground", "--unlock", "--components=secrets"]).envs(environment.to_vec());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut keyring = Running::spawn(&mut command)?;
    if let Some(mut stdin) = keyring.stdin() {
        stdin.write_all(b"a password")?;
    }
    // A call to the service before it owns its name would make D-Bus start another keyring, which is locked.
    let secrets = "org.freedesktop.secrets";
    let owned = || async {
        let output = gdbus("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", secrets, environment)?;
        output.contains("true").then_some(())
    };
    until("the keyring owns its name on D-Bus", owned).await?;
    let unlocked = || async {
        let method = "org.freedesktop.Secret.Service.ReadAlias";
        let output = gdbus(secrets, "/org/freedesktop/secrets", method, "default", environment)?;
        output.contains("/collection/").then_some(())
    };
    until("the keyring has a default collection", unlocked).await?;
    Ok(keyring)
}

/// Calls a method with one string on the session bus and returns the result as text.
fn gdbus(
    destination: &str,
    path: &str,
    method: &str,
    argument: &str,
    environment: &[(&'static str, String)],
) -> Option<String> {
    let mut command = Command::new("gdbus");
    command.args(["call", "--session", "--dest", destination, "--object-path", path, "--method", method, argument]);
    let output = command.envs(environment.to_vec()).stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
