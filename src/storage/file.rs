//! One file, replaced as a whole.

use std::{
    fs::{self, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Semaphore;

use crate::{
    core::random_text,
    ports::{BoxFuture, CacheLock, CacheStore},
};

/// The maximum size of the file. It holds two responses of the Frontend API of at most 20 MiB, and all of it twice while the key is
/// replaced.
const MAX_SIZE: u64 = 96 * 1024 * 1024;
/// How often another process is asked whether it has finished.
const LOCK_INTERVAL: Duration = Duration::from_millis(20);
/// How many calls may be under way. On a disk that hangs, each occupies a thread for ever.
const MAX_UNDER_WAY: usize = 4;

/// Stores the encrypted state in one file. An interrupted write leaves the old content.
#[derive(Debug, Clone)]
pub struct FileCache {
    path: PathBuf,
    free: Arc<Semaphore>,
}

impl FileCache {
    /// Creates a cache at this path. The first write creates a missing folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), free: Arc::new(Semaphore::new(MAX_UNDER_WAY)) }
    }

    fn run<T: Send + 'static>(
        &self,
        action: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, io::Result<T>> {
        let (path, free) = (self.path.clone(), self.free.clone());
        Box::pin(async move {
            let place = free.acquire_owned().await.map_err(io::Error::other)?;
            let action = move || {
                // Kept until the call returns, also if its caller has given up.
                let _place = place;
                action(&path)
            };
            tokio::task::spawn_blocking(action).await.unwrap_or_else(|error| Err(io::Error::other(error)))
        })
    }
}

impl CacheStore for FileCache {
    fn read(&self) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
        self.run(|path| match read_file(path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        self.run(move |path| write_file(path, &content))
    }

    fn lock(&self) -> BoxFuture<'_, io::Result<CacheLock>> {
        Box::pin(async move {
            loop {
                // Never waits in the call itself: a thread that waits for a hanging process could not be ended.
                if let Some(lock) = self.run(try_lock).await? {
                    return Ok(Box::new(lock) as CacheLock);
                }
                tokio::time::sleep(LOCK_INTERVAL).await;
            }
        })
    }
}

/// Reads a regular file of a sane size. Opening anything else, such as a pipe, could wait for ever.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let refuse = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    if !fs::symlink_metadata(path)?.is_file() {
        return refuse("not a regular file");
    }
    let mut content = Vec::new();
    let file = fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return refuse("not a regular file");
    }
    file.take(MAX_SIZE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_SIZE { refuse("larger than any file of this plugin") } else { Ok(content) }
}

fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    private_folder().recursive(true).create(folder)?;
    // In the same folder, because a rename is atomic only within one file system. The name can't be guessed, so that nobody can
    // have put something there.
    let new = path.with_file_name(format!("{}{}{NEW}", prefix_of(path), random_text(16)));
    let replaced = (|| {
        let mut file = private_file().write(true).create_new(true).open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if replaced.is_err() {
        // What is left is removed by the next holder of the lock.
        let _ = fs::remove_file(&new);
    }
    replaced?;
    sync_folder(folder)
}

/// The end of the name of a file that is being written.
const NEW: &str = ".new";

/// The beginning of the names of files beside `path` that belong to it.
fn prefix_of(path: &Path) -> String {
    format!("{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Takes the lock of the file, unless another process has it. Dropping the result releases it, and so does the end of the
/// process.
fn try_lock(path: &Path) -> io::Result<Option<fs::File>> {
    private_folder().recursive(true).create(folder_of(path))?;
    let beside = path.with_file_name(format!("{}lock", prefix_of(path)));
    if fs::symlink_metadata(&beside).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the lock is not a regular file"));
    }
    let file = private_file().write(true).create(true).truncate(false).open(beside)?;
    match file.try_lock() {
        Ok(()) => {
            remove_unfinished(path);
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes what an interrupted write left. Only the holder of the lock writes.
fn remove_unfinished(path: &Path) {
    let prefix = prefix_of(path);
    for entry in fs::read_dir(folder_of(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(NEW) {
            // Only wastes space.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Options of a folder that only the user can read. On Windows, folders for local data are the user's own anyway.
fn private_folder() -> fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Options of a file that only the user can read.
fn private_file() -> fs::OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a rename in the folder durable. Windows has no such call.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn file_cache_holds_only_newest_content() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::new(folder.path().join("made/for it/state"));
        assert_eq!(cache.read().await.unwrap(), None);
        for content in [b"one".to_vec(), b"two, longer".to_vec(), Vec::new()] {
            cache.write(content.clone()).await.unwrap();
            assert_eq!(cache.read().await.unwrap(), Some(content));
        }
        assert_eq!(fs::read_dir(folder.path().join("made/for it")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn file_cache_reports_unusable_path() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::new(folder.path());
        assert!(cache.read().await.is_err() && cache.write(b"x".to_vec()).await.is_err());
    }

    #[tokio::test]
    async fn file_cache_on_a_disk_that_hangs_occupies_a_limited_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::new(folder.path().join("state"));
        let (started, calls) = std::sync::mpsc::channel();
        let mut hanging = Vec::new();
        for _ in 0..20 {
            let (started, (go_on, wait)) = (started.clone(), std::sync::mpsc::channel::<()>());
            let mut call = cache.run(move |_| {
                let _ = started.send(());
                // Also ends when the test does.
                let _ = wait.recv();
                Ok(())
            });
            // Begins the call, and gives it up.
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            hanging.push(go_on);
        }
        assert_eq!(cache.free.available_permits(), 0);
        for _ in 0..MAX_UNDER_WAY {
            calls.recv().unwrap();
        }
        drop((hanging, started));
        assert!(calls.recv().is_err(), "no further call has begun");
        assert_eq!(cache.read().await.unwrap(), None, "calls that have returned make room");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn file_cache_is_readable_by_the_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app/state");
        let cache = FileCache::new(&path);
        // What an older version or another program left.
        fs::create_dir(folder.path().join("app")).unwrap();
        cache.write(b"sealed".to_vec()).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let fresh = FileCache::new(folder.path().join("made/state"));
        fresh.write(b"sealed".to_vec()).await.unwrap();
        assert_eq!(mode(&folder.path().join("made")), 0o700);
    }

    #[tokio::test]
    async fn file_cache_removes_what_an_interrupted_write_left() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::new(folder.path().join("state"));
        for name in ["state.abc.new", "other.new", "state"] {
            fs::write(folder.path().join(name), "left").unwrap();
        }
        drop(cache.lock().await.unwrap());
        let left: Vec<_> = ["state.abc.new", "other.new", "state"].map(|name| folder.path().join(name).exists()).into();
        assert_eq!(left, [false, true, true]);
    }

    #[tokio::test]
    async fn file_cache_lock_excludes_others_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) =
            (FileCache::new(folder.path().join("made/state")), FileCache::new(folder.path().join("made/state")));
        let lock = one.lock().await.unwrap();
        assert!(try_lock(&other.path).unwrap().is_none());
        drop(lock);
        assert!(other.lock().await.is_ok());
    }

    #[tokio::test]
    async fn file_cache_refuses_a_file_that_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        // Sparse: takes no space.
        fs::File::create(&path).unwrap().set_len(MAX_SIZE + 1).unwrap();
        let cache = FileCache::new(&path);
        assert_eq!(cache.read().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        cache.write(b"sealed".to_vec()).await.unwrap();
        assert_eq!(cache.read().await.unwrap(), Some(b"sealed".to_vec()));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn file_cache_refuses_what_is_not_a_regular_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("elsewhere"), "secret").unwrap();
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        for path in [pipe, link] {
            let cache = FileCache::new(&path);
            assert_eq!(cache.read().await.unwrap_err().kind(), io::ErrorKind::InvalidData, "{path:?}");
            cache.write(b"sealed".to_vec()).await.unwrap();
            assert_eq!(cache.read().await.unwrap(), Some(b"sealed".to_vec()));
        }
        assert_eq!(fs::read(folder.path().join("elsewhere")).unwrap(), b"secret", "the target of a link is untouched");
    }
}
