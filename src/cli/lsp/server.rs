//! The conversation: what is told is heard in its order, what is asked is answered from the newest text.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;

use lsp_server::{Connection, ErrorCode, ExtractError, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    Cancel, DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Exit, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{CodeActionRequest, HoverRequest, Request as _, Shutdown};
use lsp_types::{CancelParams, NumberOrString, PublishDiagnosticsParams};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::say;
use super::state::State;

/// One editor's server.
pub(super) struct Server<'c> {
    connection: &'c Connection,
    heard: Receiver<Message>,
    state: State,
    /// What has been said to us and not been looked at.
    waiting: VecDeque<Message>,
    /// Has the end been announced?
    is_over: bool,
}

impl<'c> Server<'c> {
    /// A server that hears `heard` and answers over `connection`.
    pub(super) const fn new(connection: &'c Connection, heard: Receiver<Message>, state: State) -> Self {
        Self { connection, heard, state, waiting: VecDeque::new(), is_over: false }
    }

    /// Answers until the end, and returns the exit code: 0 if the end was announced.
    pub(super) fn listen(&mut self) -> Result<u8, String> {
        loop {
            self.waiting.extend(self.heard.try_iter());
            let message = match self.waiting.pop_front() {
                Some(message) => message,
                None if self.state.is_stale() => {
                    self.publish()?;
                    continue;
                }
                None => match self.heard.recv() {
                    Ok(message) => message,
                    // The editor is gone without a word.
                    Err(_) => return Ok(1),
                },
            };
            match message {
                Message::Request(request) => self.answer(request)?,
                Message::Notification(told) if told.method == Exit::METHOD => return Ok(u8::from(!self.is_over)),
                Message::Notification(told) => self.hear(told),
                // We ask nothing.
                Message::Response(_) => {}
            }
        }
    }

    fn answer(&mut self, request: Request) -> Result<(), String> {
        if self.state.is_stale() && !self.is_over {
            self.publish()?;
        }
        self.waiting.extend(self.heard.try_iter());
        if self.is_cancelled(&request.id) {
            let (code, message) = (ErrorCode::RequestCanceled as i32, "cancelled".to_owned());
            return self.send(Response::new_err(request.id, code, message).into());
        }
        let response = match request.method.as_str() {
            Shutdown::METHOD => {
                self.is_over = true;
                Response::new_ok(request.id, ())
            }
            _ if self.is_over => {
                let message = "the server has been shut down".to_owned();
                Response::new_err(request.id, ErrorCode::InvalidRequest as i32, message)
            }
            HoverRequest::METHOD => respond::<HoverRequest, _>(request, |params| self.state.hover(&params)),
            CodeActionRequest::METHOD => respond::<CodeActionRequest, _>(request, |params| self.state.actions(&params)),
            other => {
                let message = format!("`{other}` is not served");
                Response::new_err(request.id.clone(), ErrorCode::MethodNotFound as i32, message)
            }
        };
        self.send(response.into())
    }

    /// Has the request been withdrawn by something that waits behind it?
    fn is_cancelled(&self, id: &RequestId) -> bool {
        self.waiting.iter().any(|message| match message {
            Message::Notification(told) if told.method == Cancel::METHOD => {
                let params = serde_json::from_value::<CancelParams>(told.params.clone());
                params.is_ok_and(|p| match p.id {
                    NumberOrString::Number(n) => *id == RequestId::from(n),
                    NumberOrString::String(text) => *id == RequestId::from(text),
                })
            }
            Message::Notification(_) | Message::Request(_) | Message::Response(_) => false,
        })
    }

    fn hear(&mut self, told: Notification) {
        match told.method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Some(p) = params::<DidOpenTextDocument>(told) {
                    self.state.open(p.text_document.uri, p.text_document.version, p.text_document.text);
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Some(mut p) = params::<DidChangeTextDocument>(told)
                    && let Some(change) = p.content_changes.pop()
                {
                    self.state.open(p.text_document.uri, p.text_document.version, change.text);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Some(p) = params::<DidCloseTextDocument>(told) {
                    self.state.close(&p.text_document.uri);
                }
            }
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => self.state.doubt(),
            // What is not known may be left unheard.
            _ => {}
        }
    }

    /// Checks, and tells the editor what changed.
    fn publish(&mut self) -> Result<(), String> {
        for (uri, version, diagnostics) in self.state.check() {
            let params = PublishDiagnosticsParams { uri, diagnostics, version };
            self.send(Notification::new(PublishDiagnostics::METHOD.to_owned(), params).into())?;
        }
        Ok(())
    }

    fn send(&self, message: Message) -> Result<(), String> {
        self.connection.sender.send(message).map_err(|e| e.to_string())
    }
}

fn params<N: lsp_types::notification::Notification>(told: Notification) -> Option<N::Params>
where
    N::Params: DeserializeOwned,
{
    match told.extract(N::METHOD) {
        Ok(params) => Some(params),
        Err(error) => {
            say(&format!("rollgate lsp: a message that can't be read: {error:?}\n"));
            None
        }
    }
}

/// The answer to a request of type `R`.
fn respond<R, T>(request: Request, work: impl FnOnce(R::Params) -> T) -> Response
where
    R: lsp_types::request::Request,
    R::Params: DeserializeOwned,
    T: Serialize,
{
    let id = request.id.clone();
    match request.extract::<R::Params>(R::METHOD) {
        Ok((id, params)) => Response::new_ok(id, work(params)),
        Err(ExtractError::JsonError { error, .. }) => {
            Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string())
        }
        Err(ExtractError::MethodMismatch(request)) => {
            Response::new_err(id, ErrorCode::MethodNotFound as i32, request.method)
        }
    }
}
