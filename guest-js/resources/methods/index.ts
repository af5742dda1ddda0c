/** The methods of resources that an app which only signs in does not need. It is loaded with the first call of one of them. */
export * as client from './client';
export * as emailAddress from './email-address';
export * as enterpriseAccount from './enterprise-account';
export * as externalAccount from './external-account';
export * as organization from './organization';
export * as organizationMembership from './organization-membership';
export * as passkey from './passkey';
export * as phoneNumber from './phone-number';
export * as session from './session';
export * as signIn from './sign-in';
export * as signUp from './sign-up';
export * as user from './user';
export * as web3Wallet from './web3-wallet';
