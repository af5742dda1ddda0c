//! The Clerk instance: its publishable key and the location of its Frontend API.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD as STANDARD, BASE64_STANDARD_NO_PAD as STANDARD_NO_PAD},
};
use url::{Host, Url};

use crate::error::{ErrorCode, Result};

/// Decodes the payload of a key: base64 with the standard alphabet, unpadded or correctly padded.
fn decode(payload: &str) -> Option<Vec<u8>> {
    if payload.contains('=') { STANDARD.decode(payload).ok() } else { STANDARD_NO_PAD.decode(payload).ok() }
}

/// The type of an instance: development or production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum InstanceType {
    /// Key `pk_live_…`.
    Production,
    /// Key `pk_test_…`.
    Development,
}

/// A publishable key, which names an instance and its Frontend API host. It is not a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishableKey {
    text: String,
    frontend_api: String,
    instance_type: InstanceType,
}

impl PublishableKey {
    /// Parses a key as shown in Clerk's dashboard.
    ///
    /// # Errors
    /// `publishable_key_missing` if it is blank, `publishable_key_invalid` if it is malformed.
    ///
    /// # Source
    /// `pk_<test|live>_` followed by the base64 of `<host>$`; the rules of clerk-js.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(missing_key());
        }
        let invalid = |why: &str| {
            ErrorCode::PublishableKeyInvalid.error(format!(
                "the publishable key is not valid: {why}. Copy it from the API keys page of Clerk's dashboard; it starts with pk_test_ or pk_live_"
            ))
        };
        let (instance_type, payload) = match text.split('_').collect::<Vec<_>>()[..] {
            ["pk", "live", payload] => (InstanceType::Production, payload),
            ["pk", "test", payload] => (InstanceType::Development, payload),
            ["sk", ..] => return Err(invalid("this is a secret key, which must never be in an app")),
            _ => return Err(invalid("it does not have the form pk_test_… or pk_live_…")),
        };
        let decoded = decode(payload).ok_or_else(|| invalid("its last part is not base64"))?;
        let decoded = String::from_utf8(decoded).map_err(|_| invalid("its last part is not valid UTF-8"))?;
        let frontend_api = decoded.strip_suffix('$').ok_or_else(|| invalid("it is cut off"))?;
        if !is_frontend_api_host(frontend_api) {
            return Err(invalid("it does not name a Frontend API host"));
        }
        Ok(Self { text: text.to_owned(), frontend_api: frontend_api.to_owned(), instance_type })
    }

    /// Returns the key itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the host (and port, if any) of the instance's Frontend API.
    #[must_use]
    pub fn frontend_api(&self) -> &str {
        &self.frontend_api
    }

    /// Returns the type of the instance.
    #[must_use]
    pub fn instance_type(&self) -> InstanceType {
        self.instance_type
    }
}

fn missing_key() -> crate::error::Error {
    ErrorCode::PublishableKeyMissing.error(
        "no publishable key: set plugins.clerk.publishableKey in tauri.conf.json, or clerk::Builder::publishable_key, or pass it to new Clerk(…)",
    )
}

/// The instance options of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceOptions {
    /// The publishable key.
    pub publishable_key: Option<String>,
    /// The absolute http(s) URL of a proxy in front of FAPI.
    pub proxy_url: Option<String>,
    /// The domain of the instance; used in production, with `clerk.` in front.
    pub domain: Option<String>,
}

/// A resolved instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    key: PublishableKey,
    domain: String,
    proxy_url: Option<Url>,
    base: Url,
}

