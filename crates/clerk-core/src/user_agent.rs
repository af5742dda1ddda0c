//! The `User-Agent` of requests. FAPI reads the browser and the operating system from it, for the list of the user's devices.

/// Returns the user agent of an app on this computer, in the form that Clerk's Electron SDK uses: the app takes the place of the
/// browser. A header may contain ASCII only, and a product name is one word.
#[must_use]
pub fn user_agent(name: &str, version: &str) -> String {
    format_for(std::env::consts::OS, std::env::consts::ARCH, name, version)
}

fn format_for(os: &str, arch: &str, name: &str, version: &str) -> String {
    let word = |text: &str, also: &str| -> String {
        let valid = |character: char| character.is_ascii_alphanumeric() || also.contains(character);
        text.chars().map(|character| if valid(character) { character } else { '-' }).collect()
    };
    format!("Mozilla/5.0 ({}) Gecko/20100101 {}/{}", platform(os, arch), word(name, ""), word(version, ".-+_"))
}

/// Returns what browsers say about the platform; parsers know no other form. Browsers name the same macOS and Windows on all
/// processors and versions.
fn platform(os: &str, arch: &str) -> String {
    match os {
        "macos" => "Macintosh; Intel Mac OS X 10_15_7".to_owned(),
        "windows" => "Windows NT 10.0; Win64; x64".to_owned(),
        "linux" => format!("X11; Linux {arch}"),
        "freebsd" => format!("X11; FreeBSD {arch}"),
        "openbsd" => format!("X11; OpenBSD {arch}"),
        "netbsd" => format!("X11; NetBSD {arch}"),
        "android" => "Linux; Android 10; K".to_owned(),
        "ios" => "iPhone; CPU iPhone OS 18_0 like Mac OS X".to_owned(),
        other => format!("{other}; {arch}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_names_the_platform_as_browsers_do() {
        for (os, arch, platform) in [
            ("linux", "x86_64", "X11; Linux x86_64"),
            ("linux", "aarch64", "X11; Linux aarch64"),
            ("macos", "aarch64", "Macintosh; Intel Mac OS X 10_15_7"),
            ("macos", "x86_64", "Macintosh; Intel Mac OS X 10_15_7"),
            ("windows", "x86_64", "Windows NT 10.0; Win64; x64"),
            ("windows", "aarch64", "Windows NT 10.0; Win64; x64"),
            ("freebsd", "x86_64", "X11; FreeBSD x86_64"),
            ("haiku", "x86_64", "haiku; x86_64"),
        ] {
            let expected = format!("Mozilla/5.0 ({platform}) Gecko/20100101 Notes/1.2.3-beta.1+5");
            assert_eq!(format_for(os, arch, "Notes", "1.2.3-beta.1+5"), expected);
        }
    }

    #[test]
    fn user_agent_is_a_valid_header_for_any_name_and_version() {
        let agent = user_agent("Größe (β) – Notes", "1.0\r\nX-Evil: 1");
        assert!(agent.is_ascii() && agent.ends_with(" Gr--e-------Notes/1.0--X-Evil--1"), "{agent}");
    }
}
