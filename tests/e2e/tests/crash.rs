//! What an app restores that was killed. `cargo xtask crash` does the same more often.

use clerk_e2e::{
    Result,
    crash::{self, Options},
};

#[tokio::test(flavor = "multi_thread")]
async fn killed_app_restores_who_is_signed_in_and_nobody_who_signed_out() -> Result<()> {
    let program = env!("CARGO_BIN_EXE_crash").into();
    let report = crash::run(Options { kills: 15, seed: 15, program, progress: |_, _| {} }).await?;
    assert_eq!(report.by_step.values().sum::<usize>(), 15);
    assert!(report.tokens > 0, "somebody was signed in: {report}");
    Ok(())
}