impl Instance {
    /// Resolves the options.
    ///
    /// # Errors
    /// `publishable_key_missing`, `publishable_key_invalid`, `proxy_url_invalid`, `domain_invalid`, or
    /// `instance_mismatch` if key and proxy name two different loopback servers.
    pub(crate) fn resolve(options: &InstanceOptions) -> Result<Self> {
        let key = PublishableKey::parse(options.publishable_key.as_deref().unwrap_or_default())?;
        let proxy_url =
            options.proxy_url.as_deref().map(str::trim).filter(|url| !url.is_empty()).map(parse_proxy).transpose()?;
        let domain = effective_domain(options.domain.as_deref().unwrap_or_default(), key.instance_type());
        let host = match key.instance_type() {
            InstanceType::Production if !domain.is_empty() => domain.as_str(),
            _ => key.frontend_api(),
        };
        let base = match &proxy_url {
            Some(proxy) => {
                reject_other_loopback(&key, proxy)?;
                proxy.clone()
            }
            None => Url::parse(&format!("https://{host}")).ok().filter(|_| is_authority(host)).ok_or_else(|| {
                ErrorCode::DomainInvalid
                    .error(format!("the domain {host:?} is not a host name; set it without scheme and path"))
            })?,
        };
        Ok(Self { key, domain, proxy_url, base })
    }

    /// Returns the publishable key.
    #[must_use]
    pub(crate) fn key(&self) -> &PublishableKey {
        &self.key
    }

    /// Returns the effective domain; empty if none is configured.
    #[must_use]
    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the proxy in front of FAPI.
    #[must_use]
    pub(crate) fn proxy_url(&self) -> Option<&Url> {
        self.proxy_url.as_ref()
    }

    /// Returns the name under which this device's secrets are stored: the key's host, followed by the base URL of
    /// requests if that differs. A client token is therefore never sent to a server that did not issue it.
    #[must_use]
    pub(crate) fn secret_name(&self) -> String {
        let host = self.key.frontend_api();
        let own = |scheme: &str| Url::parse(&format!("{scheme}://{host}")).is_ok_and(|url| url == self.base);
        if own("https") || (is_loopback(&self.base) && own("http")) {
            host.to_owned()
        } else {
            format!("{host} at {}", self.base)
        }
    }

    /// Returns the URL of a FAPI path such as `/v1/client`.
    #[must_use]
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let prefix = url.path().trim_matches('/').to_owned();
        let path = path.trim_start_matches('/');
        url.set_path(&if prefix.is_empty() { format!("/{path}") } else { format!("/{prefix}/{path}") });
        url
    }
}

fn parse_proxy(text: &str) -> Result<Url> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && !is_loopback(&url) => Err(ErrorCode::ProxyUrlInvalid.error(
            "proxyUrl must use https, because the client token is sent there; plain http is only allowed for this computer, e.g. http://localhost:4010",
        )),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => Err(ErrorCode::ProxyUrlInvalid.error(
            "proxyUrl must not contain a user name or password: every window can read it",
        )),
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none() => {
            Ok(url)
        }
        _ => Err(ErrorCode::ProxyUrlInvalid.error(
            "proxyUrl must be an absolute http or https URL without query or fragment, e.g. https://example.com/__clerk",
        )),
    }
}

/// Returns the domain with exactly one `clerk.` in front, as clerk-js does in production; unchanged in development.
fn effective_domain(domain: &str, instance_type: InstanceType) -> String {
    let domain = domain.trim();
    let domain = domain.split_once("://").map_or(domain, |(_, rest)| rest).trim_end_matches('/');
    if domain.is_empty() || instance_type == InstanceType::Development || domain.contains(".clerk.accounts") {
        return domain.to_owned();
    }
    let mut rest = domain;
    while let Some(shorter) = rest.strip_prefix("clerk.") {
        rest = shorter;
    }
    // `clerk.com` is itself a domain: there one `clerk.` is part of the name.
    if rest.len() < domain.len() && !rest.contains('.') {
        format!("clerk.clerk.{rest}")
    } else {
        format!("clerk.{rest}")
    }
}

