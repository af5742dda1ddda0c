//! Building URLs the way Clerk's SDKs do.

/// `base` with `path` appended to the path inside its fragment: `/sign-in` and `factor-one` make
/// `/sign-in#/factor-one`. Works on relative and absolute URLs alike.
pub(super) fn with_hash_path(base: &str, path: &str) -> String {
    let (base, fragment) = base.split_once('#').unwrap_or((base, ""));
    let (hash_path, hash_query) =
        fragment.split_once('?').map_or((fragment, None), |(path, query)| (path, Some(query)));
    let query = hash_query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{base}#{}/{}{query}", hash_path.trim_end_matches('/'), path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fragment_is_a_path_of_its_own() {
        for (base, path, expected) in [
            ("http://test.host/sign-up", "/continue", "http://test.host/sign-up#/continue"),
            ("/sign-in", "factor-one", "/sign-in#/factor-one"),
            ("/sign-in#/", "factor-one", "/sign-in#/factor-one"),
            (
                "http://test.host/foo?my-search=42#my-hash?a=1",
                "/qux",
                "http://test.host/foo?my-search=42#my-hash/qux?a=1",
            ),
        ] {
            assert_eq!(with_hash_path(base, path), expected);
        }
    }
}
