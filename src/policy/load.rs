//! Brings a policy's files together: what it extends, in which order.

use std::sync::Arc;

use super::desk::{Desk, meant};
use super::fault::{Fault, FileKind, PolicyError, PolicyFile};
use super::layer::{self, Layer};
use super::params::{calendars_in, faults_in};
use super::presets::{DEFAULT, PRESETS, preset};
use super::{Known, Policy, Source};
use crate::clock::holidays::{Calendars, Holidays};
use crate::text::{FileId, LineIndex, Span, Spanned, nearest};

/// Gives the text of a file of the repository by its path from the root: `Ok(None)` where there is none. It must refuse
/// to be led out of the repository by links.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<Option<Arc<str>>, String> + 'a;

/// Reads the policy that `source` names.
///
/// # Errors
/// Every fault of every file and of every parameter, each with its place; or a preset that does not exist.
pub fn load(known: &Known<'_>, source: Source, read: &mut ReadFile<'_>) -> Result<Policy, PolicyError> {
    let mut loader = Loader {
        known,
        read,
        files: Vec::new(),
        layers: Vec::new(),
        open: Vec::new(),
        calendars: Calendars::new(),
        faults: Vec::new(),
    };
    match &source {
        Source::Default => loader.preset(DEFAULT),
        Source::Preset(name) if preset(name).is_none() => return Err(unknown_preset(name)),
        Source::Preset(name) => loader.preset(name),
        Source::File { path, text, root } => loader.file(path, Arc::clone(text), root),
    }
    let Loader { files, mut layers, calendars, mut faults, .. } = loader;
    if !faults.is_empty() {
        faults.sort();
        faults.dedup();
        return Err(PolicyError::Faults { faults, files });
    }
    // Stable: each layer comes after those it extends, and presets before all files.
    layers.sort_by_key(|layer| files.get(layer.file).is_some_and(|f| f.kind == FileKind::Repository));
    Ok(Policy::stack(known, source, files, layers, calendars))
}

fn unknown_preset(name: &str) -> PolicyError {
    PolicyError::UnknownPreset { name: name.to_owned(), help: preset_help(name) }
}

pub(super) fn preset_help(name: &str) -> String {
    meant(name, PRESETS.iter().map(|p| p.name), "presets")
}

struct Loader<'a, 'r> {
    known: &'a Known<'a>,
    read: &'a mut ReadFile<'r>,
    files: Vec<PolicyFile>,
    /// Finished layers: each after those it extends.
    layers: Vec<Layer>,
    /// Paths of the files whose `extends` is being followed.
    open: Vec<Arc<str>>,
    /// What rules' parameters name.
    calendars: Calendars,
    faults: Vec<Fault>,
}

