//! What pipelines and targets are called, and by whom.

use super::Field;
use crate::adapters::infra::in_folder;
use crate::adapters::{Object, World};
use crate::model::ObjectRef;

/// A name as somebody refers to it.
#[derive(Clone)]
pub(super) enum Name {
    /// As written. An expression stands for itself: two that are written alike mean the same.
    Plain(Box<str>),
    /// That of a resource of Terraform in another file of the same folder: folder and address.
    Elsewhere(ObjectRef),
}

/// The name of the resource at an address.
struct Called(Box<str>);

impl Name {
    /// The name that `field` comes to, in the file `path`: as written, or that of the resource it refers to.
    pub(super) fn of(field: &Field<'_>, path: &str) -> Option<Self> {
        let plain = |text: &str| Self::Plain(text.into());
        if let Some(text) = field.text() {
            return Some(plain(text));
        }
        let written = field.as_written();
        // One of several that `for_each` makes: what they share is no name.
        if written.is_some_and(|w| w.contains('[')) {
            return written.map(plain);
        }
        if let Some(resource) = field.resource() {
            let name = resource.body()?.get("Name")?;
            return name.text().or_else(|| name.as_written()).map(plain);
        }
        match field.address() {
            Some(address) => Some(Self::Elsewhere(in_folder(path, address))),
            None => written.map(plain),
        }
    }

    /// The name itself, where it can be known.
    pub(super) fn known<'n>(&'n self, world: &World<'n>) -> Option<&'n str> {
        match self {
            Self::Plain(name) => Some(name),
            Self::Elsewhere(id) => world.find::<Called>(id).map(|called| &*called.0),
        }
    }

    /// What to call it before every file has been read.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Plain(name) => name,
            Self::Elsewhere(id) => id.name.rsplit_once('/').map_or(&*id.name, |(_, address)| address),
        }
    }
}

/// The name that a resource has in Google Cloud.
pub(super) fn own(object: &Object<'_>, body: &Field<'_>) -> Box<str> {
    let key = if object.in_template().is_some() { "Name" } else { "resourceID" };
    let written = body.get(key).and_then(|name| name.text().or_else(|| name.as_written()));
    written.unwrap_or_else(|| object.name()).into()
}

/// Lets the other files of the folder know what the resource `object` is called.
pub(super) fn tell(object: &Object<'_>, name: &str, cx: &mut super::Lowering<'_>) {
    if let Some(address) = object.own_address(cx.path) {
        cx.define(address, Called(name.into()));
    }
}

/// The last part of a path of resources: `projects/p/locations/l/targets/prod`.
pub(super) fn last_part(text: &str) -> &str {
    text.rsplit_once('/').map_or(text, |(_, last)| last)
}

/// Do two names mean the same? `None` where one is an expression and the other is not.
pub(super) fn same(one: &str, other: &str) -> Option<bool> {
    let computed = |name: &str| crate::adapters::is_template(name);
    if one == other { Some(true) } else { (computed(one) == computed(other)).then_some(false) }
}

/// Words of a target that is production, and of one that comes before it or is a small part of it.
const PRODUCTION: [&str; 4] = ["prod", "production", "prd", "live"];
const BEFORE: [&str; 16] = [
    "pre", "non", "not", "no", "np", "dev", "test", "qa", "uat", "stage", "staging", "stg", "sandbox", "canary",
    "pilot", "beta",
];

/// Does the target `name` say that it is production: `prod-us`, `eu-production`, `prod2`?
pub(super) fn is_production(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words = || lower.split(|c: char| !c.is_ascii_alphanumeric());
    let word = |w: &str| w.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    words().any(|w| PRODUCTION.contains(&&*word(w))) && !words().any(|w| BEFORE.contains(&&*word(w)))
}

#[cfg(test)]
mod tests {
    use super::{is_production, same};

    #[test]
    fn production_by_its_words() {
        for name in ["prod-us", "eu-production", "prod1", "google_clouddeploy_target.prod", "shop_PRD_eu"] {
            assert!(is_production(name), "{name}");
        }
        for name in ["preprod", "pre-prod", "non-prod-eu", "nonprod", "staging", "prod-canary", "product-dev", "qa1"] {
            assert!(!is_production(name), "{name}");
        }
    }

    #[test]
    fn an_expression_may_be_any_name() {
        assert_eq!(same("prod", "prod"), Some(true));
        assert_eq!(same("prod", "dev"), Some(false));
        assert_eq!(same("${var.x}-prod", "${var.x}-dev"), Some(false));
        assert_eq!(same("${var.x}", "prod"), None);
    }
}