/// Rejects a key for one loopback server with a proxy on another one: no other server has that Frontend API host.
fn reject_other_loopback(key: &PublishableKey, proxy: &Url) -> Result<()> {
    let Ok(fapi) = Url::parse(&format!("http://{}", key.frontend_api())) else { return Ok(()) };
    let same = fapi.host() == proxy.host() && fapi.port_or_known_default() == proxy.port_or_known_default();
    if is_loopback(&fapi) && is_loopback(proxy) && !same {
        return Err(ErrorCode::InstanceMismatch.error(format!(
            "the publishable key belongs to the local server {}, but proxyUrl points at another one; use both from the same emulator",
            key.frontend_api()
        )));
    }
    Ok(())
}

/// Whether a URL names this computer: `localhost` or a loopback address. Other names below `localhost` don't count, because a
/// resolver may send them elsewhere.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether `text` is an ASCII host with at least one dot, and an optional port. URL parsers are more lenient: they drop
/// tabs, decode percent signs and complete IPv4 addresses, so that two keys could name one host.
fn is_frontend_api_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    // `127.1` is another spelling of an address.
    let is_read_as_written = || {
        Url::parse(&format!("https://{text}"))
            .is_ok_and(|url| url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(host)))
    };
    host.contains('.')
        && host.split('.').all(is_label)
        && port.is_none_or(is_port)
        && is_authority(text)
        && is_read_as_written()
}

