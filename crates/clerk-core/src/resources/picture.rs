//! Pictures and other files that are uploaded.

use base64::Engine;
use serde::Deserialize;

use crate::{
    error::{Error, ErrorCode, Result},
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

/// A file that a window uploads.
#[derive(Debug, Clone, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct FrontendApiFile {
    /// The name of the file.
    pub name: String,
    /// The media type, e.g. `image/png`.
    pub content_type: String,
    /// The content in base64.
    #[specta(type = String)]
    pub data: Secret<String>,
}

impl FrontendApiFile {
    /// Decodes the content.
    pub(crate) fn content(&self) -> Result<Vec<u8>> {
        let invalid = |why: &str| ErrorCode::OptionInvalid.error(format!("the file can't be sent: {why}"));
        // Four characters of base64 are three bytes.
        if self.data.expose().len() / 4 * 3 > MAX_SIZE + 2 {
            return Err(invalid("it is larger than 10 MB; choose a smaller one"));
        }
        let decoded = base64::engine::general_purpose::STANDARD.decode(self.data.expose());
        decoded.map_err(|_| invalid("its content is not base64"))
    }
}

/// # Errors
/// `option_invalid` if the content is not base64 or larger than 10 MB.
impl TryFrom<FrontendApiFile> for Picture {
    type Error = Error;

    fn try_from(file: FrontendApiFile) -> Result<Self> {
        let content = file.content()?;
        Ok(Self { file_name: file.name, content_type: file.content_type, content })
    }
}

impl Picture {
    pub(crate) fn part(self) -> Result<UploadPart> {
        self.part_named("file")
    }

    pub(crate) fn part_named(self, name: &str) -> Result<UploadPart> {
        if self.content.len() > MAX_SIZE {
            return Err(ErrorCode::OptionInvalid.error("the picture is larger than 10 MB; choose a smaller one"));
        }
        let file = Some((self.file_name, self.content_type));
        Ok(UploadPart { name: name.to_owned(), file, content: Secret::new(self.content) })
    }
}
