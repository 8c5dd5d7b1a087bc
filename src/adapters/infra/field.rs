//! One value of a template, with what the template computes looked up.

use super::{Language, Template, arm, cloudformation, terraform};
use crate::adapters::{Lowering, Object};
use crate::model::{Fact, ObjectRef};
use crate::syntax::Node;
use crate::text::Span;

/// What a template tells of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::adapters) enum Known {
    /// It is written.
    Written,
    /// It is the default of a parameter, which a deployment may override. Who says so, as a person would cite it.
    Default(&'static str),
    /// Nobody can know it from these files, and why: `parameter`, `condition`.
    No(&'static str),
    /// It stands for another resource of the same template, or for something of it.
    Resource,
}

/// What the template makes of one written value.
#[derive(Clone, Copy)]
pub(super) struct Looked<'d> {
    pub(super) node: Node<'d>,
    pub(super) known: Known,
}

impl<'d> Looked<'d> {
    pub(super) const fn written(node: Node<'d>) -> Self {
        Self { node, known: Known::Written }
    }

    pub(super) const fn unknown(node: Node<'d>, why: &'static str) -> Self {
        Self { node, known: Known::No(why) }
    }
}

/// One value of a template.
///
/// It is asked by the names that CloudFormation uses (`CanarySize`); a template of another language is asked for its own
/// spelling of them (`canary_size`, `canarySize`). A block of Terraform, which is a list of one, is what it holds.
#[derive(Clone, Copy)]
pub(in crate::adapters) struct Field<'d> {
    /// Where the value is: as written, or a parameter's default.
    pub(in crate::adapters) node: Node<'d>,
    /// What is known of it.
    pub(in crate::adapters) known: Known,
    /// Where it is used.
    written: Node<'d>,
    /// What of it is known only after the plan has been applied.
    unknown: Option<Node<'d>>,
    template: &'d Template<'d>,
    dialect: Language,
}

impl<'d> Field<'d> {
    pub(super) fn root(
        node: Node<'d>,
        unknown: Option<Node<'d>>,
        template: &'d Template<'d>,
        dialect: Language,
    ) -> Self {
        let known = Known::Written;
        let field = Self { node, known, written: node, unknown, template, dialect };
        field.at(node, unknown).unwrap_or(field)
    }

    /// The value written at `node`; `None` where that says "as if it were not there".
    fn at(&self, node: Node<'d>, unknown: Option<Node<'d>>) -> Option<Self> {
        let looked = match self.template.language {
            Language::CloudFormation => cloudformation::look(self.template.root, node)?,
            Language::Terraform => terraform::look(self.template.root, node)?,
            Language::Arm => arm::look(self.template.root, node),
            Language::Document if node.text().is_some_and(super::super::is_template) => {
                Looked::unknown(node, "template")
            }
            Language::Plan | Language::Document => Looked::written(node),
        };
        let known = match (self.known, looked.known) {
            (Known::Default(by), Known::Written) => Known::Default(by),
            (_, known) => known,
        };
        Some(Self { node: looked.node, known, written: node, unknown, ..*self })
    }

    /// Where it stands in the text.
    pub(in crate::adapters) fn span(&self) -> Span {
        self.written.span()
    }

    /// Its key: where to point when something is missing in it.
    pub(in crate::adapters) fn anchor(&self) -> Span {
        self.written.anchor()
    }

