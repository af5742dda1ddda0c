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
            fs::create_dir_all(folder)?;
            // In the same folder, because a rename is atomic only within one file system.
            let new = path.with_extension("new");
            let mut file = fs::File::create(&new)?;
            file.write_all(&content)?;
            file.sync_all()?;
            fs::rename(&new, path)
        })
    }
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
}
