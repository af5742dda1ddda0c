//! What a sign-out left to be done, because the secret store could not be used.

/// What precedes the content of the sealed file.
const RENEWAL: &[u8] = b"clerk-renewal-1\n";
const DISCARD: &[u8] = b"clerk-discard-1\n";

/// What is still to be done to the entry of the secret store, which could not be read or written when somebody signed out. The
/// file says so without the key, so that it can be said when the key is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// Its key is to be replaced.
    Renewal,
    /// Its client token is to be forgotten, too.
    Discard,
}

impl Unfinished {
    /// Returns what the file says.
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        match file {
            _ if file.starts_with(RENEWAL) => Some(Self::Renewal),
            _ if file.starts_with(DISCARD) => Some(Self::Discard),
            _ => None,
        }
    }

    /// Returns the file that says so.
    pub(super) fn write(unfinished: Option<Self>, file: &[u8]) -> Vec<u8> {
        let mark = match unfinished {
            Some(Self::Renewal) => RENEWAL,
            Some(Self::Discard) => DISCARD,
            None => b"",
        };
        [mark, Self::skip(file)].concat()
    }

    /// Returns the rest of the file.
    pub(super) fn skip(file: &[u8]) -> &[u8] {
        file.strip_prefix(RENEWAL).or_else(|| file.strip_prefix(DISCARD)).unwrap_or(file)
    }
}
