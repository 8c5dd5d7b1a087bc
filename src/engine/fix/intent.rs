//! What an edit means to change, held against what it does change in the tree, as every engine reads it.

use serde_json::{Map, Value};

use crate::syntax::{self, Engine, Limits};
use crate::text::FileId;

/// What an edit means to change. Places are JSON pointers into the document.
#[derive(Debug)]
pub(super) enum Intent {
    /// A scalar has another value.
    Written {
        /// The scalar.
        pointer: String,
    },
    /// A comment says more.
    Commented {
        /// What it goes on with.
        more: String,
    },
    /// A key has another name.
    Renamed {
        /// The key.
        pointer: String,
        /// Its new name.
        to: String,
    },
    /// A mapping has one key more.
    Key {
        /// The mapping.
        map: String,
        /// The key.
        key: &'static str,
        /// Its value.
        value: Value,
    },
    /// A list has one item more.
    Item {
        /// The list.
        list: String,
        /// The item's place.
        index: usize,
        /// The item.
        value: Value,
    },
}

/// The engines that have to agree: what the deployer reads may not be what we read.
const ENGINES: [Engine; 3] = [Engine::GoYamlV2, Engine::GoYamlV3, Engine::Core12];

impl Intent {
    /// Is it all that changes from `before` to `after`, which are the texts of one file? The documents are the same
    /// ones, and the one at byte `at` differs by the intent alone, for every engine.
    pub(super) fn is_all(&self, before: &str, after: &str, at: u32, limits: &Limits) -> bool {
        let old: Vec<_> = syntax::chunks(before).collect();
        let new: Vec<_> = syntax::chunks(after).collect();
        let Some(here) = old.iter().rposition(|c| c.offset <= at) else { return false };
        let others = || old.iter().zip(&new).enumerate().filter(|(i, _)| *i != here);
        if old.len() != new.len() || others().any(|(_, (a, b))| a.text != b.text || a.json != b.json) {
            return false;
        }
        ENGINES.iter().all(|engine| {
            let value = |chunk| syntax::parse(FileId(0), chunk, *engine, limits, true).ok();
            match (value(&old[here]), value(&new[here])) {
                (Some(a), Some(b)) => {
                    let texts =
                        |d: &syntax::Document<'_>| d.comments().iter().map(|c| c.text.clone()).collect::<Vec<_>>();
                    let (was, is) = (a.root().to_value(), b.root().to_value());
                    self.keeps(&texts(&a), &texts(&b)) && self.carried_out(was, &is).as_ref() == Some(&is)
                }
                // An engine that never read it has nothing to lose.
                (None, None) => true,
                (None, Some(_)) | (Some(_), None) => false,
            }
        })
    }

    /// Do comments stay as they were, but for one that is meant to say more?
    fn keeps(&self, before: &[String], after: &[String]) -> bool {
        match self {
            Self::Commented { more } => {
                let grown: Vec<_> = before.iter().zip(after).filter(|(a, b)| a != b).collect();
                let by_that = |(old, new): &(&String, &String)| **new == format!("{old}{more}");
                before.len() == after.len() && grown.len() == 1 && grown.iter().all(by_that)
            }
            Self::Written { .. } | Self::Renamed { .. } | Self::Key { .. } | Self::Item { .. } => before == after,
        }
    }

    /// `before` with the intent carried out; a scalar's new value is taken from `after`.
    fn carried_out(&self, mut before: Value, after: &Value) -> Option<Value> {
        match self {
            Self::Written { pointer } => {
                let (old, new) = (before.pointer_mut(pointer)?, after.pointer(pointer)?);
                let scalar = |v: &Value| !v.is_object() && !v.is_array();
                if !scalar(old) || !scalar(new) || old == new {
                    return None;
                }
                old.clone_from(new);
            }
            Self::Commented { .. } => {}
            Self::Renamed { pointer, to } => {
                let (map, key) = pointer.rsplit_once('/')?;
                let map = object(&mut before, map)?;
                let value = map.shift_remove(&key.replace("~1", "/").replace("~0", "~"))?;
                if map.insert(to.clone(), value).is_some() {
                    return None;
                }
            }
            Self::Key { map, key, value } => {
                if object(&mut before, map)?.insert((*key).to_owned(), value.clone()).is_some() {
                    return None;
                }
            }
            Self::Item { list, index, value } => {
                let list = before.pointer_mut(list)?.as_array_mut()?;
                if *index > list.len() {
                    return None;
                }
                list.insert(*index, value.clone());
            }
        }
        Some(before)
    }
}

fn object<'v>(value: &'v mut Value, pointer: &str) -> Option<&'v mut Map<String, Value>> {
    value.pointer_mut(pointer)?.as_object_mut()
}
