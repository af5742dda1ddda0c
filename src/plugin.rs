//! The plugin as Tauri sees it: Clerk's own, and its companion plugins.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use tauri::{
    AppHandle, Manager, RunEvent, Runtime, Url, Webview, Window, WindowEvent,
    ipc::Invoke,
    plugin::{Plugin, TauriPlugin},
    webview::{PageLoadEvent, PageLoadPayload},
};
use tauri_plugin_deep_link::DeepLink;

#[cfg(any(target_os = "linux", target_os = "windows"))]
use crate::desktop::single_instance;
use crate::{
    Clerk,
    commands::{Fetches, Requests, WindowOptions, WindowStates},
    config::{self, PLUGIN_NAME},
    desktop::{
        deep_link::{self, Links},
        names,
    },
};

/// Which companion plugins Clerk registers. An app that registers one itself disables it here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Companions {
    pub(crate) deep_link: bool,
    pub(crate) single_instance: bool,
}

/// The plugin. Add it with `tauri::Builder::plugin`.
///
/// Tauri can't register plugins while it sets up another one, so Clerk owns its companion plugins and forwards Tauri's calls
/// to them.
pub struct ClerkPlugin<R: Runtime> {
    own: TauriPlugin<R, Option<crate::Config>>,
    companions: Companions,
    registered: Vec<Box<dyn Plugin<R>>>,
    running: Arc<AtomicBool>,
    /// Exists when the plugin is set up.
    links: Option<Arc<Links<R>>>,
}

impl<R: Runtime> std::fmt::Debug for ClerkPlugin<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClerkPlugin").field("companions", &self.companions).finish_non_exhaustive()
    }
}

impl<R: Runtime> ClerkPlugin<R> {
    pub(crate) fn new(own: TauriPlugin<R, Option<crate::Config>>, companions: Companions) -> Self {
        Self { own, companions, registered: Vec::new(), running: Arc::default(), links: None }
    }

    /// Sets up a companion plugin with its section of `tauri.conf.json`.
    fn register(&mut self, app: &AppHandle<R>, mut plugin: Box<dyn Plugin<R>>) -> SetupResult {
        let config = section(app, plugin.name());
        plugin.initialize(app, config)?;
        self.registered.push(plugin);
        Ok(())
    }
}

/// Returns the section of a plugin in `tauri.conf.json`.
fn section<R: Runtime>(app: &AppHandle<R>, plugin: &str) -> Value {
    let section = app.config().plugins.0.get(plugin).cloned().unwrap_or_default();
    if plugin == DEEP_LINK { config::with_lower_case_schemes(section) } else { section }
}

const DEEP_LINK: &str = "deep-link";

type SetupResult = Result<(), Box<dyn std::error::Error>>;

