//! The app's window.

use std::path::Path;

use serde_json::Value;
use thirtyfour::{By, WebDriver, WebElement, WindowHandle};

use crate::{PATIENCE, Result, until};

/// The app's window, driven by WebDriver. Elements are named by their `data-testid`.
#[derive(Debug)]
pub struct Window {
    driver: WebDriver,
}

impl Window {
    pub(crate) fn new(driver: WebDriver) -> Self {
        Self { driver }
    }

    /// Returns the driver.
    #[must_use]
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    async fn find(&self, id: &str) -> Option<WebElement> {
        self.driver.find(By::Css(format!("[data-testid=\"{id}\"]"))).await.ok()
    }

    /// Waits for an element.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn wait_for(&self, id: &str) -> Result<WebElement> {
        until(&format!("the window shows {id}"), || self.find(id)).await
    }

    /// Whether an element exists now.
    pub async fn has(&self, id: &str) -> bool {
        self.find(id).await.is_some()
    }

    /// Waits for an element and clicks it. If it is replaced in the meantime, looks it up again.
    ///
    /// # Errors
    /// After a timeout, or if the element can't be clicked.
    pub async fn click(&self, id: &str) -> Result<()> {
        until(&format!("{id} can be clicked"), || self.click_now(id)).await
    }

    /// Clicks an element if it exists and is enabled now.
    pub async fn click_if_present(&self, id: &str) {
        // Nothing to click is an ordinary outcome here.
        let _ = self.click_now(id).await;
    }

    async fn click_now(&self, id: &str) -> Option<()> {
        let element = self.find(id).await?;
        if !element.is_enabled().await.ok()? {
            return None;
        }
        element.click().await.ok()
    }

    /// Types into a field.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn fill(&self, id: &str, text: &str) -> Result<()> {
        let field = self.wait_for(id).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Waits for an element with this text.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn wait_for_text(&self, id: &str, text: &str) -> Result<()> {
        until(&format!("{id} shows {text:?}"), || async {
            let shown = self.find(id).await?.text().await.ok()?;
            (shown == text).then_some(())
        })
        .await
    }

    /// Signs in with the form of the example app.
    ///
    /// # Errors
    /// If the form does not appear.
    pub async fn submit_password(&self, email: &str, password: &str) -> Result<()> {
        self.fill("email", email).await?;
        self.fill("password", password).await?;
        self.click("continue-password").await
    }

    /// Returns the text of an element.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn text(&self, id: &str) -> Result<String> {
        Ok(self.wait_for(id).await?.text().await?)
    }

    /// Returns the windows of the app.
    ///
    /// # Errors
    /// If the app does not respond.
    pub async fn handles(&self) -> Result<Vec<WindowHandle>> {
        Ok(self.driver.windows().await?)
    }

    /// Waits for a window that is not in `known`.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn wait_for_new(&self, known: &[WindowHandle]) -> Result<WindowHandle> {
        until("a window opens", || async {
            self.driver.windows().await.ok()?.into_iter().find(|handle| !known.contains(handle))
        })
        .await
    }

    /// Switches to another window of the app.
    ///
    /// # Errors
    /// If the window does not exist.
    pub async fn switch_to(&self, handle: &WindowHandle) -> Result<()> {
        Ok(self.driver.switch_to_window(handle.clone()).await?)
    }

    /// Runs a script in the window.
    ///
    /// # Errors
    /// If the script throws.
    pub async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Runs a script that returns by calling its last argument.
    ///
    /// # Errors
    /// If the script throws.
    pub async fn run_async(&self, script: &str) -> Result<Value> {
        Ok(self.driver.execute_async(script, Vec::new()).await?.json().clone())
    }

    /// Takes a screenshot of the window after it has been painted.
    ///
    /// # Errors
    /// If the window keeps changing, or the file can't be written.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        // The driver captures the last painted frame, which may be older than the document.
        let painted =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
        self.driver.execute_async(painted, Vec::new()).await?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut previous = Vec::new();
        while tokio::time::Instant::now() < deadline {
            let picture = self.driver.screenshot_as_png().await?;
            if picture == previous {
                return Ok(std::fs::write(file, picture)?);
            }
            previous = picture;
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
        Err("the window keeps changing".into())
    }
}
