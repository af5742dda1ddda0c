//! One app: a core on stores of its own, its windows, and the calls that run.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use clerk::storage::FileCache;
use clerk_core::{
    CallbackUrl, Clerk, ClerkOptions, ClerkSetup, Error, HttpTransport, InstanceOptions, ListenerHandle, LoadOptions,
    Status,
};
use clerk_testkit::{UnresponsiveFapi, app::CALLBACK};
use tokio::task::{AbortHandle, JoinSet};

use crate::{
    pace::{Pace, WrongClock},
    ports::{EventCount, File, Keyring, LastPage, Network, Trouble},
    run::Plan,
};

/// The users of the apps: first name and e-mail address.
pub(crate) const USERS: [(&str, &str); 3] = [
    ("Barbara", "barbara+clerk_test@example.com"),
    ("Charles", "charles+clerk_test@example.com"),
    ("Dorothy", "dorothy+clerk_test@example.com"),
];

/// How an app is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Habit {
    /// In all ways.
    Everything,
    /// Its sessions end elsewhere only: signing out would clean up after them.
    NeverSignsOut,
    /// It is closed and started again at each measurement.
    Restarts,
}

impl Habit {
    pub(crate) const ALL: [Self; 3] = [Self::Everything, Self::NeverSignsOut, Self::Restarts];
}

/// A window: a page that follows the state.
pub(crate) struct Window {
    pub(crate) clerk: Clerk,
    pub(crate) listeners: Vec<ListenerHandle>,
    page: AbortHandle,
}

/// An app.
pub(crate) struct DesktopApp {
    pub(crate) habit: Habit,
    /// The first name of the user.
    pub(crate) name: &'static str,
    pub(crate) address: &'static str,
    pub(crate) clerk: Clerk,
    pub(crate) windows: Vec<Window>,
    /// Calls whose callers wait.
    pub(crate) calls: JoinSet<()>,
    /// Calls whose callers give up at the next step.
    pub(crate) impatient: Vec<AbortHandle>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) file_trouble: Arc<Trouble>,
    pub(crate) browser: Arc<LastPage>,
    pub(crate) clock: Arc<WrongClock>,
    pub(crate) folder: PathBuf,
    requests: Arc<AtomicU64>,
    plan: Plan,
    /// What the plugin runs for as long as the app runs.
    background: Vec<AbortHandle>,
    /// Why the user could not be signed in again, when that was tried last.
    pub(crate) last_error: Arc<Mutex<Option<Error>>>,
    /// One for each start of the app.
    pub(crate) starts: Vec<Weak<EventCount>>,
}

impl DesktopApp {
    pub(crate) fn new(number: usize, storage: &Path, pace: &Pace, plan: &Plan, requests: &Arc<AtomicU64>) -> Self {
        let (name, address) = USERS[number];
        let folder = storage.join(name);
        let keyring = Arc::<Keyring>::default();
        let (file_trouble, browser) = (Arc::<Trouble>::default(), Arc::<LastPage>::default());
        let clock = Arc::new(WrongClock { right: pace.clock.clone(), error_ms: AtomicI64::new(0) });
        let mut app = Self {
            habit: Habit::ALL[number],
            name,
            address,
            clerk: unused(clock.clone()),
            windows: Vec::with_capacity(8),
            calls: JoinSet::new(),
            impatient: Vec::with_capacity(64),
            keyring,
            file_trouble,
            browser,
            clock,
            folder,
            requests: requests.clone(),
            plan: plan.clone(),
            background: Vec::with_capacity(2),
            last_error: Arc::default(),
            starts: Vec::with_capacity(4),
        };
        app.start(pace);
        app
    }

    /// Starts the app. Its windows are closed.
    pub(crate) fn start(&mut self, pace: &Pace) {
        let events = Arc::<EventCount>::default();
        self.starts.retain(|start| start.strong_count() > 0);
        self.starts.push(Arc::downgrade(&events));
        let network = Network { http: HttpTransport::new(), busy: pace.busy.clone(), requests: self.requests.clone() };
        let mut setup =
            ClerkSetup::new(Arc::new(network), self.keyring.clone(), self.browser.clone(), self.clock.clone(), events);
        setup.instance = InstanceOptions {
            publishable_key: Some(self.plan.publishable_key.clone()),
            proxy_url: Some(self.plan.emulator.clone()),
            ..InstanceOptions::default()
        };
        setup.callback = CallbackUrl::parse(CALLBACK);
        setup.cache = Some(Arc::new(File {
            real: FileCache::new(self.folder.join("state")),
            busy: pace.busy.clone(),
            trouble: self.file_trouble.clone(),
        }));
        self.clerk = Clerk::new(setup);
        let (caching, polling) = (self.clerk.clone(), self.clerk.clone());
        self.background.push(tokio::spawn(async move { caching.keep_cache().await }).abort_handle());
        self.background.push(tokio::spawn(async move { polling.poll().await }).abort_handle());
        let clerk = self.clerk.clone();
        self.calls.spawn(async move { drop(clerk.load(LoadOptions::default()).await) });
    }