impl<R: Runtime> Plugin<R> for ClerkPlugin<R> {
    fn name(&self) -> &'static str {
        PLUGIN_NAME
    }

    fn initialize(&mut self, app: &AppHandle<R>, config: Value) -> SetupResult {
        // A second Clerk would have a state and a client token of its own, and its single-instance would take this process for a
        // second one and end it.
        if app.try_state::<Clerk>().is_some() {
            return Err("the Clerk plugin is registered twice. Remove one of the registrations from the app".into());
        }
        let schemes = config::deep_link_schemes(app.config().plugins.0.get(DEEP_LINK));
        names::check_schemes(&schemes)?;
        let links = Links::new(schemes.clone());
        self.links = Some(links.clone());
        app.manage(links.clone());
        // The one that is registered first gets the second process.
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        let own_single_instance = self.companions.single_instance && !single_instance::is_registered(app);
        // This comes first, because a second process passes on its link and exits here.
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        if self.companions.single_instance {
            if cfg!(target_os = "windows") && !own_single_instance {
                return Err(
                    "tauri-plugin-single-instance is registered by the app and by clerk. Remove it from the app, or use \
                     clerk::Builder::new().single_instance(false)"
                        .into(),
                );
            }
            let identifier = app.config().identifier.clone();
            self.register(app, single_instance::plugin(&identifier, self.running.clone(), links.clone()))?;
        }
        if self.companions.deep_link && app.try_state::<DeepLink<R>>().is_none() {
            self.register(app, Box::new(tauri_plugin_deep_link::init()))?;
        }
        self.own.initialize(app, config)?;
        if app.try_state::<DeepLink<R>>().is_none() {
            return Err(
                "clerk::Builder::deep_link(false) needs tauri_plugin_deep_link to be registered before clerk".into()
            );
        }
        deep_link::register(app, schemes);
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        {
            // `std::env::args` panics if an argument is not Unicode.
            let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
            links.start(app, &arguments.collect::<Vec<_>>(), own_single_instance);
        }
        Ok(())
    }

    fn initialization_script(&self) -> Option<String> {
        // Tauri asks for it before it creates a webview, and after all plugins are set up. While WebView2 starts, it delivers
        // what a second process hands over.
        self.running.store(true, Ordering::Release);
        self.own.initialization_script()
    }

    fn window_created(&mut self, window: Window<R>) {
        // Windows are created before `RunEvent::Ready`, and links may arrive from then on.
        self.running.store(true, Ordering::Release);
        self.registered.iter_mut().for_each(|plugin| plugin.window_created(window.clone()));
        self.own.window_created(window);
    }

    fn webview_created(&mut self, webview: Webview<R>) {
        self.registered.iter_mut().for_each(|plugin| plugin.webview_created(webview.clone()));
        self.own.webview_created(webview);
    }

    fn on_navigation(&mut self, webview: &Webview<R>, url: &Url) -> bool {
        self.registered.iter_mut().all(|plugin| plugin.on_navigation(webview, url))
            && self.own.on_navigation(webview, url)
    }

    fn on_page_load(&mut self, webview: &Webview<R>, payload: &PageLoadPayload<'_>) {
        if payload.event() == PageLoadEvent::Started {
            webview.state::<WindowStates>().page_left(webview.label());
            webview.state::<Requests>().page_left(webview.label());
            webview.state::<Fetches>().page_left(webview.label());
        }
        self.registered.iter_mut().for_each(|plugin| plugin.on_page_load(webview, payload));
        self.own.on_page_load(webview, payload);
    }

    fn on_event(&mut self, app: &AppHandle<R>, event: &RunEvent) {
        match event {
            RunEvent::Ready => self.running.store(true, Ordering::Release),
            RunEvent::WindowEvent { label, event: WindowEvent::Destroyed, .. } => {
                app.state::<WindowOptions>().remove(label);
                app.state::<WindowStates>().remove(label);
                app.state::<Requests>().remove(label);
                app.state::<Fetches>().remove(label);
            }
            RunEvent::WindowEvent { event: WindowEvent::Focused(true), .. } => {
                if let Some(clerk) = app.try_state::<Clerk>() {
                    clerk.resume();
                }
            }
            _ => {}
        }
        // Callback links are kept from tauri-plugin-deep-link, which announces all links to all windows.
        #[cfg(target_os = "macos")]
        let others = match (event, &self.links) {
            (RunEvent::Opened { urls }, Some(links)) => Some(RunEvent::Opened { urls: links.opened(app, urls) }),
            _ => None,
        };
        #[cfg(target_os = "macos")]
        let event = match &others {
            Some(RunEvent::Opened { urls }) if urls.is_empty() => return,
            Some(others) => others,
            None => event,
        };
        self.registered.iter_mut().for_each(|plugin| plugin.on_event(app, event));
        self.own.on_event(app, event);
    }

    fn extend_api(&mut self, invoke: Invoke<R>) -> bool {
        if let Some(links) = &self.links {
            links.note_command(invoke.message.command(), invoke.message.webview_ref().label());
        }
        self.own.extend_api(invoke)
    }
}

#[cfg(test)]
mod tests {
    use tauri::test::MockRuntime;

    use super::*;

    #[test]
    fn initialization_script_says_that_plugins_are_set_up() {
        let plugin = crate::init::<MockRuntime>();
        assert!(!plugin.running.load(Ordering::Acquire));
        plugin.initialization_script();
        assert!(plugin.running.load(Ordering::Acquire), "a second process that is started now is one");
    }
}