    /// Why nobody can know it from these files.
    pub(in crate::adapters) const fn unknown(&self) -> Option<&'static str> {
        if let Known::No(why) = self.known { Some(why) } else { None }
    }

    /// The value under `name`. What lies in a value that is not known is not known either; what is null is absent.
    pub(in crate::adapters) fn get(&self, name: &str) -> Option<Self> {
        if self.unknown().is_some() {
            return Some(*self);
        }
        let (here, unknown) = self.block();
        let name = self.dialect.spelled(name);
        let unknown = unknown.and_then(|u| u.get(&name));
        match here.and_then(|here| here.get(&name)).filter(|node| !node.is_null()) {
            Some(node) => self.at(node, unknown),
            None if unknown.is_some_and(|u| u.as_bool() == Some(true)) => {
                Some(Self { known: Known::No("known after apply"), ..*self })
            }
            None => None,
        }
    }

    /// The same, but out of reach: what it holds is not read.
    pub(super) fn opaque(&self, why: &'static str) -> Self {
        Self { known: Known::No(why), ..*self }
    }

    /// The value found by following `names`.
    pub(in crate::adapters) fn path(&self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(*self, |field, name| field.get(name))
    }

    /// The value under the first of `names` that is there: systems call the same thing differently.
    pub(in crate::adapters) fn any(&self, names: &[&str]) -> Option<Self> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The one item that a block of Terraform is.
    fn block(&self) -> (Option<Node<'d>>, Option<Node<'d>>) {
        if !self.node.is_seq() || !self.dialect.has_blocks() {
            return (Some(self.node), self.unknown);
        }
        let first = |node: Node<'d>| node.items().next();
        (first(self.node), self.unknown.and_then(|u| if u.is_seq() { first(u) } else { Some(u) }))
    }

    /// The items of a list, or the one block that stands for such a list. One that is not known is one unknown item.
    pub(in crate::adapters) fn items(&self) -> Vec<Self> {
        if self.unknown().is_some() {
            return vec![*self];
        }
        if self.node.is_map() && self.dialect.has_blocks() {
            return vec![*self];
        }
        let mut unknown = self.unknown.into_iter().flat_map(Node::items);
        let mut all = Vec::new();
        for node in self.node.items() {
            all.extend(self.at(node, unknown.next()));
        }
        all
    }

    /// The entries of a mapping: its keys with their values.
    pub(in crate::adapters) fn entries(&self) -> Vec<(Node<'d>, Self)> {
        let (here, unknown) = self.block();
        let all = here.into_iter().flat_map(Node::entries).filter(|(_, value)| !value.is_null());
        let under = |key: Node<'d>| unknown.and_then(|u| u.get(key.text()?));
        all.filter_map(|(key, value)| Some((key, self.at(value, under(key))?))).collect()
    }

    /// The text of a scalar, if it is known.
    pub(in crate::adapters) fn text(&self) -> Option<&'d str> {
        match self.known {
            Known::Written | Known::Default(_) => self.node.text().filter(|_| !self.node.is_null()),
            Known::No(_) | Known::Resource => None,
        }
    }

    /// The number, in quotes or not: CloudFormation takes both, and Terraform writes some as text.
    pub(in crate::adapters) fn number(&self) -> Option<f64> {
        self.text()?.trim().parse().ok().filter(|n: &f64| n.is_finite())
    }

    /// The whole number of at least 0.
    pub(in crate::adapters) fn whole(&self) -> Option<u64> {
        let text = self.text()?.trim();
        let point = |t: &str| t.strip_suffix(".0").unwrap_or(t).parse().ok();
        text.parse().ok().or_else(|| point(text))
    }

    /// The boolean, in quotes or not.
    pub(in crate::adapters) fn boolean(&self) -> Option<bool> {
        match self.text()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The resource of the same template that it stands for.
    pub(in crate::adapters) fn resource(&self) -> Option<Object<'d>> {
        let name = match self.template.language {
            Language::CloudFormation => cloudformation::referred(self.written)?,
            Language::Terraform => self.address()?,
            Language::Plan | Language::Arm | Language::Document => return None,
        };
        self.template.object(name)
    }

    /// The address `type.label` that it stands for in Terraform, where every file of a folder sees every resource.
    pub(in crate::adapters) fn address(&self) -> Option<&'d str> {
        match self.template.language {
            Language::Terraform => terraform::referred(self.written),
            Language::CloudFormation | Language::Plan | Language::Arm | Language::Document => None,
        }
    }

    /// The identity of the resource that it stands for, whichever file of the module declares that.
    pub(in crate::adapters) fn refers_to(&self) -> Option<ObjectRef> {
        match self.template.language {
            Language::CloudFormation => self.resource().map(|object| object.id()),
            Language::Terraform => {
                let (kind, label) = terraform::referred(self.written)?.split_once('.')?;
                Some(ObjectRef::new(terraform::GROUP, kind, None, label))
            }
            Language::Plan | Language::Arm | Language::Document => None,
        }
    }

    /// What is known of a value that was read from here.
    pub(in crate::adapters) fn fact<T>(&self, value: T) -> Fact<T> {
        match self.known {
            Known::Default(by) => Fact::Defaulted { value, by, near: self.span() },
            Known::Written | Known::No(_) | Known::Resource => Fact::stated(value, self.span()),
        }
    }

    /// The text as it stands, expressions included: two equal ones of the same template mean the same.
    pub(in crate::adapters) fn as_written(&self) -> Option<&'d str> {
        self.written.text()
    }
}

