//! The app's window.

use std::path::Path;

use serde_json::Value;
use thirtyfour::{By, Key, WebDriver, WebElement, WindowHandle};

use crate::{PATIENCE, Result, paths::picture, until};

/// The app's window, driven by WebDriver. Elements of the examples are named by their `data-testid`, those of Clerk's components by
/// CSS selectors.
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

    async fn find(&self, css: &str) -> Option<WebElement> {
        self.driver.find(By::Css(css)).await.ok()
    }

    /// Waits for an element.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn wait_for(&self, id: &str) -> Result<WebElement> {
        self.wait_for_css(&by_id(id)).await
    }

    /// Waits for an element of one of Clerk's components.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn wait_for_css(&self, css: &str) -> Result<WebElement> {
        until(&format!("the window shows {css}"), || self.find(css)).await
    }

    /// Waits until no element matches.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn wait_until_gone(&self, css: &str) -> Result<()> {
        until(&format!("{css} is gone"), || async {
            self.driver.find_all(By::Css(css)).await.ok()?.is_empty().then_some(())
        })
        .await
    }

    /// Whether an element exists now.
    pub async fn has(&self, id: &str) -> bool {
        self.has_css(&by_id(id)).await
    }

    /// Whether an element of one of Clerk's components exists now.
    pub async fn has_css(&self, css: &str) -> bool {
        self.find(css).await.is_some()
    }

    /// Waits for an element and clicks it. If it is replaced in the meantime, looks it up again.
    ///
    /// # Errors
    /// After a timeout, or if the element can't be clicked.
    pub async fn click(&self, id: &str) -> Result<()> {
        self.click_css(&by_id(id)).await
    }

    /// Like [`click`](Self::click), for an element of one of Clerk's components.
    ///
    /// # Errors
    /// After a timeout, or if the element can't be clicked.
    pub async fn click_css(&self, css: &str) -> Result<()> {
        self.click_by(By::Css(css)).await
    }

    async fn click_by(&self, by: By) -> Result<()> {
        let reason = std::sync::Mutex::new(String::new());
        let clicked = until(&format!("{by:?} can be clicked"), || async {
            let Err(error) = self.try_click(by.clone()).await else { return Some(()) };
            *reason.lock().ok()? = error.to_string();
            None
        })
        .await;
        clicked.map_err(|timeout| format!("{timeout}: {}", reason.into_inner().unwrap_or_default()).into())
    }

    async fn try_click(&self, by: By) -> Result<()> {
        let element = self.driver.find(by).await?;
        if !element.is_enabled().await? {
            return Err("it is disabled".into());
        }
        self.require_still(&element).await?;
        let clicked = element.click().await;
        if clicked.is_err() {
            // The driver scrolls no further than to the edge of the window, where a bar may lie over the element.
            let center = "arguments[0].scrollIntoView({ block: 'center' })";
            self.driver.execute(center, vec![element.to_json()?]).await?;
        }
        Ok(clicked?)
    }

    /// Fails if an element moves: the driver computes where to click, and clicks there although the element has left.
    async fn require_still(&self, element: &WebElement) -> Result<()> {
        let script = "const [element, done] = arguments;
             const box = () => JSON.stringify(element.getBoundingClientRect());
             const before = box();
             requestAnimationFrame(() => requestAnimationFrame(() => done(box() === before)));";
        let still = self.driver.execute_async(script, vec![element.to_json()?]).await?;
        if *still.json() == true { Ok(()) } else { Err("it moves".into()) }
    }

    /// Waits for a button, link, tab or menu item with this text and clicks it.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn click_text(&self, text: &str) -> Result<()> {
        let path = format!(
            "//*[self::button or self::a or @role='menuitem' or @role='tab']\
             [normalize-space(.)='{text}' or .//*[normalize-space(text())='{text}']]"
        );
        self.click_by(By::XPath(path.as_str())).await
    }

    /// Clicks an element if it exists and is enabled now.
    pub async fn click_if_present(&self, id: &str) {
        // Nothing to click is an ordinary outcome here.
        let _ = self.try_click(By::Css(by_id(id))).await;
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

    /// Types into a field of one of Clerk's components, in place of what is there, until the field has the text: a form may put it
    /// back or move the focus while it is being typed.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn type_css(&self, css: &str, text: &str) -> Result<()> {
        until(&format!("{css} has the text"), || async {
            let field = self.find(css).await?;
            field.send_keys(Key::Control + "a").await.ok()?;
            field.send_keys(text).await.ok()?;
            (field.value().await.ok()?.as_deref() == Some(text)).then_some(())
        })
        .await
    }

    /// Types into a field that does not keep the text: one for a code, which is submitted when it is complete, or for several values.
    /// Waits until the field is empty, as one for a code is only some time after it has refused the last one.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn type_keys(&self, css: &str, text: &str) -> Result<()> {
        until(&format!("{css} is empty and can be typed into"), || async {
            let field = self.find(css).await?;
            if field.value().await.ok()?.is_some_and(|value| !value.is_empty()) {
                return None;
            }
            field.send_keys(text).await.ok()
        })
        .await
    }

    /// Waits for an option with this value in a select element, and chooses it.
    ///
    /// # Errors
    /// After a timeout.
    pub async fn choose(&self, id: &str, value: &str) -> Result<()> {
        let script = "const [select, value] = arguments;
             if (![...select.options].some((option) => option.value === value)) return false;
             select.value = value;
             select.dispatchEvent(new Event('change', { bubbles: true }));
             return true";
        until(&format!("{id} has the option {value}"), || async {
            let select = self.find(&by_id(id)).await?.to_json().ok()?;
            let chosen = self.driver.execute(script, vec![select, value.into()]).await.ok()?;
            (*chosen.json() == true).then_some(())
        })
        .await
    }

    /// Waits for an element with this text.
    ///
    /// # Errors
    /// After a timeout. The error has the text of the page.
    pub async fn wait_for_text(&self, id: &str, text: &str) -> Result<()> {
        let shown = until(&format!("{id} shows {text:?}"), || async {
            let shown = self.find(&by_id(id)).await?.text().await.ok()?;
            (shown == text).then_some(())
        })
        .await;
        if let Err(timeout) = shown {
            let page = self.run("return document.body.innerText").await;
            return Err(format!("{timeout}; the page shows {page:?}").into());
        }
        Ok(())
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

    /// Opens another window by clicking, switches to it, and returns the handles of the present window and of the new one.
    ///
    /// # Errors
    /// If the window does not open.
    pub async fn open_by(&self, id: &str) -> Result<(WindowHandle, WindowHandle)> {
        let (known, present) = (self.handles().await?, self.driver.window().await?);
        self.click(id).await?;
        let opened = self.wait_for_new(&known).await?;
        self.switch_to(&opened).await?;
        Ok((present, opened))
    }

    /// Resizes the window.
    ///
    /// # Errors
    /// If it does not get this width.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.driver.set_window_rect(0, 0, width, height).await?;
        until(&format!("the window is {width} pixels wide"), || async {
            (self.run("return innerWidth").await.ok()? == width).then_some(())
        })
        .await
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

    /// Returns what went wrong in the page since it began to load: errors on the console, uncaught exceptions, scripts and styles that
    /// did not load, and violations of the content security policy.
    ///
    /// # Errors
    /// If the window does not respond, or does not record problems: only the React example does.
    pub async fn problems(&self) -> Result<Vec<String>> {
        let all = self.run("return window.problems ?? null").await?;
        let all = all.as_array().ok_or("the window records no problems")?;
        Ok(all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
    }

    /// Returns the addresses that the page has requested itself: what it loaded, and what its scripts fetched.
    ///
    /// # Errors
    /// If the window does not respond.
    pub async fn requests(&self) -> Result<Vec<String>> {
        let all = self.run("return performance.getEntriesByType('resource').map((entry) => entry.name)").await?;
        let all = all.as_array().into_iter().flatten();
        Ok(all.filter_map(|one| one.as_str().map(str::to_owned)).collect())
    }

    /// Saves a screenshot in `CLERK_E2E_PICTURES` or `target/pictures`, for manual review.
    ///
    /// # Errors
    /// If the window keeps changing, or the file can't be written.
    pub async fn picture(&self, name: &str) -> Result<()> {
        self.screenshot(&picture(name)?).await
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

fn by_id(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}
