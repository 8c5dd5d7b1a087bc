//! `rollgate lsp`: the language server, over standard input and output.
//!
//! One thread answers in the order in which it is asked. What was typed while it worked is read first, so a burst of
//! keys is one check, a request is answered from the newest text, and one that was cancelled meanwhile is not worked on.

mod actions;
mod diagnose;
mod hover;
mod place;
mod server;
mod state;

use std::sync::mpsc;

use lsp_server::Connection;
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, HoverProviderCapability, InitializeParams,
    InitializeResult, PositionEncodingKind, ServerCapabilities, ServerInfo, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};

use super::Outcome;
use super::failure::Failure;
use super::surroundings::Surroundings;
use place::Encoding;
use server::Server;
use state::State;

/// Serves until the editor says that it is done, or hangs up.
pub(super) fn run(around: &Surroundings) -> Outcome {
    let (connection, threads) = Connection::stdio();
    let ended = serve(&connection, around);
    // The threads end when nobody holds the connection any more.
    drop(connection);
    let joined = threads.join();
    match (ended, joined) {
        (Ok(code), Ok(())) => Ok(code),
        (Err(error), _) => Err(broken(&error)),
        (_, Err(error)) => Err(broken(&error.to_string())),
    }
}

fn broken(error: &str) -> Vec<Failure> {
    let help = "start it from an editor: it speaks the language server protocol on standard input and output";
    vec![Failure::new(format!("the conversation with the editor broke off: {error}"), help)]
}

fn serve(connection: &Connection, around: &Surroundings) -> Result<u8, String> {
    let (id, params) = connection.initialize_start().map_err(|e| e.to_string())?;
    let params: InitializeParams = serde_json::from_value(params).map_err(|e| e.to_string())?;
    let encoding = Encoding::choose(&params);
    let result = serde_json::to_value(introduction(encoding)).map_err(|e| e.to_string())?;
    connection.initialize_finish(id, result).map_err(|e| e.to_string())?;
    // The transport hands over one message at a time; what waits behind it has to be seen as well.
    let (told, heard) = mpsc::channel();
    let receiver = connection.receiver.clone();
    // It ends when one of the two sides does.
    std::thread::spawn(move || receiver.into_iter().take_while(|message| told.send(message.clone()).is_ok()).count());
    let state = State::new(around.clone(), encoding);
    Server::new(connection, heard, state).listen()
}

/// What the server can do.
fn introduction(encoding: Encoding) -> InitializeResult {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::FULL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    let actions =
        CodeActionOptions { code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]), ..CodeActionOptions::default() };
    InitializeResult {
        capabilities: ServerCapabilities {
            position_encoding: Some(match encoding {
                Encoding::Utf8 => PositionEncodingKind::UTF8,
                Encoding::Utf16 => PositionEncodingKind::UTF16,
            }),
            text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo {
            name: "rollgate".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}
