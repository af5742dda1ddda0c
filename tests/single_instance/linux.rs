//! An app may register single-instance itself, before or after Clerk, or Clerk twice; nothing of this may end the app without a
//! message.

use std::{process::Command, sync::mpsc, time::Duration};

use tauri::test::{mock_builder, mock_context, noop_assets};

pub(crate) const TESTS: &[(&str, fn())] = &[(
    "single_instance_may_be_registered_by_the_app_and_by_clerk",
    single_instance_may_be_registered_by_the_app_and_by_clerk,
)];

/// Builds an app, which must not end early.
pub(crate) fn run_app(order: &str) {
    let own = || tauri_plugin_single_instance::init(|_, _, _| {});
    let builder = mock_builder();
    let builder = match order {
        "app first" => builder.plugin(own()).plugin(clerk::init()),
        "clerk twice" => builder.plugin(clerk::init()),
        _ => builder.plugin(clerk::init()).plugin(own()),
    };
    let mut context = mock_context(noop_assets());
    context.config_mut().identifier = "com.example.twice".to_owned();
    let app = builder.build(context).unwrap();
    if order == "clerk twice" {
        let refused = app.handle().plugin(clerk::init()).unwrap_err().to_string();
        assert!(refused.contains("registered twice"), "{refused}");
    }
    println!("the app is up");
}

fn single_instance_may_be_registered_by_the_app_and_by_clerk() {
    for order in ["app first", "clerk first", "clerk twice"] {
        let this = std::env::current_exe().unwrap();
        let mut command = Command::new("dbus-run-session");
        command.arg("--").arg(this).env(crate::ROLE, order);
        let (send, output) = mpsc::channel();
        std::thread::spawn(move || send.send(command.output()));
        let output = output
            .recv_timeout(Duration::from_secs(60))
            .expect("the app ends within a minute")
            .expect("a session bus can be started; `cargo xtask setup` installs what is needed");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains("the app is up"),
            "{order}: the app ended early\n{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
