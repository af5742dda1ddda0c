//! Patterns that origins are matched against. Windows may pass them, so no pattern takes long, whatever it is matched against.

use fancy_regex::RegexBuilder;

/// The longest pattern or expression.
pub(crate) const LONGEST_PATTERN: usize = 1_000;

/// The longest text that is matched: host names have at most 253 characters.
const LONGEST_TEXT: usize = 1_000;

/// How often an expression with look-around may backtrack. All others take linear time.
const BACKTRACK_LIMIT: usize = 10_000;

/// How often an expression may repeat something at least, with repetitions inside of repetitions multiplied. The engine multiplies
/// them without a check.
const MOST_REPETITIONS: u64 = 10_000;

/// The memory of a compiled expression, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

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
/// `regress` checks it by the rules of JavaScript. It is then translated for `fancy-regex`, because the engine of `regress`
/// backtracks without a limit.
#[derive(Debug)]
pub(crate) struct Expression(fancy_regex::Regex);

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
        let translated =
            Translation { source: source.chars().collect(), at: 0, unicode, sets: flags.contains('v'), repetitions: 1 }
                .expression(flags.contains('s'))?;
        let compiled = RegexBuilder::new(&translated)
            .case_insensitive(flags.contains('i'))
            .backtrack_limit(BACKTRACK_LIMIT)
            .delegate_size_limit(SIZE_LIMIT)
            .delegate_dfa_size_limit(SIZE_LIMIT)
            .build();
        compiled.map(Self).map_err(|error| error.to_string())
    }

    /// Whether the expression matches a part of the text, which is an origin, and therefore ASCII. One that backtracks too much
    /// doesn't.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        text.len() <= LONGEST_TEXT && text.is_ascii() && self.0.is_match(text).unwrap_or(false)
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

/// Translates a valid expression from JavaScript's syntax to that of the `regex` crate, which `fancy-regex` extends. Texts to
/// match are origins: they have one line, and other characters than those of ASCII are encoded. Classes are therefore limited to
/// ASCII, because those of Unicode take long to compile.
struct Translation {
    source: Vec<char>,
    at: usize,
    unicode: bool,
    /// Whether classes may contain sets (flag `v`).
    sets: bool,
    /// The product of all counts of repetitions.
    repetitions: u64,
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

    fn expression(mut self, dot_all: bool) -> Result<String, String> {
        let mut output = String::new();
        while let Some(character) = self.next() {
            match character {
                '\\' => match self.peek(0) {
                    Some('b' | 'B') => output.extend(['\\', self.next().unwrap_or('b')]),
                    _ => match self.escape(false)? {
                        Escaped::Character(character) => output.push_str(&literal(character)),
                        Escaped::Class(class) => output.push_str(&class),
                    },
                },
                '[' => output.push_str(&self.class()?),
                '(' => output.push_str(self.group()?),
                '.' if dot_all => output.push_str(ANYTHING),
                '.' => output.push_str(&all_but(r"\n\r")),
                // The text has one line, so the flag `m` changes nothing.
                '^' => output.push_str(r"\A"),
                '$' => output.push_str(r"\z"),
                '{' => output.push_str(&self.quantifier()?),
                ')' | '|' | '*' | '+' | '?' => output.push(character),
                character => output.push_str(&literal(character)),
            }
        }
        Ok(output)
    }

    /// Translates the beginning of a group. Groups need not capture, because nothing refers to them.
    fn group(&mut self) -> Result<&'static str, String> {
        for beginning in ["?:", "?=", "?!", "?<=", "?<!"] {
            if self.take(beginning) {
                return Ok(match beginning {
                    "?=" => "(?=",
                    "?!" => "(?!",
                    "?<=" => "(?<=",
                    "?<!" => "(?<!",
                    _ => "(?:",
                });
            }
        }
        if self.take("?<") {
            while self.next().is_some_and(|character| character != '>') {}
            return Ok("(?:");
        }
        if self.peek(0) == Some('?') { unsupported("a group with flags of its own") } else { Ok("(?:") }
    }

    /// Translates `{n}`, `{n,}` and `{n,m}`. Any other brace is itself.
    fn quantifier(&mut self) -> Result<String, String> {
        let rest: String = self.source[self.at..].iter().take_while(|character| **character != '}').collect();
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (from, to) = rest.split_once(',').map_or((&*rest, None), |(from, to)| (from, Some(to)));
        let ends = self.peek(rest.chars().count()) == Some('}');
        if ends && is_number(from) && to.is_none_or(|to| to.is_empty() || is_number(to)) {
            self.at += rest.chars().count() + 1;
            self.repetitions = self.repetitions.saturating_mul(from.parse().unwrap_or(u64::MAX).max(1));
            if self.repetitions > MOST_REPETITIONS {
                return unsupported("such a number of repetitions");
            }
            Ok(format!("{{{rest}}}"))
        } else {
            Ok(literal('{'))
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
            (r"(?<=://)localhost", ""),
            (r"(?<!w)\.example", ""),
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
            ("(?=.*b)(?=.*a)", ""),
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
            ("(a{1000}){1000}", ""),
            (r"\p{Lu}", "u"),
            (r"[^\P{L}]", "iu"),
            (&format!("{}(?=a)b{}", "(?:".repeat(20), "){99}".repeat(20)), ""),
            ("(?:(?=a)b){99999999999999999999}", ""),
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
            assert_eq!(Expression::new(source, flags).unwrap().0.as_str(), expected, "/{source}/{flags}");
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
            "(?=(a+)+b)a",
            "^(?!x)(a|aa)+b",
            "(?<!b)(a+)+$b",
            "(a?){200}a{200}b",
        ] {
            if let Ok(expression) = Expression::new(source, "") {
                assert!(!expression.is_match(&text), "{source}");
            }
        }
    }
}