impl Language {
    /// How this language spells the name that CloudFormation spells `name`; one that begins with a small letter is taken
    /// as it is.
    fn spelled(self, name: &str) -> std::borrow::Cow<'_, str> {
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return name.into();
        }
        match self {
            Self::CloudFormation => name.into(),
            Self::Terraform | Self::Plan => snake(name).into(),
            Self::Arm | Self::Document => camel(name).into(),
        }
    }

    /// Are nested objects lists of one here?
    const fn has_blocks(self) -> bool {
        matches!(self, Self::Terraform | Self::Plan)
    }
}

/// `FinalBakeTimeInMinutes` as `final_bake_time_in_minutes`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_small {
            out.push('_');
        }
        after_small = !c.is_ascii_uppercase();
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `MirrorTraffic` as `mirrorTraffic`.
fn camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

impl Lowering<'_> {
    /// Reads `parent`'s value under the first of `names` that is there, by `take`: absent if none is, dynamic if nobody
    /// can know it, a default where a parameter's stands, and a remark (with `Dynamic`, so that nothing counts it as
    /// missing) if `take` refuses it. `wanted` ends "is not …".
    pub(in crate::adapters) fn field<'d, T>(
        &mut self,
        parent: &Field<'d>,
        names: &[&str],
        wanted: &str,
        take: impl FnOnce(&Field<'d>) -> Option<T>,
    ) -> Fact<T> {
        match parent.any(names) {
            Some(field) => self.take_field(&field, names[0], wanted, take),
            None => Fact::Absent { near: parent.anchor() },
        }
    }

    /// As [`Lowering::field`], for a field at hand; `name` is what messages call it.
    pub(in crate::adapters) fn take_field<'d, T>(
        &mut self,
        field: &Field<'d>,
        name: &str,
        wanted: &str,
        take: impl FnOnce(&Field<'d>) -> Option<T>,
    ) -> Fact<T> {
        let span = field.span();
        let dynamic = || Fact::Dynamic { expr: field.as_written().unwrap_or_default().into(), span };
        match field.known {
            Known::No(why) => {
                self.unknown(field.written, why);
                dynamic()
            }
            Known::Resource => {
                self.unknown(field.written, "a reference");
                dynamic()
            }
            Known::Written => match take(field) {
                Some(value) => Fact::stated(value, span),
                None => self.take(field.node, name, wanted, |_| None),
            },
            Known::Default(by) => match take(field) {
                Some(value) => Fact::Defaulted { value, by, near: span },
                None => self.take(field.node, name, wanted, |_| None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{camel, snake};

    #[test]
    fn names_of_other_languages() {
        assert_eq!(snake("FinalBakeTimeInMinutes"), "final_bake_time_in_minutes");
        assert_eq!(snake("KMSKeyId"), "kmskey_id");
        assert_eq!(camel("MirrorTraffic"), "mirrorTraffic");
    }
}
