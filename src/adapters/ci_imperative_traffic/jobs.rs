//! Where scripts stand in the files of each CI system.

use crate::adapters::nodes::{items, present, text};
use crate::syntax::Node;

/// One job: its steps run one after the other.
pub(super) struct Job<'d> {
    /// Where its name stands, or its steps.
    pub(super) name: Node<'d>,
    /// Its name, "" if it has none.
    pub(super) key: &'d str,
    /// The environment it deploys to, as written.
    pub(super) environment: Option<&'d str>,
    /// Other names that tell what it is for.
    labels: Vec<&'d str>,
    pub(super) steps: Vec<Step<'d>>,
}

/// One step, or one line of a script.
pub(super) struct Step<'d> {
    /// The text that is run, or the name of what is run instead.
    pub(super) node: Node<'d>,
    /// Under which condition.
    pub(super) condition: &'d str,
    pub(super) what: What,
}

/// What a step runs.
pub(super) enum What {
    Script,
    /// The words of one command.
    Words(Vec<String>),
    /// Something of another file or a server.
    Other,
}

/// Names that say that nobody's traffic is moved.
const TRIALS: [&str; 21] = [
    "test",
    "tests",
    "testing",
    "tst",
    "staging",
    "stage",
    "stg",
    "dev",
    "develop",
    "development",
    "qa",
    "uat",
    "sandbox",
    "preview",
    "e2e",
    "demo",
    "integration",
    "int",
    "nonprod",
    "preprod",
    "experiment",
];

/// Does one of the words of `name` say so?
pub(super) fn is_trial(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| TRIALS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())) || word == "e2e")
}

impl Job<'_> {
    /// Is it clearly for trying out? An environment that is written decides.
    pub(super) fn is_trial(&self) -> bool {
        match self.environment.filter(|e| !e.contains('$')) {
            Some(environment) => is_trial(environment),
            None => is_trial(self.key) || self.labels.iter().any(|label| is_trial(label)),
        }
    }
}

/// The kind of the document at `root`, if it is one of a CI system.
pub(super) fn kind(root: Node<'_>) -> Option<&'static str> {
    let jobs = root.get("jobs");
    let has_steps = |n: Node<'_>| n.get("steps").is_some_and(Node::is_seq);
    if jobs.is_some_and(|j| j.is_map() && j.entries().any(|(_, job)| has_steps(job))) {
        return Some("GitHubWorkflow");
    }
    let is_azure = |step: Node<'_>| AZURE.iter().chain(&["task"]).any(|key| step.get(key).is_some());
    if items(root, "steps").any(is_build) {
        return Some("CloudBuild");
    }
    let lists = |key: &str| items(root, key).any(Node::is_map);
    if items(root, "steps").any(is_azure) || (jobs.is_some_and(Node::is_seq) && lists("jobs")) || lists("stages") {
        return Some("AzurePipeline");
    }
    let has_script = |n: Node<'_>| n.is_map() && n.get("script").is_some_and(|s| s.is_seq() || s.is_scalar());
    root.entries().any(|(_, job)| has_script(job)).then_some("GitLabPipeline")
}

/// The jobs of a document of `kind`.
pub(super) fn of<'d>(root: Node<'d>, kind: &str) -> Vec<Job<'d>> {
    match kind {
        "GitHubWorkflow" => root.get("jobs").into_iter().flat_map(Node::entries).map(|(k, j)| github(k, j)).collect(),
        "CloudBuild" => build(root).into_iter().collect(),
        "AzurePipeline" => azure(root),
        _ => root.entries().filter_map(|(key, job)| gitlab(key, job)).collect(),
    }
}

fn environment(job: Node<'_>) -> Option<&str> {
    let environment = present(job, "environment")?;
    environment.text().or_else(|| environment.get("name")?.text())
}

fn github<'d>(key: Node<'d>, job: Node<'d>) -> Job<'d> {
    let steps = items(job, "steps").filter_map(|step| {
        let condition = text(step, "if");
        let run = step.get("run").map(|node| Step { node, condition, what: What::Script });
        run.or_else(|| Some(Step { node: step.get("uses")?, condition, what: What::Other }))
    });
    let steps = steps.collect();
    let labels = vec![text(job, "name")];
    Job { name: key, key: key.text().unwrap_or_default(), environment: environment(job), labels, steps }
}

