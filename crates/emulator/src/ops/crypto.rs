//! Cryptographic proofs: authenticator codes, wallet signatures, PKCE.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Verifier;
use hmac::{Hmac, Mac};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// Length of a TOTP time step, in seconds.
const STEP_S: u64 = 30;

/// Returns the code of an authenticator app at a time step (RFC 6238: SHA-1, six digits).
pub(crate) fn totp_code(secret: &str, step: u64) -> Option<String> {
    let key = base32::decode(base32::Alphabet::Rfc4648 { padding: false }, secret.trim_end_matches('='))?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last()? & 0x0f);
    let word = u32::from_be_bytes(hash.get(offset..offset + 4)?.try_into().ok()?) & 0x7fff_ffff;
    Some(format!("{:06}", word % 1_000_000))
}

/// Returns the time step of a time.
pub(crate) fn totp_step(now_s: i64) -> u64 {
    u64::try_from(now_s).unwrap_or_default() / STEP_S
}

/// Returns the time step that a code matches, with one step of drift each way.
pub(crate) fn totp_match(secret: &str, code: &str, now_s: i64) -> Option<u64> {
    let now = totp_step(now_s);
    (now.saturating_sub(1)..=now + 1).find(|step| totp_code(secret, *step).as_deref() == Some(code))
}

/// Whether a wallet signed a message: secp256k1 with recovery for Ethereum addresses, ed25519 for Solana ones.
pub(crate) fn wallet_signed(address: &str, message: &str, signature: &str) -> bool {
    if address.starts_with("0x") {
        ethereum_address(message, signature).is_some_and(|signer| signer.eq_ignore_ascii_case(address))
    } else {
        solana_signed(address, message, signature).unwrap_or(false)
    }
}

/// Returns the address that signed a message with `personal_sign` (EIP-191).
fn ethereum_address(message: &str, signature: &str) -> Option<String> {
    let bytes = hex(signature.strip_prefix("0x")?)?;
    let (body, recovery) = (bytes.get(..64)?, *bytes.get(64)?);
    let recovery = RecoveryId::from_byte(recovery.checked_sub(27).unwrap_or(recovery))?;
    let signature = Signature::from_slice(body).ok()?;
    let prefixed = format!("\u{19}Ethereum Signed Message:\n{}{message}", message.len());
    let key = VerifyingKey::recover_from_digest(Keccak256::new_with_prefix(prefixed), &signature, recovery).ok()?;
    let point = key.to_encoded_point(false);
    let hash = Keccak256::digest(point.as_bytes().get(1..)?);
    Some(format!("0x{}", hash[12..].iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

fn solana_signed(address: &str, message: &str, signature: &str) -> Option<bool> {
    let key: [u8; 32] = bs58::decode(address).into_vec().ok()?.try_into().ok()?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key).ok()?;
    let bytes = hex(signature.trim_start_matches("0x")).or_else(|| bs58::decode(signature).into_vec().ok())?;
    let signature = ed25519_dalek::Signature::from_slice(&bytes).ok()?;
    Some(key.verify(message.as_bytes(), &signature).is_ok())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect()
}

/// Returns the PKCE challenge for a verifier (RFC 7636, S256).
pub(crate) fn pkce_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether a string can be a PKCE challenge.
pub(crate) fn is_pkce_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totp_code_follows_rfc_6238() {
        // The RFC's secret "12345678901234567890" at 59 s and 1111111109 s; its eight digits end in these six.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(totp_code(secret, totp_step(59)).unwrap(), "287082");
        assert_eq!(totp_code(secret, totp_step(1_111_111_109)).unwrap(), "081804");
        assert_eq!(totp_match(secret, "287082", 59 + 30), Some(1));
        assert_eq!(totp_match(secret, "287082", 59 + 90), None);
    }

    #[test]
    fn wallet_signed_checks_address_and_message() {
        let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let message = "Sign in to example";
        let prefixed = format!("\u{19}Ethereum Signed Message:\n{}{message}", message.len());
        let (signature, recovery) = key.sign_digest_recoverable(Keccak256::new_with_prefix(prefixed)).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(recovery.to_byte() + 27);
        let signature = format!("0x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let address = ethereum_address(message, &signature).unwrap();
        assert!(wallet_signed(&address.to_uppercase().replace("0X", "0x"), message, &signature));
        assert!(!wallet_signed(&address, "another message", &signature));
        assert!(!wallet_signed("0x52908400098527886E0F7030069857D2E4169EE7", message, &signature));
        assert!(!wallet_signed(&address, message, "0x00"));
    }

    #[test]
    fn pkce_challenge_is_the_hash_of_the_verifier() {
        // The example of RFC 7636, appendix B.
        let challenge = pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(is_pkce_challenge(&challenge) && !is_pkce_challenge("short"));
    }
}
