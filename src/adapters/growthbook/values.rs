//! The values of a feature: nothing lists them but the places where they are served.

use crate::adapters::flag::{Flag, Variation};
use crate::syntax::Node;

/// The values that were met so far.
pub(super) struct Values {
    met: Vec<String>,
    are_texts: bool,
}

impl Values {
    /// None yet; `are_texts` where a switch or a number stands in a text, as the REST API writes them.
    pub(super) const fn new(are_texts: bool) -> Self {
        Self { met: Vec::new(), are_texts }
    }

    /// The place of `value` among the flag's variations, where it is put if it is new; called by `label` or by its text.
    pub(super) fn place(&mut self, flag: &mut Flag, value: Node<'_>, label: Option<&str>) -> usize {
        let key = value.to_value().to_string();
        if let Some(at) = self.met.iter().position(|met| *met == key) {
            return at;
        }
        let at = self.met.len();
        self.met.push(key);
        let short = |text: &&str| !text.is_empty() && text.len() <= 40 && !text.contains('\n');
        let name = value.text().filter(short).or(label).map_or_else(|| format!("value {at}"), str::to_owned);
        flag.variations.push(if self.are_texts {
            Variation { is_false: value.text() == Some("false"), name: name.into(), ships: Vec::new() }
        } else {
            Variation::of(&name, value)
        });
        at
    }
}
