//! Links of Clerk's own components to other sites.

mod signed_in;

use clerk_e2e::{Desktop, Result, until};
use signed_in::{nothing_went_wrong, options, start};

#[tokio::test(flavor = "multi_thread")]
async fn link_of_a_component_opens_in_the_system_browser() -> Result<()> {
    let mut options = options();
    options.records_programs = true;
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    let (here, windows) = (window.run("return location.href").await?, window.handles().await?.len());
    window.click_css("a[aria-label='Clerk logo']").await?;
    until("Clerk's page opens in the system browser", || async {
        let programs = desktop.programs().ok()?;
        programs.lines().any(|line| line == "program: xdg-open https://go.clerk.com/components").then_some(())
    })
    .await?;
    assert_eq!(window.run("return location.href").await?, here);
    assert_eq!(window.handles().await?.len(), windows, "no window of the app opens for it");
    nothing_went_wrong(&desktop, &window).await
}