fn gitlab<'d>(key: Node<'d>, job: Node<'d>) -> Option<Job<'d>> {
    let script = job.get("script")?;
    let name = key.text().filter(|name| !name.starts_with('.') && *name != "default")?;
    if text(job, "when") == "on_failure" {
        return None;
    }
    let nested = |line: Node<'d>| if line.is_seq() { line.items().collect() } else { vec![line] };
    let lines: Vec<Node<'d>> = if script.is_seq() { script.items().flat_map(nested).collect() } else { vec![script] };
    let steps = lines.into_iter().map(|node| Step { node, condition: "", what: What::Script }).collect();
    Some(Job { name: key, key: name, environment: environment(job), labels: vec![text(job, "stage")], steps })
}

/// The keys of Azure Pipelines that hold a script.
const AZURE: [&str; 4] = ["script", "bash", "pwsh", "powershell"];

fn azure(root: Node<'_>) -> Vec<Job<'_>> {
    let stages: Vec<Node<'_>> = items(root, "stages").filter(|s| s.is_map()).collect();
    let parents = if stages.is_empty() { vec![root] } else { stages };
    let mut all = Vec::new();
    for parent in parents {
        let stage = text(parent, "stage");
        let jobs: Vec<Node<'_>> = items(parent, "jobs").filter(|j| j.is_map()).collect();
        for job in if jobs.is_empty() { vec![parent] } else { jobs } {
            let deployed = job.path(&["strategy", "runOnce", "deploy"]).unwrap_or(job);
            let steps: Vec<Step<'_>> = items(deployed, "steps").filter_map(azure_step).collect();
            let name = ["job", "deployment"].into_iter().find_map(|key| job.get(key));
            let Some(near) = name.or_else(|| steps.first().map(|step| step.node)) else { continue };
            let labels = vec![stage, text(job, "displayName"), text(parent, "displayName")];
            let key = name.and_then(Node::text).unwrap_or(stage);
            all.push(Job { name: near, key, environment: environment(job), labels, steps });
        }
    }
    all
}

fn azure_step(step: Node<'_>) -> Option<Step<'_>> {
    let condition = text(step, "condition");
    let inner = ["inlineScript", "script"].into_iter().find_map(|key| step.path(&["inputs", key]));
    let script = AZURE.iter().find_map(|key| step.get(key)).or(inner);
    let script = script.map(|node| Step { node, condition, what: What::Script });
    script.or_else(|| Some(Step { node: step.get("task")?, condition, what: What::Other }))
}

/// A step of Cloud Build names an image.
fn is_build(step: Node<'_>) -> bool {
    text(step, "name").contains('/') && ["args", "script", "entrypoint"].iter().any(|key| step.get(key).is_some())
}

/// Steps that say for which others they wait have no order of their own.
fn build(root: Node<'_>) -> Option<Job<'_>> {
    if items(root, "steps").any(|step| step.get("waitFor").is_some()) {
        return None;
    }
    let steps: Vec<Step<'_>> = items(root, "steps").filter_map(build_step).collect();
    let name = steps.first()?.node;
    Some(Job { name, key: "", environment: None, labels: Vec::new(), steps })
}

fn build_step(step: Node<'_>) -> Option<Step<'_>> {
    let image = step.get("name")?;
    let made = |node, what| Some(Step { node, condition: "", what });
    if let Some(script) = step.get("script") {
        return made(script, What::Script);
    }
    let args: Vec<Node<'_>> = items(step, "args").collect();
    let program = text(step, "entrypoint").rsplit('/').next().unwrap_or_default();
    let program = if program.is_empty() && image.text()?.ends_with("/gcloud") { "gcloud" } else { program };
    match program {
        "bash" | "sh" => made(*args.last()?, What::Script),
        "gcloud" | "aws" | "az" | "sleep" => {
            let words = args.iter().filter_map(|a| a.text()).map(str::to_owned);
            made(
                args.first().copied().unwrap_or(image),
                What::Words([program.to_owned()].into_iter().chain(words).collect()),
            )
        }
        _ => made(image, What::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::is_trial;

    #[test]
    fn names_of_trials() {
        for name in ["deploy-test", "Staging", "dev2", "e2e", "my_qa", "pre/staging"] {
            assert!(is_trial(name), "{name}");
        }
        for name in ["production", "latest", "device", "deploy", "contest", ""] {
            assert!(!is_trial(name), "{name}");
        }
    }
}
