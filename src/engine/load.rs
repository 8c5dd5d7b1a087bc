//! Files to rollouts: parse, claim, lower. Each file is read, lowered and dropped; nothing of its text stays.

use std::sync::Arc;

use rayon::prelude::*;

use super::excuse::{Written, written};
use super::markers::{holds_marker, may_hold_known_kind};
use super::{reading, template};
use crate::adapters::{self, Audience, Lowered, Lowering, Object, Template};
use crate::collect::{Content, File, any_window, read};
use crate::model::{Problem, ProblemKind, Remark, RemarkKind};
use crate::syntax::{Chunk, Document, Limits, Node, SyntaxError, SyntaxErrorKind};
use crate::text::{FileId, Span};

/// Limits of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Of one document.
    pub document: Limits,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { file_bytes: 256 * 1024 * 1024, document: Limits::default() }
    }
}

/// What one file came to.
#[derive(Default)]
pub struct Loaded {
    /// What was lowered.
    pub lowered: Lowered,
    /// Documents seen, those of unknown kinds included.
    pub documents: usize,
    /// Why the file could not be judged, if it could not be read at all.
    pub failure: Option<String>,
    /// Why the file was left out, if it was.
    pub skipped: Option<&'static str>,
    /// The file's fingerprint when it was read, so that a later read can be held against it.
    pub length: usize,
    /// Its ignores, in their order.
    pub ignores: Vec<Written>,
}

/// Loads `files` in parallel for `audience`; the results stand in the order of the files, whose numbers begin with
/// `first`.
pub fn load(first: usize, files: &[File], limits: &LoadLimits, audience: Audience) -> Vec<Loaded> {
    let one = |(i, file)| load_file(FileId(u32::try_from(first + i).unwrap_or(u32::MAX)), file, limits, audience);
    if files.len() < WORTH_SHARING {
        return files.iter().enumerate().map(one).collect();
    }
    files.par_iter().enumerate().map(one).collect()
}

/// Starting threads takes longer than reading fewer files than this.
const WORTH_SHARING: usize = 8;

fn load_file(id: FileId, file: &File, limits: &LoadLimits, audience: Audience) -> Loaded {
    let mut out = Loaded::default();
    match read(file, limits.file_bytes) {
        Ok(Content::Text(text)) if text.starts_with(POINTER) => pointer(&mut out, id, file, text.len()),
        Ok(Content::Text(text)) => {
            out.length = text.len();
            let mut parts = load_text(id, &file.path, &text, &limits.document, audience).into_iter();
            (out.lowered, out.documents) = parts.next().unwrap_or_default();
            for (lowered, documents) in parts {
                out.lowered.append(lowered);
                out.documents += documents;
            }
            said_once(&mut out.lowered.problems);
            out.lowered.shrink();
            out.ignores = written(id, &text, &limits.document);
            out.ignores.iter_mut().for_each(|ignore| ignore.lends = out.lowered.lends);
        }
        Ok(Content::NotUtf8 { bytes, valid }) => unreadable_bytes(&mut out, id, &bytes, valid),
        Ok(Content::TooLarge { size }) => too_large(&mut out, id, file, size, limits.file_bytes),
        Err(error) => out.failure = Some(error.to_string()),
    }
    out
}

/// How git-lfs begins the file that it leaves in place of a large one.
const POINTER: &str = "version https://git-lfs.github.com/spec/";

/// Models and their tokenizers are JSON kept that way; a YAML file is a manifest.
fn pointer(out: &mut Loaded, id: FileId, file: &File, length: usize) {
    out.length = length;
    if file.path.ends_with(".json") {
        out.skipped = Some("a pointer of git-lfs");
        return;
    }
    let message = "the file is a pointer of git-lfs, so what it deploys is not here".to_owned();
    unreadable_file(out, Span::new(id, 0, 0), message, "keep manifests in git itself: `git lfs untrack` this path");
}

/// A file that is a template is one, however many documents it is cut into.
fn said_once(problems: &mut Vec<Problem>) {
    let mut first = true;
    problems.retain(|p| p.kind != ProblemKind::Template || std::mem::take(&mut first));
}

fn unreadable_bytes(out: &mut Loaded, id: FileId, bytes: &[u8], valid: usize) {
    let encoding = wide_encoding(bytes);
    let marked = match encoding {
        // The words we look for are ASCII, so they stand there with zeros between.
        Some(_) => holds_marker(&bytes.iter().copied().filter(|b| *b != 0).collect::<Vec<u8>>()),
        None => holds_marker(bytes),
    };
    if !marked {
        out.skipped = Some("not UTF-8 and of no known kind");
        return;
    }
    let at = u32::try_from(valid).unwrap_or(u32::MAX);
    let message = match encoding {
        Some(name) => format!("the file is {name}, which is not read"),
        None => format!("byte {valid} is not UTF-8, so the manifest can't be read"),
    };
    unreadable_file(out, Span::new(id, at, at), message, "save the file as UTF-8");
}

/// The encoding that a byte order mark announces, other than UTF-8.
fn wide_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// How much of a file over the limit is searched for a known kind. What lies behind it can't be cleared.
const SEARCHED: u64 = 1 << 30;

fn too_large(out: &mut Loaded, id: FileId, file: &File, size: u64, limit: u64) {
    match any_window(file, SEARCHED, holds_marker) {
        Ok(false) if size <= SEARCHED => out.skipped = Some("over the size limit and of no known kind"),
        Ok(_) => {
            let message = format!("the file has {size} bytes; at most {limit} are read");
            let help = "split the file, or raise `limits: {file-size}` in the policy";
            unreadable_file(out, Span::new(id, 0, 0), message, help);
        }
        Err(error) => out.failure = Some(error.to_string()),
    }
}

