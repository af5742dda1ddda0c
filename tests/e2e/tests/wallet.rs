//! Signing in with a wallet in the system browser.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test ends the test")]

use clerk_e2e::{CALLBACK, Desktop, Options, Result, Window, until};
use clerk_emulator::{Config, NewUser};
use clerk_testkit::wallet::TestWallet;
use serde_json::Value;

async fn desktop(wallet: &TestWallet) -> Result<Desktop> {
    let mut options = Options::default();
    options.instance = Config::preset("web3")?;
    options.instance.redirect_urls = vec![CALLBACK.to_owned()];
    options.instance.users = vec![NewUser {
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        web3_wallets: vec![wallet.address()],
        ..NewUser::default()
    }];
    Desktop::start(options).await
}

/// Starts the flow in the window and selects the wallet in the browser.
async fn begin(desktop: &Desktop, window: &Window) -> Result<()> {
    window
        .run(
            "window.flow = clerk.authenticateWithMetamask().then(() => 'done', (error) => error.code ?? String(error)); return null",
        )
        .await?;
    desktop.page("#wallets button").await?;
    desktop.browser().find(thirtyfour::By::Css("#wallets button")).await?.click().await?;
    Ok(())
}

/// Waits until the wallet gets a request for `method`. Returns its parameters.
async fn asked(desktop: &Desktop, method: &str) -> Result<Value> {
    let script = format!("return window.wallet.asked.at(-1) === '{method}' ? window.wallet.params : null");
    until(&format!("the wallet is asked for {method}"), || async {
        let params = desktop.browser().execute(script.as_str(), Vec::new()).await.ok()?.json().clone();
        (!params.is_null()).then_some(params)
    })
    .await
}

async fn ended(window: &Window) -> Result<Value> {
    window.run_async("const done = arguments[0]; window.flow.then(done)").await
}

#[tokio::test(flavor = "multi_thread")]
async fn authenticate_with_metamask_signs_in_with_a_browser_wallet() -> Result<()> {
    let wallet = TestWallet::new([]);
    let mut desktop = desktop(&wallet).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;

    begin(&desktop, &window).await?;
    asked(&desktop, "eth_requestAccounts").await?;
    desktop.browser().execute("window.wallet.refuse()", Vec::new()).await?;
    assert_eq!(ended(&window).await?, "web3_signature_request_rejected");

    begin(&desktop, &window).await?;
    asked(&desktop, "eth_requestAccounts").await?;
    let tabs = desktop.browser().windows().await?.len();
    let address = wallet.address();
    desktop.browser().execute(format!("window.wallet.answer(['{address}'])"), Vec::new()).await?;
    let params = asked(&desktop, "personal_sign").await?;
    assert_eq!(params[1], Value::from(address));
    let hex = params[0].as_str().unwrap_or_default().trim_start_matches("0x").to_owned();
    let bytes = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16));
    let message = String::from_utf8(bytes.collect::<std::result::Result<Vec<u8>, _>>()?)?;
    let signature = wallet.sign(&message);
    desktop.browser().execute(format!("window.wallet.answer('{signature}')"), Vec::new()).await?;
    assert_eq!(ended(&window).await?, "done");
    window.wait_for_text("user-name", "Ada Lovelace").await?;
    until("the page closes itself", || async { (desktop.browser().windows().await.ok()?.len() < tabs).then_some(()) })
        .await
}
