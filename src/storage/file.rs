//! One file, replaced as a whole.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use crate::ports::{BoxFuture, CacheStore};

/// Keeps the sealed state in one file. A write that is interrupted leaves the old content.
#[derive(Debug, Clone)]
pub struct FileCache {
    path: PathBuf,
}

impl FileCache {
    /// A cache at this path; its folder is made when it is missing.
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
            // In the same folder, because only there a rename replaces the file in one step.
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
    async fn the_newest_content_is_there_and_nothing_else() {
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
    async fn a_place_that_can_not_be_used_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::new(folder.path());
        assert!(cache.read().await.is_err() && cache.write(b"x".to_vec()).await.is_err());
    }
}