/// Whether `text` is exactly `host` or `host:port`.
fn is_authority(text: &str) -> bool {
    // URL parsers drop surrounding whitespace and all tabs.
    let is_blank = |character: char| character.is_whitespace() || character.is_control();
    !text.contains(is_blank)
        && Url::parse(&format!("https://{text}")).is_ok_and(|url| {
            url.has_host()
                && url.username().is_empty()
                && url.path() == "/"
                && !text.contains(['/', '?', '#', '@', '\\'])
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// `tests/vectors/keys.json` lists the expected contents of keys. TypeScript is tested against it too.
    #[test]
    fn publishable_key_agrees_with_the_vectors() {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../../tests/vectors/keys.json")).unwrap();
        assert!(vectors.len() > 40);
        for vector in &vectors {
            let key = vector["key"].as_str().unwrap();
            match PublishableKey::parse(key) {
                Ok(parsed) => {
                    assert_eq!(parsed.frontend_api(), vector["frontendApi"], "{vector}");
                    assert_eq!(
                        serde_json::to_value(parsed.instance_type()).unwrap(),
                        vector["instanceType"],
                        "{vector}"
                    );
                }
                Err(error) => assert_eq!(error.code(), vector["error"], "{vector}"),
            }
        }
    }

    fn key_for(prefix: &str, payload: &str) -> String {
        format!("{prefix}{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(payload))
    }

    fn resolve(key: &str, proxy: Option<&str>, domain: Option<&str>) -> Result<Instance> {
        Instance::resolve(&InstanceOptions {
            publishable_key: Some(key.into()),
            proxy_url: proxy.map(Into::into),
            domain: domain.map(Into::into),
        })
    }

    #[test]
    fn publishable_key_parses_with_and_without_padding() {
        for key in ["pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", " pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\n"] {
            let key = PublishableKey::parse(key).unwrap();
            assert_eq!((key.frontend_api(), key.instance_type()), ("clerk.example.com", InstanceType::Production));
        }
        let padded = format!("pk_test_{}", base64::engine::general_purpose::STANDARD.encode("a.example.com$"));
        assert!(padded.ends_with('='));
        assert_eq!(PublishableKey::parse(&padded).unwrap().frontend_api(), "a.example.com");
        let with_port = PublishableKey::parse(&key_for("pk_test_", "127.0.0.1:4010$")).unwrap();
        assert_eq!(with_port.frontend_api(), "127.0.0.1:4010");
    }

    #[test]
    fn publishable_key_parse_rejects_invalid_keys() {
        let cases = [
            "pk_test_emulator".to_owned(),
            "pk_prod_Y2xlcmsuZXhhbXBsZS5jb20k".to_owned(),
            "sk_test_Y2xlcmsuZXhhbXBsZS5jb20k".to_owned(),
            "pk_test_Y2xl_cmsu".to_owned(),
            "pk_test_".to_owned(),
            key_for("pk_test_", "clerk.example.com"),
            key_for("pk_test_", "clerk.example.com$$"),
            key_for("pk_test_", "localhost:4010$"),
            key_for("pk_test_", "clerk.example.com/path$"),
            key_for("pk_test_", "user@clerk.example.com$"),
        ];
        for key in cases {
            assert_eq!(PublishableKey::parse(&key).unwrap_err().code(), "publishable_key_invalid", "{key}");
        }
        assert_eq!(PublishableKey::parse("  ").unwrap_err().code(), "publishable_key_missing");
    }

    #[test]
    fn instance_url_depends_on_key_proxy_and_domain() {
        let dev = key_for("pk_test_", "happy-fox-12.clerk.accounts.dev$");
        let live = key_for("pk_live_", "clerk.example.com$");
        let cases = [
            (&dev, None, None, "https://happy-fox-12.clerk.accounts.dev/v1/client"),
            (&dev, None, Some("satellite.com"), "https://happy-fox-12.clerk.accounts.dev/v1/client"),
            (&live, None, None, "https://clerk.example.com/v1/client"),
            (&live, None, Some("satellite.com"), "https://clerk.satellite.com/v1/client"),
            (&live, None, Some("https://clerk.satellite.com/"), "https://clerk.satellite.com/v1/client"),
            (&live, Some("http://127.0.0.1:4700"), None, "http://127.0.0.1:4700/v1/client"),
            (&live, Some("https://example.com/__clerk/"), Some("x.com"), "https://example.com/__clerk/v1/client"),
        ];
        for (key, proxy, domain, expected) in cases {
            assert_eq!(resolve(key, proxy, domain).unwrap().url("/v1/client").as_str(), expected);
        }
    }

    #[test]
    fn effective_domain_has_one_prefix_in_production() {
        for (domain, expected) in [
            ("", ""),
            ("example.com", "clerk.example.com"),
            ("clerk.example.com", "clerk.example.com"),
            ("clerk.clerk.example.com", "clerk.example.com"),
            ("clerk.com", "clerk.clerk.com"),
            ("clerk.clerk.com", "clerk.clerk.com"),
            ("clerk.abc", "clerk.clerk.abc"),
            ("happy-fox-12.clerk.accounts.dev", "happy-fox-12.clerk.accounts.dev"),
        ] {
            assert_eq!(effective_domain(domain, InstanceType::Production), expected, "{domain}");
        }
    }

    #[test]
    fn instance_resolve_rejects_invalid_proxies_and_domains() {
        let live = key_for("pk_live_", "clerk.example.com$");
        for proxy in [
            "/__clerk",
            "127.0.0.1:4700",
            "ftp://example.com",
            "https://",
            "https://a.example?x=1",
            "https://user:hunter2@a.example",
            // Only this computer may be reached without TLS, and such names need not lead there.
            "http://example.com",
            "http://evil.localhost",
            "http://evil.localhost:4700/__clerk",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
            "http://128.0.0.1",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            assert_eq!(resolve(&live, Some(proxy), None).unwrap_err().code(), "proxy_url_invalid", "{proxy}");
        }
        for proxy in [
            "http://localhost:4700",
            "http://LOCALHOST",
            "http://127.0.0.1",
            "http://127.9.9.9:1",
            "http://[::1]:4700",
            "https://evil.localhost",
        ] {
            assert!(resolve(&live, Some(proxy), None).is_ok(), "{proxy}");
        }
        assert_eq!(resolve(&live, None, Some("not a host")).unwrap_err().code(), "domain_invalid");
    }

    #[test]
    fn instance_resolve_rejects_key_of_another_local_server() {
        let key = key_for("pk_test_", "127.0.0.1:4700$");
        assert!(resolve(&key, Some("http://127.0.0.1:4700"), None).is_ok());
        assert_eq!(resolve(&key, Some("http://127.0.0.1:4701"), None).unwrap_err().code(), "instance_mismatch");
    }
}
