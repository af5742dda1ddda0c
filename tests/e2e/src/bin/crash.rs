//! `cargo xtask crash`: kills an app at random moments, and checks what it restores.

#![allow(clippy::print_stdout, reason = "the report is there to be read")]

use clerk_e2e::{
    Result,
    crash::{self, Options},
};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == crash::APP => crash::run_app(rest).await,
        _ => {
            let mut options =
                Options { kills: 500, seed: std::process::id().into(), program: std::env::current_exe()?, progress };
            for pair in arguments.chunks(2) {
                match pair {
                    [name, value] if name == "--kills" => options.kills = value.parse()?,
                    [name, value] if name == "--seed" => options.seed = value.parse()?,
                    _ => return Err("usage: crash [--kills N] [--seed S]".into()),
                }
            }
            println!("Killing an app {} times; --seed {} repeats it", options.kills, options.seed);
            println!("{}", crash::run(options).await?);
            Ok(())
        }
    }
}

fn progress(kill: usize, step: &str) {
    if kill.is_multiple_of(50) {
        println!("{kill} kills, the last one during {step}");
    }
}