    /// Closes the app. Its process would end; here, its calls end, and it is not used any more.
    pub(crate) async fn close(&mut self) {
        while !self.windows.is_empty() {
            self.close_window();
        }
        self.calls.shutdown().await;
        for task in self.background.drain(..) {
            task.abort();
        }
        self.clerk = unused(self.clock.clone());
    }

    /// The number of closed apps that are still in memory.
    pub(crate) fn closed_in_memory(&self) -> usize {
        let all = self.starts.iter().filter(|start| start.strong_count() > 0).count();
        all - usize::from(!self.background.is_empty())
    }

    pub(crate) fn open_window(&mut self) {
        let options = ClerkOptions { sign_in_url: Some("/sign-in".to_owned()), ..ClerkOptions::default() };
        let clerk = self.clerk.with_options(options);
        let (mut state, reading) = (clerk.subscribe(), clerk.clone());
        let page = tokio::spawn(async move {
            loop {
                // As the command that the page reads the state with.
                let text = serde_json::to_string(&*reading.snapshot_for_window()).unwrap();
                assert!(text.len() < 1 << 20);
                if state.changed().await.is_err() {
                    return;
                }
                state.borrow_and_update();
            }
        });
        let loading = clerk.clone();
        self.calls.spawn(async move { drop(loading.load(LoadOptions::default()).await) });
        let mut window = Window { clerk, listeners: Vec::new(), page: page.abort_handle() };
        window.listen();
        self.windows.push(window);
    }

    pub(crate) fn close_window(&mut self) {
        let Some(window) = self.windows.pop() else { return };
        window.page.abort();
        for listener in window.listeners {
            listener.remove();
        }
    }

    /// Runs a call whose caller waits for it, or gives up at the next step.
    pub(crate) fn call<T>(&mut self, patient: bool, call: impl Future<Output = T> + Send + 'static) {
        let call = self.calls.spawn(async move { drop(call.await) });
        if !patient {
            self.impatient.push(call);
        }
    }

    /// What is stored, and what the app says about it.
    pub(crate) fn stored(&self) -> String {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files: Vec<_> =
            files.map(|file| (file.file_name(), file.metadata().map_or(0, |data| data.len()))).collect();
        let notices = self.clerk.notices();
        format!("{} secrets, files {files:?}, {notices:?}", self.keyring.len())
    }

    pub(crate) fn last_error(&self) -> String {
        match &*self.last_error.lock().unwrap() {
            Some(error) => format!("signing in fails: {error}"),
            None => "signing in returns without an error".to_owned(),
        }
    }

    /// Drops what is over.
    pub(crate) fn reap(&mut self) {
        for call in self.impatient.drain(..) {
            call.abort();
        }
        while let Some(ended) = self.calls.try_join_next() {
            if let Err(error) = ended {
                assert!(error.is_cancelled(), "a call panicked");
            }
        }
    }

    pub(crate) fn user_name(&self) -> Option<String> {
        self.clerk.user()?.first_name.clone()
    }

    pub(crate) fn status(&self) -> Status {
        self.clerk.snapshot().status
    }

    /// Lets the clock of this computer be wrong.
    pub(crate) fn set_clock(&self, error: Duration, fast: bool) {
        let ms = i64::try_from(error.as_millis()).unwrap();
        self.clock.error_ms.store(if fast { ms } else { -ms }, Ordering::Relaxed);
    }
}

impl Window {
    /// Adds a listener of each kind.
    pub(crate) fn listen(&mut self) {
        let seen = Arc::new(AtomicU64::new(0));
        let (changes, statuses, ended) = (seen.clone(), seen.clone(), seen);
        self.listeners.push(self.clerk.add_listener(move |state| {
            changes.fetch_max(state.revision, Ordering::Relaxed);
        }));
        let count = |counter: &AtomicU64| _ = counter.fetch_add(1, Ordering::Relaxed);
        self.listeners.push(self.clerk.on_status(move |_| count(&statuses), true));
        self.listeners.push(self.clerk.on_auth_event(move |_| count(&ended)));
    }
}

/// Returns a core in place of one that is not running.
fn unused(clock: Arc<WrongClock>) -> Clerk {
    let events = Arc::<EventCount>::default();
    Clerk::new(ClerkSetup::new(
        Arc::new(UnresponsiveFapi),
        Arc::<Keyring>::default(),
        Arc::<LastPage>::default(),
        clock,
        events,
    ))
}
