//! Infrastructure templates: files whose resources belong to many systems.
//!
//! A template of CloudFormation, a plan or a configuration of Terraform, an ARM template: each lists resources by type,
//! and the adapters claim types as they claim kinds of Kubernetes. What a template computes (parameters, conditions,
//! references) is looked up here, so that an adapter reads a [`Field`] that is known, absent or out of reach.

mod arm;
mod cloudformation;
mod field;
mod terraform;

pub(super) use field::Field;

use super::Object;
use crate::model::ObjectRef;
use crate::syntax::{Engine, Node};

/// In which language a template is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// CloudFormation and SAM.
    CloudFormation,
    /// `.tf` and `.tf.json`.
    Terraform,
    /// `terraform show -json` of a plan.
    Plan,
    /// Azure Resource Manager.
    Arm,
    /// One resource by itself, as the body of a request: names begin small.
    Document,
}

/// One template.
pub struct Template<'d> {
    root: Node<'d>,
    language: Language,
}

/// What a template says of one of its resources.
#[derive(Clone, Copy)]
pub(super) struct Resource<'d> {
    /// Where its name is written: a logical id, a label, an address.
    pub(super) name: Node<'d>,
    /// Its properties, where it has any.
    pub(super) body: Option<Node<'d>>,
    /// What of them is known only after the plan has been applied, in the same shape.
    pub(super) unknown: Option<Node<'d>>,
    /// Where our annotations stand.
    pub(super) notes: Option<Node<'d>>,
    /// Whose names its properties have: azapi's are ARM's, within Terraform.
    pub(super) dialect: Language,
    /// The template.
    pub(super) template: &'d Template<'d>,
}

impl<'d> Template<'d> {
    /// The template at `root`, if it is one.
    pub fn new(root: Node<'d>) -> Option<Self> {
        let language = if cloudformation::is_template(root) {
            Language::CloudFormation
        } else if terraform::is_plan(root) {
            Language::Plan
        } else if terraform::is_configuration(root) {
            Language::Terraform
        } else if arm::is_template(root) {
            Language::Arm
        } else {
            return None;
        };
        Some(Self { root, language })
    }

    /// The document `root`, which is one resource and refers to nothing within itself.
    pub(super) const fn document(root: Node<'d>) -> Self {
        Self { root, language: Language::Document }
    }

    /// Its root, to be asked as the properties of a resource are.
    pub(super) fn body(&'d self) -> Field<'d> {
        Field::root(self.root, None, self, self.language)
    }

    /// Whose reading of its text counts.
    pub const fn engine(&self) -> Engine {
        match self.language {
            Language::CloudFormation => Engine::CloudFormation,
            Language::Terraform | Language::Plan | Language::Arm | Language::Document => Engine::Core12,
        }
    }

    /// Its resources, in order.
    pub fn objects(&'d self) -> Vec<Object<'d>> {
        match self.language {
            Language::CloudFormation => cloudformation::objects(self),
            Language::Terraform => terraform::objects(self),
            Language::Plan => terraform::planned(self),
            Language::Arm => arm::objects(self),
            Language::Document => Vec::new(),
        }
    }

    /// Its resources as they are before it is applied: a plan knows both states.
    pub fn objects_before(&'d self) -> Vec<Object<'d>> {
        match self.language {
            Language::Plan => terraform::before(self),
            Language::CloudFormation | Language::Terraform | Language::Arm | Language::Document => Vec::new(),
        }
    }

    /// The resource that `name` refers to.
    fn object(&'d self, name: &str) -> Option<Object<'d>> {
        match self.language {
            Language::CloudFormation => cloudformation::object(self, name),
            Language::Terraform => terraform::object(self, name),
            Language::Plan | Language::Arm | Language::Document => {
                self.objects().into_iter().find(|o| o.name() == name)
            }
        }
    }
}

/// May what the file `from` calls `object` stand in the file `there`? A label of Terraform means something within its
/// folder, a logical id within its template; other names within the whole repository.
pub fn within_reach(object: &ObjectRef, from: &str, there: &str) -> bool {
    let folder = |path: &'_ str| path.rsplit_once('/').map_or(0, |(folder, _)| folder.len());
    if *object.group == *terraform::GROUP {
        from[..folder(from)] == there[..folder(there)]
    } else {
        !object.group.starts_with("AWS::") || from == there
    }
}

impl<'d> Object<'d> {
    /// The properties of a resource.
    pub(super) fn body(&self) -> Option<Field<'d>> {
        let resource = self.in_template()?;
        let field = Field::root(resource.body?, resource.unknown, resource.template, resource.dialect);
        if resource.dialect == resource.template.language { Some(field) } else { terraform::properties(&field) }
    }

    /// `Globals.<section>` of a SAM template.
    pub(super) fn globals(&self, section: &str) -> Option<Field<'d>> {
        let resource = self.in_template()?;
        let globals = resource.template.root.get("Globals")?.get(section)?;
        Some(Field::root(globals, None, resource.template, resource.dialect))
    }

    /// What identifies it to the other files of its folder, in the file `path`.
    pub(super) fn own_address(&self, path: &str) -> Option<ObjectRef> {
        self.in_template().map(|_| in_folder(path, &format!("{}.{}", self.kind, self.name())))
    }

    /// Other objects of the same template, those that are one of `kinds`.
    pub(super) fn neighbours(&self, kinds: &[(&str, &str)]) -> Vec<Object<'d>> {
        let Some(resource) = self.in_template() else { return Vec::new() };
        let mut all = resource.template.objects();
        all.retain(|o| kinds.contains(&(o.group, o.kind)));
        all
    }
}

/// What identifies the resource of Terraform at `address` to the other files of the folder that `path` is in: together they
/// are one module.
pub(super) fn in_folder(path: &str, address: &str) -> ObjectRef {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    ObjectRef::new("terraform", "Address", None, &format!("{folder}/{address}"))
}
