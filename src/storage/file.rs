//! One file, replaced as a whole.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use crate::ports::{BoxFuture, CacheStore};

/// Stores the encrypted state in one file. An interrupted write leaves the old content.
#[derive(Debug, Clone)]
pub struct FileCache {
    path: PathBuf,
}

impl FileCache {
    /// Creates a cache at this path. The first write creates a missing folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn run<T: Send + 'static>(
        &self,
        action: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, io::Result<T>> {
        let path = self.path.clone();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || action(&path))
                .await
                .unwrap_or_else(|error| Err(io::Error::other(error)))
        })
    }
}

impl CacheStore for FileCache {
    fn read(&self) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
        self.run(|path| match fs::read(path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        self.run(move |path| {
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            private_folder().recursive(true).create(folder)?;
            // In the same folder, because a rename is atomic only within one file system.
            let new = path.with_extension("new");
            // A file that another program left there could be a link, or readable by others.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = private_file().write(true).create_new(true).open(&new)?;
            file.write_all(&content)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            sync_folder(folder)
        })
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

    #[cfg(unix)]
    #[tokio::test]
    async fn file_cache_is_readable_by_the_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app/state");
        let cache = FileCache::new(&path);
        // What an older version or another program left.
        fs::create_dir(folder.path().join("app")).unwrap();
        fs::write(path.with_extension("new"), "old").unwrap();
        cache.write(b"sealed".to_vec()).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let fresh = FileCache::new(folder.path().join("made/state"));
        fresh.write(b"sealed".to_vec()).await.unwrap();
        assert_eq!(mode(&folder.path().join("made")), 0o700);
    }
}
