//! CI files: commands of jobs that move traffic.

mod command;
mod jobs;
mod mirror;
mod shell;
#[cfg(test)]
mod tests;
mod walk;

use self::command::{AZURE_ML, Meaning, Target};
use self::jobs::Job;
use self::walk::{Event, Walk};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Method, ObjectRef, Progression, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// Scripts of GitHub Actions (`jobs.*.steps[].run`), GitLab (`script`), Azure Pipelines (`script`, `bash`,
    /// `inputs.inlineScript`) and Cloud Build (`script`, `args`), where they hold a command that moves traffic. The
    /// commands of one job for one target are a plan, in the order in which they are written.
    ///
    /// ## Mapping
    ///
    /// | command | model |
    /// |---|---|
    /// | `az ml online-endpoint update --traffic "blue=90 green=10"`, also `"blue:90,green:10"` | exposure of the one that has the least in the first split |
    /// | `az ml online-endpoint update --mirror-traffic "green=10"` | shadow, until it is 0 or traffic moves; a `sleep` is its length, another program compares |
    /// | `az ml online-deployment create --all-traffic` | everybody at once |
    /// | `gcloud run deploy --no-traffic` | nobody yet |
    /// | `gcloud run services update-traffic` with `--to-revisions`, `--to-tags`, `--to-latest` | exposure |
    /// | `gcloud app deploy --no-promote`, `--promote` | nobody yet, everybody at once |
    /// | `gcloud app services set-traffic --splits` | exposure: parts of their sum |
    /// | `gcloud ai endpoints deploy-model --traffic-split`, `update --traffic-split` | exposure |
    /// | `aws sagemaker update-endpoint-weights-and-capacities` | exposure: a weight by their sum, if two variants are listed |
    /// | `aws lambda update-alias --routing-config` | exposure of the additional version |
    /// | `sleep`, between two of them and in no loop | hold |
    /// | `curl`, `invoke`, `predict` between two of them | gate: a test |
    /// | another program between two of them | a criterion that has no number, of the metric that its arguments tell; without a `sleep` the hold is unknown |
    ///
    /// ## What bites
    ///
    /// - A time limit of a job is no hold, and neither is what a deployment takes.
    /// - Jobs, environments and targets that are called `test`, `staging`, `dev` and the like are not judged. An
    ///   environment that is written decides over the job's name.
    /// - A lone command that gives everybody to one version is not judged: it may promote what another job tried out, or
    ///   go back. `--all-traffic` is, unless the file makes the endpoint too.
    /// - Nothing is judged of a service whose endpoints the same file takes away again.
    /// - `gcloud run deploy` without `--no-traffic` and `gcloud app deploy` without `--no-promote` give everybody the new
    ///   version. That is how most services are deployed, so alone it is no plan.
    /// - What runs after `||`, in an `else`, a `case`, a function or a step for failures is the way back, and so is a
    ///   share that falls.
    ///
    /// Sources: Azure/azureml-examples: `cli/deploy-safe-rollout-online-endpoints.sh`; Azure-Samples/multi_env_mlops:
    /// `.github/workflows/multi-env-deploy.yml`. The forms of gcloud and aws are general knowledge of their references.
    ///
    /// ## What it cannot see
    ///
    /// Values of variables: such a share is unknown. Scripts in files of their own, reusable workflows, templates and
    /// composite actions. What comes after the last command of a job: a plan that does not reach everybody goes on
    /// elsewhere. Reviewers and wait timers of environments, which are on the server. The settings that `aws deploy`,
    /// `aws appconfig`, `aws sagemaker update-endpoint` and `sam deploy` take by name or in a file.
    pub CiImperativeTraffic {
        id: "ci-imperative-traffic",
        title: "Traffic commands in CI files",
        summary: "`az ml`, `gcloud` and `aws` commands that move traffic, in jobs of CI systems",
        kinds: [
            ("ci-imperative-traffic", "GitHubWorkflow"),
            ("ci-imperative-traffic", "GitLabPipeline"),
            ("ci-imperative-traffic", "AzurePipeline"),
            ("ci-imperative-traffic", "CloudBuild"),
        ],
        words: [
            "online-endpoint",
            "--all-traffic",
            "update-traffic",
            "set-traffic",
            "--promote",
            "--no-promote",
            "--traffic-split",
            "update-alias",
            "update-endpoint-weights-and-capacities",
        ],
    }
}

/// The group of documents known by their form.
const FORM: &str = "ci-imperative-traffic";

impl Adapter for CiImperativeTraffic {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let kind = jobs::kind(root)?;
        let moves = |job: &Job<'_>| !walk::targets(&walk::events(job)).is_empty();
        let is_ours = jobs::of(root, kind).iter().any(moves);
        is_ours.then(|| Object::document(root, FORM, kind, None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let jobs = jobs::of(object.node, object.kind);
        let all: Vec<(&Job<'_>, Vec<Event<'_>>)> = jobs.iter().map(|job| (job, walk::events(job))).collect();
        let says = |meaning: &Meaning| all.iter().any(|(_, events)| events.iter().any(|e| e.meaning == *meaning));
        for (job, events) in all.iter().filter(|(job, _)| !job.is_trial()) {
            for target in walk::targets(events) {
                let walk = Walk::over(events, &target);
                let Some(strategy) = walk.strategy() else { continue };
                let is_first = strategy == Strategy::AllAtOnce && says(&Meaning::Creates(AZURE_ML));
                if is_first || jobs::is_trial(&target.name) || says(&Meaning::Deletes(target.tool)) {
                    continue;
                }
                give(object, job, &target, (strategy, walk), cx);
            }
        }
    }
}

fn give(
    object: &Object<'_>,
    job: &Job<'_>,
    target: &Target,
    (strategy, walk): (Strategy, Walk<'_>),
    cx: &mut Lowering<'_>,
) {
    let one = Object::document(object.node, FORM, object.kind, Some(job.name));
    let mut rollout = cx.blank(&one, SubjectKind::Workload);
    let is_plain = !target.name.is_empty() && !target.name.contains('$');
    let names: Vec<&str> = [job.key, &target.name].into_iter().filter(|name| !name.is_empty()).collect();
    rollout.id = ObjectRef::new(FORM, object.kind, None, &names.join("/"));
    rollout.service = if is_plain { target.name.as_str() } else { job.key }.into();
    rollout.environment = job.environment.filter(|e| !e.contains('$')).map(Into::into);
    let is_partial = walk.is_partial();
    rollout.monitors = walk.monitors();
    rollout.shadow = walk.mirror.shadow();
    let mirrored = rollout.shadow.as_ref().map_or(rollout.name_span, |shadow| shadow.span);
    let near = walk.stages.first().map_or(mirrored, |stage| stage.span);
    rollout.strategy = Spanned::new(strategy, near);
    rollout.rollback.anchor = near;
    rollout.rollback.method = Some(Method::TrafficFlip);
    rollout.partial = is_partial;
    rollout.rollback.criteria = walk.criteria;
    rollout.progression = match walk.stages {
        none if none.is_empty() => Progression::Live(none),
        stages => Progression::Declared(stages),
    };
    cx.rollout(rollout);
}
