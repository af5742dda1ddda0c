//! Patterns that origins are matched against. Windows may pass them, so no pattern takes long, whatever it is matched against.

use regex::{Regex, RegexBuilder};

/// The longest pattern or expression.
pub(crate) const LONGEST_PATTERN: usize = 1_000;

/// The longest text that is matched: host names have at most 253 characters.
const LONGEST_TEXT: usize = 1_000;

/// The memory of a compiled expression, in bytes. It limits the time to compile one and to match it, too.
const SIZE_LIMIT: usize = 1 << 17;

/// The most look-aheads of an expression.
const MOST_LOOK_AHEADS: usize = 10;

/// Whether `text` matches a pattern in which `*` matches any string. Takes constant stack, and time linear in the text for each
/// star: a star gives back characters only until the next star matches.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    if text.len() > LONGEST_TEXT {
        return false;
    }
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut place) = (0, 0);
    // Where to continue when the characters behind the last star don't match: behind the star, one character further.
    let mut retry: Option<(usize, usize)> = None;
    while place < text.len() {
        if pattern.get(at) == Some(&b'*') {
            retry = Some((at + 1, place));
            at += 1;
        } else if pattern.get(at) == Some(&text[place]) {
            at += 1;
            place += 1;
        } else if let Some((behind_star, from)) = retry {
            retry = Some((behind_star, from + 1));
            at = behind_star;
            place = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// A JavaScript regular expression.
///
/// `regress` checks it by the rules of JavaScript. It is then translated for `regex`, because the engine of `regress`
/// backtracks without a limit, and `regex` takes linear time.
///
/// `regex` has no look-around. Look-aheads are matched on their own, which is possible where the text before them has a fixed
/// length: `^https://(?!evil)\w+` matches what `^https://\w+` matches and `^https://evil` does not.
#[derive(Debug)]
pub(crate) struct Expression(Vec<Alternative>);

/// One side of a `|` that is in no group.
#[derive(Debug)]
struct Alternative {
    matches: Vec<Regex>,
    does_not_match: Vec<Regex>,
}

impl Expression {
    /// Compiles an expression. The error says what is wrong with it.
    pub(crate) fn new(source: &str, flags: &str) -> Result<Self, String> {
        if source.len() > LONGEST_PATTERN {
            return Err(format!("it is longer than {LONGEST_PATTERN} characters"));
        }
        // The other flags of JavaScript only change how an expression is searched for, and what is returned.
        if let Some(flag) = flags.chars().find(|flag| !"imsuv".contains(*flag)) {
            return Err(format!("unknown flag {flag:?}"));
        }
        let unicode = flags.contains(['u', 'v']);
        if unicode && has_property(source) {
            return unsupported(r"a Unicode property (\p)");
        }
        // The flag `i` changes nothing about what is valid.
        regress::Regex::with_flags(source, &*flags.replace('i', "")).map_err(|error| error.to_string())?;
        let translation = Translation {
            source: source.chars().collect(),
            at: 0,
            unicode,
            sets: flags.contains('v'),
            dot_all: flags.contains('s'),
        };
        let compile = |expression: &String| {
            RegexBuilder::new(expression)
                .case_insensitive(flags.contains('i'))
                .size_limit(SIZE_LIMIT)
                .dfa_size_limit(SIZE_LIMIT)
                .build()
                .map_err(|error| error.to_string())
        };
        let compile_all = |expressions: &[String]| expressions.iter().map(compile).collect::<Result<Vec<_>, _>>();
        let alternatives = translation.expression()?.into_iter().map(|translated| {
            Ok(Alternative {
                matches: compile_all(&translated.matches)?,
                does_not_match: compile_all(&translated.does_not_match)?,
            })
        });
        alternatives.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the expression matches a part of the text, which is an origin, and therefore ASCII.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        text.len() <= LONGEST_TEXT && text.is_ascii() && self.0.iter().any(|alternative| alternative.is_match(text))
    }
}

impl Alternative {
    fn is_match(&self, text: &str) -> bool {
        self.matches.iter().all(|regex| regex.is_match(text))
            && !self.does_not_match.iter().any(|regex| regex.is_match(text))
    }
}

/// Whether an expression with the flag `u` or `v` names a Unicode property. Looking them up takes seconds for a long expression.
fn has_property(source: &str) -> bool {
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && matches!(characters.next(), Some('p' | 'P')) {
            return true;
        }
    }
    false
}

/// Translates a valid expression from JavaScript's syntax to that of the `regex` crate. Texts to match are origins: they have
/// one line, and other characters than those of ASCII are encoded. Classes are therefore limited to ASCII, because those of
/// Unicode take long to compile.
struct Translation {
    source: Vec<char>,
    at: usize,
    unicode: bool,
    /// Whether classes may contain sets (flag `v`).
    sets: bool,
    /// Whether `.` matches line breaks (flag `s`).
    dot_all: bool,
}

/// A translated [`Alternative`].
#[derive(Default)]
struct Translated {
    matches: Vec<String>,
    does_not_match: Vec<String>,
}

/// What an escape sequence means.
enum Escaped {
    Character(char),
    /// A class, in the syntax of the `regex` crate.
    Class(String),
}

const NOTHING: &str = "[a&&b]";
const ANYTHING: &str = r"[\x00-\x7F]";
/// The last character of ASCII.
const LAST: char = '\x7F';

/// Returns the class of the other characters of ASCII.
fn all_but(members: &str) -> String {
    format!(r"[\x00-\x7F&&[^{members}]]")
}

fn literal(character: char) -> String {
    format!(r"\x{{{:X}}}", u32::from(character))
}

fn unsupported<T>(what: &str) -> Result<T, String> {
    Err(format!("{what} is not supported"))
}

impl Translation {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.source.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        Some(next)
    }

    fn take(&mut self, text: &str) -> bool {
        let fits = text.chars().enumerate().all(|(ahead, character)| self.peek(ahead) == Some(character));
        if fits {
            self.at += text.chars().count();
        }
        fits
    }

    fn expression(mut self) -> Result<Vec<Translated>, String> {
        let (mut finished, mut alternative) = (Vec::new(), Translated::default());
        let (mut output, mut depth) = (String::new(), 0_usize);
        // Whether `output` matches only at the start of a text, and only texts of one length.
        let (mut is_fixed, mut look_aheads) = (false, 0);
        while let Some(character) = self.next() {
            match character {
                '^' if output.is_empty() => is_fixed = true,
                '(' if !self.is_look_ahead() => is_fixed = false,
                '*' | '+' | '?' => is_fixed = false,
                '{' if self.is_range() => is_fixed = false,
                '|' if depth == 0 => {
                    alternative.matches.push(std::mem::take(&mut output));
                    finished.push(std::mem::take(&mut alternative));
                    is_fixed = false;
                    continue;
                }
                _ => {}
            }
            match character {
                '(' if self.is_look_ahead() && is_fixed => {
                    look_aheads += 1;
                    let conditions = match self.take("?!") {
                        true => &mut alternative.does_not_match,
                        false => &mut alternative.matches,
                    };
                    self.take("?=");
                    conditions.push(format!("{output}(?:{})", self.look_ahead()?));
                }
                '(' if self.is_look_ahead() => {
                    return unsupported("a look-ahead, unless it follows ^ and characters of a fixed number,");
                }
                '(' => {
                    depth += 1;
                    output.push_str(self.group()?);
                }
                ')' => {
                    depth = depth.saturating_sub(1);
                    output.push(')');
                }
                character => output.push_str(&self.token(character)?),
            }
        }
        if look_aheads > MOST_LOOK_AHEADS {
            return Err(format!("it has more than {MOST_LOOK_AHEADS} look-aheads"));
        }
        alternative.matches.push(output);
        finished.push(alternative);
        Ok(finished)
    }

    /// Translates what is inside of a look-ahead, up to the parenthesis that closes it.
    fn look_ahead(&mut self) -> Result<String, String> {
        let (mut output, mut depth) = (String::new(), 0_usize);
        while let Some(character) = self.next() {
            match character {
                ')' if depth == 0 => {
                    return match self.peek(0) {
                        Some('*' | '+' | '?' | '{') => unsupported("a look-ahead that is repeated"),
                        _ => Ok(output),
                    };
                }
                ')' => {
                    depth -= 1;
                    output.push(')');
                }
                '(' if self.is_look_ahead() => return unsupported("a look-ahead in another one"),
                '(' => {
                    depth += 1;
                    output.push_str(self.group()?);
                }
                character => output.push_str(&self.token(character)?),
            }
        }
        unsupported("a group without an end")
    }

    /// Translates anything but parentheses.
    fn token(&mut self, character: char) -> Result<String, String> {
        Ok(match character {
            '\\' => match self.peek(0) {
                Some(boundary @ ('b' | 'B')) => {
                    self.at += 1;
                    format!("\\{boundary}")
                }
                _ => match self.escape(false)? {
                    Escaped::Character(character) => literal(character),
                    Escaped::Class(class) => class,
                },
            },
            '[' => self.class()?,
            '.' if self.dot_all => ANYTHING.to_owned(),
            '.' => all_but(r"\n\r"),
            // The text has one line, so the flag `m` changes nothing.
            '^' => r"\A".to_owned(),
            '$' => r"\z".to_owned(),
            '{' => self.quantifier(),
            '|' | '*' | '+' | '?' => character.to_string(),
            character => literal(character),
        })
    }

    /// Whether the parenthesis that was read begins a look-ahead.
    fn is_look_ahead(&self) -> bool {
        self.peek(0) == Some('?') && matches!(self.peek(1), Some('=' | '!'))
    }

    /// Translates the beginning of a group. Groups need not capture, because nothing refers to them.
    fn group(&mut self) -> Result<&'static str, String> {
        if self.take("?:") {
            return Ok("(?:");
        }
        if matches!((self.peek(0), self.peek(1), self.peek(2)), (Some('?'), Some('<'), Some('=' | '!'))) {
            return unsupported("a look-behind");
        }
        if self.take("?<") {
            while self.next().is_some_and(|character| character != '>') {}
            return Ok("(?:");
        }
        if self.peek(0) == Some('?') { unsupported("a group with flags of its own") } else { Ok("(?:") }
    }

    /// Whether the brace that was read begins `{n,}` or `{n,m}`.
    fn is_range(&self) -> bool {
        self.source[self.at..].iter().take_while(|character| **character != '}').any(|character| *character == ',')
    }

    /// Translates `{n}`, `{n,}` and `{n,m}`. Any other brace is itself.
    fn quantifier(&mut self) -> String {
        let rest: String = self.source[self.at..].iter().take_while(|character| **character != '}').collect();
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (from, to) = rest.split_once(',').map_or((&*rest, None), |(from, to)| (from, Some(to)));
        let ends = self.peek(rest.chars().count()) == Some('}');
        if ends && is_number(from) && to.is_none_or(|to| to.is_empty() || is_number(to)) {
            self.at += rest.chars().count() + 1;
            format!("{{{rest}}}")
        } else {
            literal('{')
        }
    }

    /// Translates what follows a backslash.
    fn escape(&mut self, in_class: bool) -> Result<Escaped, String> {
        let Some(character) = self.next() else { return unsupported("a backslash at the end") };
        let class = |class: &str| Ok(Escaped::Class(class.to_owned()));
        let character = match character {
            'd' => return class("[0-9]"),
            'D' => return class(&all_but("0-9")),
            'w' => return class("[A-Za-z0-9_]"),
            'W' => return class(&all_but("A-Za-z0-9_")),
            's' => return class(r"[\t-\r ]"),
            'S' => return class(&all_but(r"\t-\r ")),
            'b' if in_class => '\u{8}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\u{C}',
            'v' => '\u{B}',
            '0' if !self.peek(0).is_some_and(|next| next.is_ascii_digit()) => '\0',
            '0'..='9' => return unsupported("a reference to a group, or an octal number,"),
            'k' if !in_class => return unsupported("a reference to a group"),
            'q' if self.sets => return unsupported(r"\q in a class"),
            'c' => match self.peek(0) {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    char::from(letter.to_ascii_uppercase() as u8 & 0x1F)
                }
                _ => return unsupported(r"\c without a letter"),
            },
            'x' => self.number(2).unwrap_or(Ok('x'))?,
            'u' if self.unicode && self.peek(0) == Some('{') => self.long_number()?,
            'u' => self.number(4).unwrap_or(Ok('u'))?,
            character => character,
        };
        Ok(Escaped::Character(character))
    }

    /// Reads a number of exactly `digits` digits, if one follows.
    fn number(&mut self, digits: usize) -> Option<Result<char, String>> {
        let text: String = self.source.get(self.at..self.at + digits)?.iter().collect();
        let number = text.chars().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(&text, 16))?;
        self.at += digits;
        // A half of a pair has no meaning of its own in UTF-8.
        Some(number.ok().and_then(char::from_u32).map_or_else(|| unsupported("a surrogate"), Ok))
    }

    /// Reads the number in `\u{…}`.
    fn long_number(&mut self) -> Result<char, String> {
        self.at += 1;
        let text: String = self.source[self.at..].iter().take_while(|character| **character != '}').collect();
        self.at += text.chars().count() + 1;
        let number = u32::from_str_radix(&text, 16).ok().and_then(char::from_u32);
        number.map_or_else(|| unsupported("a surrogate"), Ok)
    }

    /// Translates a class, whose opening bracket was read.
    fn class(&mut self) -> Result<String, String> {
        let negated = self.take("^");
        let mut output = String::new();
        loop {
            if self.take("]") {
                break;
            }
            if self.sets && (self.peek(0) == Some('[') || (self.peek(0) == self.peek(1) && !self.is_escape())) {
                return unsupported("an operation on classes (flag v)");
            }
            let Some(first) = self.member()? else { return unsupported("a class without an end") };
            let is_range = self.peek(0) == Some('-') && !matches!(self.peek(1), Some(']') | None);
            match first {
                Escaped::Class(class) => output.push_str(&class),
                Escaped::Character(from) if is_range => {
                    self.at += 1;
                    match self.member()? {
                        Some(Escaped::Character(_)) if from > LAST => {}
                        Some(Escaped::Character(to)) => {
                            output.push_str(&format!("{}-{}", literal(from), literal(to.min(LAST))));
                        }
                        Some(Escaped::Class(class)) => {
                            output.push_str(&format!("{}{}{class}", literal(from), literal('-')));
                        }
                        None => return unsupported("a class without an end"),
                    }
                }
                Escaped::Character(character) => output.push_str(&literal(character)),
            }
        }
        Ok(match (output.is_empty(), negated) {
            (true, false) => NOTHING.to_owned(),
            (true, true) => ANYTHING.to_owned(),
            (false, false) => format!("[{output}]"),
            (false, true) => all_but(&output),
        })
    }

    fn is_escape(&self) -> bool {
        self.peek(0) == Some('\\')
    }

    fn member(&mut self) -> Result<Option<Escaped>, String> {
        match self.next() {
            None => Ok(None),
            Some('\\') => self.escape(true).map(Some),
            Some(character) => Ok(Some(Escaped::Character(character))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_matches_stars_as_any_string() {
        for (pattern, text, expected) in [
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://a.example.com.evil.test", false),
            ("https://a*b*c", "https://aXbXbc", true),
            ("https://a*b*c", "https://abcb", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("a**", "a", true),
            ("ü*", "ümlaut", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    /// A matcher that recurses for each star overflows the stack, and takes exponential time when nothing matches.
    #[test]
    fn glob_survives_patterns_that_are_made_to_be_slow() {
        for length in [900, 1_000_000] {
            let text = format!("https://{}", "a".repeat(length));
            assert!(!glob(&format!("{}#", "*".repeat(1_000_000)), &text));
            assert!(!glob(&format!("https://{}b", "*a".repeat(1_000)), &text));
        }
    }

    /// The engine that checks the syntax is also the reference for the meaning.
    #[test]
    fn expression_agrees_with_an_engine_for_javascript() {
        let texts = [
            "https://example.com",
            "https://www.example.com:8080",
            "http://a-b.test",
            "my-app://x_y",
            "https://evil.test",
            "tauri://localhost",
            "",
            "a",
            "aa",
            "b",
            "B",
            "{",
            "a{,2}",
            "]",
            "z",
            "A",
            "-",
            "9",
            "a&&b",
            "[",
            "^",
            "\\",
            "<x>",
        ];
        let expressions = [
            ("^https://(?!evil)", ""),
            (r"example\.com$", ""),
            (r"EXAMPLE\.com", "i"),
            (r"^https:\/\/(www\.)?example\.com", ""),
            (r"[^]", ""),
            ("[]", ""),
            ("[a-c]{1,2}", ""),
            (r"a{,2}", ""),
            (r"\d+$", ""),
            (r"\w-\w", ""),
            (r"\bexample\b", ""),
            (r"\A", ""),
            (r"\z", ""),
            (r"\<x\>", ""),
            (r"[[]", ""),
            (r"[a&&b]", ""),
            (r"[\]\-^]", ""),
            (r"[a-]", ""),
            (r"[\w-z]", ""),
            (r"(?<scheme>https?):", ""),
            ("^https://(?=www)", ""),
            ("^(?!https://evil)https", ""),
            ("^(?=.*b)(?=.*a)", ""),
            ("^a(?!a)|^b|^https(?=:)://(?!evil|www).", ""),
            (r"^[a-z]{4}[^x](?=:)", ""),
            (r"^\w{5}(?!:(//e|//w))", "i"),
            (r"^h(?=(t|tt)+p)\b|z", ""),
            ("^a(?=a)", ""),
            ("^a(?!a)$", ""),
            ("^(?!)|a", ""),
            (r"\x61", ""),
            (r"\u0061", ""),
            (r"\u{61}", "u"),
            (r"^.$", "s"),
            (r"^.$", ""),
            ("^a|b$", "m"),
            (r"\S\s?\D\W", ""),
            (r"a*?b??", ""),
            ("(a|aa)+b", ""),
            (r"]", ""),
            ("}", ""),
            (r"\cA", ""),
            (r"[\b]", ""),
            (r"x{", ""),
            ("^[a-z]+$", "v"),
            (r"\0", ""),
            (r"[\d-9]", ""),
            ("[^a-z]", "i"),
            ("\u{e9}", ""),
            (r"\-\@\:", ""),
            ("[%-,]", ""),
            ("#x", ""),
            (r"[\u{0}-\u{10FFFF}]", "iu"),
            (r"^[\u0080-\uffff]*$", "i"),
            (r"[^\u0000-\uffff]", ""),
            (r"[^\u0080-\uffffa]", ""),
            (r"[\D\S]", "i"),
            (r"[^\D]", ""),
            (r"[^\w\S]", ""),
            (r"[^A-Z]", "i"),
            (r"\\p{1}", "u"),
            (r"\p", ""),
        ];
        for (source, flags) in expressions {
            let reference = regress::Regex::with_flags(source, flags).unwrap();
            let expression = Expression::new(source, flags).unwrap();
            for text in texts {
                assert_eq!(expression.is_match(text), reference.find(text).is_some(), "/{source}/{flags} {text}");
            }
        }
    }

    #[test]
    fn expression_reports_what_it_does_not_support() {
        for (source, flags) in [
            ("(", ""),
            ("x", "q"),
            (r"(a)\1", ""),
            (r"(?<a>b)\k<a>", ""),
            ("[a--b]", "v"),
            ("[[a-z]&&[b]]", "v"),
            (r"[\q{ab}]", "v"),
            (r"\ud800", ""),
            ("(?i:a)", ""),
            ("(?<=://)localhost", ""),
            (r"(?<!w)\.example", ""),
            ("(?=.*b)a", ""),
            ("^a*(?=b)", ""),
            ("^a{1,2}(?!b)", ""),
            ("^(a|aa)(?!b)", ""),
            ("^a?(?!b)", ""),
            ("^((?!b)a)", ""),
            ("^(?!(?=a)b)", ""),
            ("^(?=a)*b", ""),
            ("a|^b|c(?!d)", ""),
            (&format!("^{}", "(?!a)".repeat(11)), ""),
            ("(a{1000}){1000}", ""),
            (r"\p{Lu}", "u"),
            (r"[^\P{L}]", "iu"),
            (&format!("{}a{}", "(?:".repeat(20), "){99}".repeat(20)), ""),
            (&"a".repeat(1_001), ""),
            (&"(".repeat(900), ""),
            (&format!("{}{}", "(".repeat(400), ")".repeat(400)), ""),
        ] {
            assert!(Expression::new(source, flags).is_err(), "/{source}/{flags}");
        }
    }

    /// Classes of Unicode take seconds to compile.
    #[test]
    fn expression_limits_classes_to_ascii() {
        for (source, flags, expected) in [
            (r"[\u{0}-\u{10FFFF}]", "iu", r"[\x{0}-\x{7F}]"),
            (r"[\u0080-\uffff]", "i", NOTHING),
            (r"[^\u0080-\uffff]", "", ANYTHING),
            ("[^a]", "u", r"[\x00-\x7F&&[^\x{61}]]"),
            (r"\S", "", r"[\x00-\x7F&&[^\t-\r ]]"),
            (".", "", r"[\x00-\x7F&&[^\n\r]]"),
            (".", "s", ANYTHING),
        ] {
            let Expression(alternatives) = Expression::new(source, flags).unwrap();
            assert_eq!(alternatives[0].matches[0].as_str(), expected, "/{source}/{flags}");
        }
        let expression = Expression::new(".", "").unwrap();
        assert!(expression.is_match("a") && !expression.is_match("aé"), "origins are ASCII");
    }

    /// An engine that backtracks without a limit takes longer than the age of the world for these.
    #[test]
    fn expression_survives_texts_that_are_made_to_be_slow() {
        let text = format!("https://{}", "a".repeat(800));
        for source in [
            "^https://(a|aa)+b",
            "(a*)*b",
            "(a|a)*b",
            "^(?=.*(a+)+b)h",
            "^(?!x)(a|aa)+b",
            "^(?!(?:(?:.*a)*)*b)(a|aa)*c",
            "(a?){200}a{200}b",
            "(a+)+$b",
        ] {
            assert!(!Expression::new(source, "").unwrap().is_match(&text), "{source}");
        }
    }

    /// Counts are as expensive as what they repeat, whether or not that takes characters.
    #[test]
    fn expression_limits_counts() {
        for source in [
            "^(?:(?=h)(?=h)){99999999999}",
            "(?:(?=x)a{18446744073709551615}){2}",
            "a{99999999999}",
            "(?:a{1000}){1000}",
            "(?:(?:(?:a?){50}){50}){50}",
            "^(?:){18446744073709551616}(?!a)",
            "^(?=a{5000}b)(?!a{50000}c)",
        ] {
            assert!(Expression::new(source, "").is_err(), "{source}");
        }
    }
}