fn unreadable_file(out: &mut Loaded, span: Span, message: String, help: &str) {
    out.documents = 1;
    out.lowered.problems.push(Problem {
        kind: ProblemKind::Unreadable,
        span,
        message,
        help: help.to_owned(),
        instead: None,
    });
}

/// A text of this many bytes is lowered by more than one thread.
const WORTH_SPLITTING: usize = 1 << 20;

/// Lowers every document of `text`; a large text in parallel, with the results in order.
fn load_text(id: FileId, path: &Arc<str>, text: &str, limits: &Limits, audience: Audience) -> Vec<(Lowered, usize)> {
    let one = |chunks: &[Chunk<'_>]| {
        let mut lowered = Lowered { audience, ..Lowered::default() };
        let documents = chunks.iter().map(|c| load_chunk(id, path, c, limits, &mut lowered)).sum();
        (lowered, documents)
    };
    let chunks: Vec<Chunk<'_>> = reading::chunks(path, text);
    if text.len() < WORTH_SPLITTING {
        return vec![one(&chunks)];
    }
    chunks.par_chunks(256).map(one).collect()
}

/// Lowers the document of one chunk and returns how many documents it held.
fn load_chunk(id: FileId, path: &Arc<str>, chunk: &Chunk<'_>, limits: &Limits, out: &mut Lowered) -> usize {
    let by_path = adapters::is_known_path(path);
    if !by_path && !may_hold_known_kind(chunk.text.as_bytes()) {
        return usize::from(!chunk.text.trim().is_empty());
    }
    match reading::parse(id, path, chunk, limits) {
        Ok(doc) if doc.root().is_null() => return 0,
        Ok(doc) => lower_document(id, path, &doc, out),
        // Rules ask nothing of what is known by its path, so only who wants to see it is told that it can't be read.
        Err(error) if holds_marker(chunk.text.as_bytes()) || (by_path && out.audience == Audience::Inspection) => {
            out.problems.push(problem(error, chunk));
        }
        Err(_) => {}
    }
    1
}

fn problem(error: SyntaxError, chunk: &Chunk<'_>) -> Problem {
    let template = (error.kind == SyntaxErrorKind::Malformed).then(|| template::first(chunk.text)).flatten();
    if let Some(first) = template {
        let at = chunk.offset + u32::try_from(first).unwrap_or(0);
        return Problem {
            kind: ProblemKind::Template,
            span: Span::new(error.span.file, at, at + 2),
            message: "the file is a template and no YAML, so what it deploys can't be known".to_owned(),
            help: "check what it renders to, as in `helm template … | rollgate check -`".to_owned(),
            instead: None,
        };
    }
    Problem {
        kind: ProblemKind::Unreadable,
        span: error.span,
        message: error.message,
        help: "mend the YAML; until then nothing is known about what this manifest does".to_owned(),
        instead: None,
    }
}

fn lower_document(id: FileId, path: &Arc<str>, doc: &Document<'_>, out: &mut Lowered) {
    let before = out.rollouts.len();
    if let Some(object) = Object::new(doc.root()) {
        lower_object(id, path, Some(object), out, 0);
    } else if let Some(template) = Template::new(doc.root()) {
        lower_template(id, path, &template, out);
    } else if let Some((adapter, object)) = adapters::recognised(doc.root(), path) {
        out.claimed += 1;
        adapter.lower(&object, &mut Lowering::new(adapter.meta(), id, path, out));
    }
    for note in doc.touched_notes() {
        let within = |span: Span| span.start <= note.span.start && note.span.start <= span.end;
        let remark = Remark {
            kind: RemarkKind::Ambiguous,
            span: note.span,
            message: note.message.clone().into(),
            help: "write it so that every reader reads the same".into(),
            found: None,
            required: None,
            related: None,
            instead: None,
        };
        let here = out.rollouts[before..].iter().position(|(r, _)| within(r.span)).map(|i| i + before);
        if let Some((rollout, _)) = here.and_then(|i| out.rollouts.get_mut(i)) {
            rollout.remarks.push(remark);
        }
    }
}

/// Lowers the resources of a template; of a plan also what they are before it is applied, so that both can be compared.
fn lower_template<'d>(id: FileId, path: &Arc<str>, template: &'d Template<'d>, out: &mut Lowered) {
    let before = template.objects_before();
    let audience = out.audience;
    if !before.is_empty() && audience == Audience::Rules {
        out.audience = Audience::Change;
        let mut old = Lowered { audience: out.audience, ..Lowered::default() };
        for object in before {
            lower_object(id, path, Some(object), &mut old, LIST_DEPTH);
        }
        out.before.append(&mut old.rollouts);
    }
    for object in template.objects() {
        lower_object(id, path, Some(object), out, LIST_DEPTH);
    }
    out.audience = audience;
}

/// How deep a `List` may lie in a `List`: far deeper than anybody writes, and no danger to our stack.
const LIST_DEPTH: usize = 64;

fn lower_object(id: FileId, path: &Arc<str>, object: Option<Object<'_>>, out: &mut Lowered, depth: usize) {
    let Some(object) = object else { return };
    if let Some(adapter) = adapters::claiming(object.group, object.kind) {
        out.claimed += 1;
        adapter.lower(&object, &mut Lowering::new(adapter.meta(), id, path, out));
    } else if object.kind.ends_with("List") && depth < LIST_DEPTH {
        for item in object.node.get("items").into_iter().flat_map(Node::items) {
            lower_object(id, path, object.item(item), out, depth + 1);
        }
    }
}
