//! Pictures that are uploaded.

use crate::{
    error::{ErrorCode, Result},
    ports::UploadPart,
    secret::Secret,
};

/// The largest picture that FAPI takes, in bytes.
const MAX_SIZE: usize = 10 * 1024 * 1024;

/// A picture to upload.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs, reason = "made by the app")]
pub struct Picture {
    /// The name of the file.
    pub file_name: String,
    /// The media type, e.g. `image/png`.
    pub content_type: String,
    /// The content of the file, at most 10 MB.
    pub content: Vec<u8>,
}

impl Picture {
    pub(crate) fn part(self) -> Result<UploadPart> {
        if self.content.len() > MAX_SIZE {
            return Err(ErrorCode::OptionInvalid.error("the picture is larger than 10 MB; choose a smaller one"));
        }
        let file = Some((self.file_name, self.content_type));
        Ok(UploadPart { name: "file".to_owned(), file, content: Secret::new(self.content) })
    }
}
