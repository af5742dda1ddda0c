//! E-mail addresses, phone numbers and wallets.

use super::handle::Account;
use crate::{
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::{DeletedObject, EmailAddress, PhoneNumber, Web3Wallet},
    resources::params::params,
};

params! {
    /// Parameters of the methods that send a code or a link to an e-mail address, a code to a phone number, or begin a signature
    /// with a wallet.
    pub struct IdentificationVerificationParams {
        required {
            /// E.g. `email_code`, `email_link`, `phone_code`, `web3_metamask_signature`.
            strategy: String,
        }
        optional {
            /// The URL that an e-mail link leads to.
            redirect_url: String,
            /// `sms` or `whatsapp`, with `phone_code`.
            channel: String,
        }
    }
}

params! {
    /// Parameters of [`Account::update_phone_number`].
    pub struct PhoneNumberParams {
        required {}
        optional {
            /// Whether the number is a second factor.
            reserved_for_second_factor: bool,
            /// Whether it is the preferred second factor.
            default_second_factor: bool,
        }
    }
}

/// The lists of identifications.
const EMAIL_ADDRESSES: &str = "email_addresses";
const PHONE_NUMBERS: &str = "phone_numbers";
const WALLETS: &str = "web3_wallets";

fn created(list: &str, name: &str, value: &str) -> Request {
    Request::new(Method::Post, path(&["me", list])).form(Form::default().with(name, value))
}

fn one(method: Method, list: &str, id: &str) -> Request {
    Request::new(method, path(&["me", list, id]))
}

fn step(list: &str, id: &str, step: &str) -> Request {
    Request::new(Method::Post, path(&["me", list, id, step]))
}

impl Account {
    /// Adds an e-mail address, which is then to be verified.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `form_identifier_exists`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/email_addresses`; `User.createEmailAddress()`.
    pub async fn create_email_address(&self, email_address: &str) -> Result<EmailAddress> {
        self.send(created(EMAIL_ADDRESSES, "email_address", email_address)).await
    }

    /// Reads an e-mail address.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `GET /v1/me/email_addresses/{id}`; `EmailAddress.reload()`.
    pub async fn email_address(&self, id: &str) -> Result<EmailAddress> {
        self.send(one(Method::Get, EMAIL_ADDRESSES, id).reload()).await
    }

    /// Sends a code or a link to an e-mail address.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/email_addresses/{id}/prepare_verification`; `EmailAddress.prepareVerification()`.
    pub async fn prepare_email_address_verification(
        &self,
        id: &str,
        params: IdentificationVerificationParams,
    ) -> Result<EmailAddress> {
        self.send(step(EMAIL_ADDRESSES, id, "prepare_verification").params(params)?).await
    }

    /// Verifies an e-mail address with the code that was sent to it.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); a wrong code is `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/email_addresses/{id}/attempt_verification`; `EmailAddress.attemptVerification()`.
    pub async fn attempt_email_address_verification(&self, id: &str, code: &str) -> Result<EmailAddress> {
        self.send(step(EMAIL_ADDRESSES, id, "attempt_verification").form(Form::default().with("code", code))).await
    }

    /// Removes an e-mail address.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `last_identification_deletion_failed`.
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/email_addresses/{id}`; `EmailAddress.destroy()`.
    pub async fn delete_email_address(&self, id: &str) -> Result<DeletedObject> {
        self.send(one(Method::Delete, EMAIL_ADDRESSES, id)).await
    }

    /// Adds a phone number in E.164 format, which is then to be verified.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `form_param_format_invalid`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/phone_numbers`; `User.createPhoneNumber()`.
    pub async fn create_phone_number(&self, phone_number: &str) -> Result<PhoneNumber> {
        self.send(created(PHONE_NUMBERS, "phone_number", phone_number)).await
    }

    /// Reads a phone number.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `GET /v1/me/phone_numbers/{id}`; `PhoneNumber.reload()`.
    pub async fn phone_number(&self, id: &str) -> Result<PhoneNumber> {
        self.send(one(Method::Get, PHONE_NUMBERS, id).reload()).await
    }

    /// Sends a code to a phone number.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/phone_numbers/{id}/prepare_verification`; `PhoneNumber.prepareVerification()`.
    pub async fn prepare_phone_number_verification(
        &self,
        id: &str,
        params: IdentificationVerificationParams,
    ) -> Result<PhoneNumber> {
        self.send(step(PHONE_NUMBERS, id, "prepare_verification").params(params)?).await
    }

    /// Verifies a phone number with the code that was sent to it.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); a wrong code is `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/phone_numbers/{id}/attempt_verification`; `PhoneNumber.attemptVerification()`.
    pub async fn attempt_phone_number_verification(&self, id: &str, code: &str) -> Result<PhoneNumber> {
        self.send(step(PHONE_NUMBERS, id, "attempt_verification").form(Form::default().with("code", code))).await
    }

    /// Makes a phone number a second factor, or the preferred one, or neither.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `PATCH /v1/me/phone_numbers/{id}`; `PhoneNumber.setReservedForSecondFactor()`,
    /// `PhoneNumber.makeDefaultSecondFactor()`.
    pub async fn update_phone_number(&self, id: &str, params: PhoneNumberParams) -> Result<PhoneNumber> {
        self.send(one(Method::Patch, PHONE_NUMBERS, id).params(params)?).await
    }

    /// Removes a phone number.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `last_identification_deletion_failed`.
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/phone_numbers/{id}`; `PhoneNumber.destroy()`.
    pub async fn delete_phone_number(&self, id: &str) -> Result<DeletedObject> {
        self.send(one(Method::Delete, PHONE_NUMBERS, id)).await
    }

    /// Adds the address of a wallet, which is then to be verified.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `form_identifier_exists`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/web3_wallets`; `User.createWeb3Wallet()`.
    pub async fn create_web3_wallet(&self, web3_wallet: &str) -> Result<Web3Wallet> {
        self.send(created(WALLETS, "web3_wallet", web3_wallet)).await
    }

    /// Asks for the text that a wallet is to sign: `verification.message`.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/web3_wallets/{id}/prepare_verification`; `Web3Wallet.prepareVerification()`.
    pub async fn prepare_web3_wallet_verification(
        &self,
        id: &str,
        params: IdentificationVerificationParams,
    ) -> Result<Web3Wallet> {
        self.send(step(WALLETS, id, "prepare_verification").params(params)?).await
    }

    /// Verifies a wallet with its signature.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/web3_wallets/{id}/attempt_verification`; `Web3Wallet.attemptVerification()`.
    pub async fn attempt_web3_wallet_verification(&self, id: &str, signature: &str) -> Result<Web3Wallet> {
        let form = Form::default().with("signature", signature);
        self.send(step(WALLETS, id, "attempt_verification").form(form)).await
    }

    /// Removes a wallet.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/web3_wallets/{id}`; `Web3Wallet.destroy()`.
    pub async fn delete_web3_wallet(&self, id: &str) -> Result<DeletedObject> {
        self.send(one(Method::Delete, WALLETS, id)).await
    }
}
