//! What an adapter lowers: group, kind, name, and what the object says of itself.

use super::infra::Resource;
use crate::model::units::parse_seconds_f64;
use crate::model::{ChangeKind, Declared, Fact, Labels, ObjectRef, Risk};
use crate::syntax::Node;
use crate::text::Span;

/// One object of a manifest: a document, an item of a `List`, or a resource of an infrastructure template.
#[derive(Clone, Copy)]
pub struct Object<'d> {
    /// Its root map.
    pub node: Node<'d>,
    /// Group: what stands before the `/` of `apiVersion` ("" for core), `AWS::Lambda` of `AWS::Lambda::Alias`,
    /// `terraform`, or the system's own name for a document that is known by its form.
    pub group: &'d str,
    /// Version: what stands after the `/`; "" outside of Kubernetes.
    pub version: &'d str,
    /// Kind.
    pub kind: &'d str,
    place: Place<'d>,
}

/// Where an object stands, which says where its name and our annotations are.
#[derive(Clone, Copy)]
enum Place<'d> {
    /// A Kubernetes-shaped document: `metadata`.
    Kubernetes,
    /// A document known by its form, with its name where it has one.
    Document(Option<Node<'d>>),
    /// A resource of a template.
    Resource(Resource<'d>),
}

impl<'d> Object<'d> {
    /// The object at `node`, if it has an `apiVersion` and a `kind`. One of our own without a kind is an object too, of
    /// kind "": somebody forgot it, and is told so.
    pub fn new(node: Node<'d>) -> Option<Self> {
        let api = node.get("apiVersion")?.text()?;
        let kind = match node.get("kind").and_then(Node::text) {
            Some(kind) => kind,
            None if api.starts_with("rollgate/") => "",
            None => return None,
        };
        let (group, version) = api.split_once('/').unwrap_or(("", api));
        Some(Self { node, group, version, kind, place: Place::Kubernetes })
    }

    /// The document at `node`, or a part of it, that is known by its form: `kind` of the system `group`.
    pub(super) const fn document(node: Node<'d>, group: &'d str, kind: &'d str, name: Option<Node<'d>>) -> Self {
        Self { node, group, version: "", kind, place: Place::Document(name) }
    }

    /// A resource of a template.
    pub(super) const fn resource(node: Node<'d>, group: &'d str, kind: &'d str, resource: Resource<'d>) -> Self {
        Self { node, group, version: "", kind, place: Place::Resource(resource) }
    }

    /// What its template says of it, if it is a resource of one.
    pub(super) const fn in_template(&self) -> Option<&Resource<'d>> {
        match &self.place {
            Place::Resource(resource) => Some(resource),
            Place::Kubernetes | Place::Document(_) => None,
        }
    }

    /// The object at `item` of this list. An item without a kind is of the list's kind, less its `List`, as the readers
    /// of Kubernetes take it.
    pub fn item(&self, item: Node<'d>) -> Option<Self> {
        let own = item.get("kind").and_then(Node::text).filter(|kind| !kind.is_empty());
        match (own, self.kind.strip_suffix("List").filter(|kind| !kind.is_empty())) {
            (None, Some(kind)) if item.is_map() => Some(Self { node: item, kind, ..*self }),
            (_, None | Some(_)) => Self::new(item),
        }
    }

    /// Where its name stands: `metadata.name` or `metadata.generateName`, the logical id of a resource.
    pub fn name_node(&self) -> Option<Node<'d>> {
        match &self.place {
            Place::Kubernetes => {
                let metadata = self.node.get("metadata")?;
                metadata.get("name").or_else(|| metadata.get("generateName"))
            }
            Place::Document(name) => *name,
            Place::Resource(resource) => Some(resource.name),
        }
    }

    /// Its name, "" if it has none.
    pub fn name(&self) -> &'d str {
        self.name_node().and_then(Node::text).unwrap_or("")
    }

    /// Where its name stands, else its kind: the anchor of findings that concern the whole.
    pub fn name_span(&self) -> Span {
        self.name_node().or_else(|| self.node.get("kind")).unwrap_or(self.node).span()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&'d str> {
        if !matches!(self.place, Place::Kubernetes) {
            return None;
        }
        self.node.path(&["metadata", "namespace"]).and_then(Node::text).filter(|n| !n.is_empty())
    }

    /// Its identity.
    pub fn id(&self) -> ObjectRef {
        ObjectRef::new(self.group, self.kind, self.namespace(), self.name())
    }

    /// The identity of an object named here, in this one's namespace.
    pub fn neighbour(&self, group: &str, kind: &str, name: &str) -> ObjectRef {
        ObjectRef::new(group, kind, self.namespace(), name)
    }

    /// One annotation.
    pub fn annotation(&self, key: &str) -> Option<Node<'d>> {
        self.annotations()?.get(key)
    }

    /// Annotations of an object, `Metadata` of a CloudFormation resource.
    fn annotations(&self) -> Option<Node<'d>> {
        match &self.place {
            Place::Kubernetes => self.node.path(&["metadata", "annotations"]),
            Place::Document(_) => None,
            Place::Resource(resource) => resource.notes,
        }
    }

    /// `spec`.
    pub fn spec(&self) -> Option<Node<'d>> {
        self.node.get("spec")
    }

    /// What the object says of itself: our annotations and its labels.
    pub fn declared(&self) -> Declared {
        let text = |key: &str| self.annotation(key).and_then(Node::text);
        let annotations = self.annotations();
        Declared {
            service: text("rollgate/service").map(Into::into),
            environment: text("rollgate/environment").map(Into::into),
            change: text("rollgate/change").and_then(ChangeKind::from_name),
            risk: text("rollgate/risk").and_then(Risk::from_name),
            plan: self.annotation("rollgate/plan").and_then(|n| Some(Fact::stated(Box::from(n.text()?), n.span()))),
            traffic: text("rollgate/traffic").and_then(parse_traffic),
            labels: self.labels(),
            annotated: annotations.is_some_and(|a| a.any_key(|key| key.starts_with("rollgate/"))),
        }
    }

    fn labels(&self) -> Labels {
        if !matches!(self.place, Place::Kubernetes) {
            return Labels::default();
        }
        let Some(labels) = self.node.path(&["metadata", "labels"]) else { return Labels::default() };
        labels.entries().filter_map(|(k, v)| Some((k.text()?.into(), v.text()?.into()))).collect()
    }
}

/// Requests a day from `120000/day`, `5000/h`, `40/min`, `12/s`.
pub(super) fn parse_traffic(text: &str) -> Option<f64> {
    let (count, per) = text.split_once('/')?;
    let count: f64 = count.trim().replace(['_', ','], "").parse().ok()?;
    let seconds = parse_seconds_f64(&format!("1{}", per.trim()))?;
    (count >= 0.0 && seconds > 0.0).then(|| count * 86_400.0 / seconds)
}

#[cfg(test)]
mod tests {
    use super::parse_traffic;

    #[test]
    fn traffic_is_requests_a_day() {
        assert_eq!(parse_traffic("120000/day"), Some(120_000.0));
        assert_eq!(parse_traffic("10/s"), Some(864_000.0));
        assert_eq!(parse_traffic("many"), None);
    }
}
