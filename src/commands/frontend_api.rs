//! What Clerk's own packages call.

use tauri::{
    Runtime, Url,
    ipc::{CommandArg, CommandItem, InvokeError},
};

use super::{
    caller::{Caller, may_call, visible_pages},
    operations::AllowedOperations,
};
use crate::{
    core::{ClerkJsState, Disclosure, FrontendApiRequest, FrontendApiResponse},
    error::{ErrorCode, ErrorPayload, Result},
};

/// A window with Clerk's own packages.
pub(crate) struct ClerkJs {
    clerk: Caller,
    page: Url,
    allowed: AllowedOperations,
    disclosure: Disclosure,
}

impl ClerkJs {
    pub(crate) fn state(&self) -> ClerkJsState {
        self.clerk.clerk_js_state(self.disclosure)
    }

    pub(crate) async fn send(self, request: FrontendApiRequest) -> Result<FrontendApiResponse> {
        let segments = request.segments()?;
        if !self.allowed.contain(&request.method, &segments) {
            return Err(ErrorCode::RequestNotAllowed.error(format!(
                "the permissions of this window do not include {} {}; add clerk:components to its capability, or the set for this \
                 part of the Frontend API, e.g. clerk:account",
                request.method, request.path
            )));
        }
        self.clerk.frontend_api(request, &self.page, self.disclosure).await
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for ClerkJs {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let webview = command.message.webview_ref();
        let allowed = AllowedOperations::of(webview).map_err(|error| {
            let text = format!("the scope of clerk:allow-frontend-api in the window's capability is invalid: {error}");
            InvokeError::from(ErrorPayload::from(ErrorCode::RequestNotAllowed.error(text)))
        })?;
        let disclosure = Disclosure {
            session_tokens: may_call(webview, "get_token"),
            client: may_call(webview, "snapshot")
                || may_call(webview, "clerk_js_state")
                || allowed.contain_path("GET", "/client"),
            pages: visible_pages(webview, &allowed),
        };
        let page = webview.url().map_err(InvokeError::from_error)?;
        Ok(Self { clerk: Caller::from_command(command)?, page, allowed, disclosure })
    }
}

/// Not part of what the webview sends.
#[cfg(feature = "bindings")]
impl specta::function::FunctionArg for ClerkJs {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}