impl Loader<'_, '_> {
    /// Has this file been taken in, whole or in part?
    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| &*file.path == path)
    }

    fn preset(&mut self, name: &str) {
        let path = format!("preset {name}");
        let Some(preset) = preset(name).filter(|_| !self.has(&path)) else { return };
        self.add(path.into(), preset.text.into(), FileKind::Preset, "");
    }

    fn file(&mut self, path: &str, text: Arc<str>, root: &str) {
        self.add(path.into(), text, FileKind::Repository, root);
    }

    /// Takes a file in: first what it extends, then itself.
    fn add(&mut self, path: Arc<str>, text: Arc<str>, kind: FileKind, root: &str) {
        let index = self.files.len();
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let id = FileId(self.known.first_file.saturating_add(number));
        let lines = LineIndex::new(&text);
        let file = PolicyFile { path: Arc::clone(&path), text, lines, id, root: root.to_owned(), kind };
        self.files.push(file.clone());
        let mut desk = Desk::new(self.known, &file, index);
        let layer = layer::read(&mut desk);
        self.faults.append(&mut desk.faults);
        if kind == FileKind::Repository {
            self.faults.extend(faults_in(&layer, index, &file, self.known.binder));
            for named in calendars_in(&layer, &file, self.known.binder) {
                self.calendar(index, &named);
            }
        }
        self.open.push(path);
        match &layer.extends {
            Some(names) => names.iter().for_each(|name| self.extend(index, name)),
            None if kind == FileKind::Repository => self.preset(DEFAULT),
            None => {}
        }
        self.open.pop();
        self.layers.push(layer);
    }

    fn extend(&mut self, from: usize, name: &Spanned<Box<str>>) {
        if preset(&name.value).is_some() {
            self.preset(&name.value);
            return;
        }
        if !looks_like_a_file(&name.value) {
            let help = match nearest(&name.value, PRESETS.iter().map(|p| p.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{}; files are named by their path from the root", preset_help(&name.value)),
            };
            self.fault(from, name.span, format!("there is no preset `{}`", name.value), help);
            return;
        }
        match inside(&name.value) {
            Ok(path) => self.extend_file(from, name.span, &path),
            Err(reason) => {
                let help = "copy the file into the repository and name it by its path from the root";
                self.fault(from, name.span, format!("`{}` {reason}", name.value), help);
            }
        }
    }

    fn extend_file(&mut self, from: usize, span: Span, path: &str) {
        if let Some(at) = self.open.iter().position(|open| &**open == path) {
            let circle: Vec<&str> = self.open[at..].iter().map(|p| &**p).chain([path]).collect();
            let message = format!("these policies extend each other in a circle: {}", circle.join(" → "));
            self.fault(from, span, message, "remove one of the `extends` entries");
            return;
        }
        if self.has(path) {
            return;
        }
        match (self.read)(path) {
            Ok(Some(text)) => self.file(path, text, ""),
            Ok(None) => {
                let help = "paths in `extends` start at the repository's root";
                self.fault(from, span, format!("there is no file `{path}`"), help);
            }
            Err(reason) => {
                let help = "make it a readable file inside the repository";
                self.fault(from, span, format!("`{path}` cannot be read: {reason}"), help);
            }
        }
    }

    /// Reads a calendar that the policy's file number `from` names.
    fn calendar(&mut self, from: usize, name: &Spanned<String>) {
        if self.calendars.contains_key(&name.value) {
            return;
        }
        let path = match inside(&name.value) {
            Ok(path) => path,
            Err(reason) => {
                let help = "copy the calendar into the repository and name it by its path from the root";
                self.fault(from, name.span, format!("`{}` {reason}", name.value), help);
                return;
            }
        };
        let (message, help) = match (self.read)(&path) {
            Ok(Some(text)) => match Holidays::parse(&text) {
                Ok(holidays) => {
                    self.calendars.insert(name.value.clone(), Arc::new(holidays));
                    return;
                }
                Err(wrong) => {
                    let help = "mend the calendar, or export it again as iCalendar";
                    (format!("the calendar `{path}` cannot be used: {wrong}"), help)
                }
            },
            Ok(None) => {
                (format!("there is no calendar `{path}`"), "paths in `calendars` start at the repository's root")
            }
            Err(reason) => {
                let help = "make it a readable file inside the repository";
                (format!("the calendar `{path}` cannot be read: {reason}"), help)
            }
        };
        self.fault(from, name.span, message, help);
    }

    fn fault(&mut self, file: usize, span: Span, message: String, help: impl Into<String>) {
        self.faults.push(Fault { file, span, message, help: help.into() });
    }
}

/// Is it a path rather than a preset's name?
pub(super) fn looks_like_a_file(name: &str) -> bool {
    name.contains(['/', '.'])
}

/// `path` without `.` and `..`, if it stays inside the repository.
pub(super) fn inside(path: &str) -> Result<String, &'static str> {
    if path.contains("://") {
        return Err("is an address, and nothing is fetched");
    }
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || path.starts_with('~') || drive || path.contains('\\') {
        return Err("is not a path inside the repository");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop().ok_or("leads out of the repository")?,
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
