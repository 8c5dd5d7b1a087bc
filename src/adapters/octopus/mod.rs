//! Octopus Deploy: deployment processes that are kept in git.

mod rollout;
mod scope;
mod steps;
#[cfg(test)]
mod tests;

use steps::{Barrier, Part};

use super::nodes::text;
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Files in OCL with steps at their root: `deployment_process.ocl` below `.octopus/`. A step is a rollout where the file
    /// tells how it replaces the old version: by a window of targets or by a style of deployment. Its name is
    /// `<project>/<step>`: the project is the folder below `.octopus/`, else the one that holds it. The project is the
    /// service. Of other steps (scripts, charts, packages that go to all targets at once) nothing can be said, so they are
    /// left out, and so is a process that has no other.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `Octopus.Action.MaxParallelism` of a step | strategy rolling, by targets | all targets at once, however many there are |
    /// | `Octopus.Action.KubernetesContainers.DeploymentStyle` `RollingUpdate`, `Recreate` | rolling, recreate, as a plain workload | the step is left out |
    /// | the same, `BlueGreen` | nobody, then everybody; nothing stays of the old side | – |
    /// | `Octopus.Action.KubernetesContainers.Replicas` | replicas | unknown |
    /// | a step before it with `action_type = "Octopus.Manual"` | an approval before anybody is exposed | – |
    /// | `environments` of the action, where it is one | label `environment` | any environment |
    ///
    /// ## What bites
    ///
    /// - There is no percentage, metric or threshold in a process. Targets are on the server: a window of 1 may be all of
    ///   them. Windows and updates by pod are plain workloads for the rules, as a Deployment is.
    /// - A blue-green deployment takes the old Deployment away as soon as the Service points to the new one. The way back
    ///   is to deploy the old release.
    /// - A manual step for other environments holds nothing back. One whose condition or scope only the server can decide
    ///   leaves it unknown; so does a step that runs whether or not the steps before it succeeded.
    /// - `StartWithPrevious` does not wait for the step before it.
    /// - What is disabled or runs after a failure only is not there. `#{…}` is known to a deployment only.
    ///
    /// Sources: BobJWalker/Spear, AI4VBH/AIDE-api, JChatmasOctopus/eShopOnWeb: `.octopus/`. Styles of deployment, manual
    /// steps and what a blue-green deployment does with the old side are general knowledge of the product's documentation.
    ///
    /// ## What it cannot see
    ///
    /// Process templates and step templates, which are on the server: where one stands before a step, whether somebody
    /// approves is unknown; beside a process template so are the criteria of a blue-green deployment. Lifecycles, freezes, targets and teams. Runbooks. Slots of Azure, and canaries that are so by
    /// the name of a role only.
    pub Octopus {
        id: "octopus",
        title: "Octopus Deploy",
        summary: "deployment processes in git",
        kinds: [("octopus", "DeploymentProcess")],
        words: ["Octopus.Action.MaxParallelism", "Octopus.Action.KubernetesContainers.DeploymentStyle"],
    }
}

/// The group of documents known by their form.
const FORM: &str = "octopus";

impl Adapter for Octopus {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        let is_ours =
            !path.contains("runbooks/") && steps::labelled(root, "step").any(|step| !step.replacing().is_empty());
        is_ours.then(|| Object::document(root, FORM, "DeploymentProcess", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let mut before = Before::default();
        for part in steps::parts(object.node) {
            if text(part.body, "start_trigger") != "StartWithPrevious" {
                before.done.append(&mut before.running);
            }
            for replacing in part.replacing() {
                let mut rollout = rollout::of(&replacing, &before.done, cx);
                if !rollout.plain_workload {
                    rollout.unresolved =
                        steps::labelled(object.node, "process_template").map(Part::unresolved).collect();
                }
                cx.rollout(rollout);
            }
            before.running.extend(part.barriers());
        }
    }
}

/// What stands before a step.
#[derive(Default)]
struct Before<'d> {
    /// What a step waits for that starts after the previous one.
    done: Vec<Barrier<'d>>,
    /// What runs at the same time as one that doesn't.
    running: Vec<Barrier<'d>>,
}
