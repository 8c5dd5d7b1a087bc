use super::rollout::project;
use crate::adapters::testing::lower;
use crate::model::{Fact, Hold, Rollout, Share, Strategy};

fn deploy(extra: &str) -> String {
    let style = "properties = {\nOctopus.Action.KubernetesContainers.DeploymentStyle = \"BlueGreen\"\n}";
    format!("step \"deploy\" {{\n{extra}\naction {{\naction_type = \"k8s\"\n{style}\n}}\n}}\n")
}

fn manual(step: &str, action: &str) -> String {
    format!("step \"ask\" {{\n{step}\naction \"ask\" {{\naction_type = \"Octopus.Manual\"\n{action}\n}}\n}}\n")
}

/// What holds the first stage, and of how many stages it is the first.
fn held(text: &str) -> (usize, Option<Hold>) {
    let found: Vec<Rollout> = lower(text);
    assert_eq!((found.len(), found[0].strategy.value), (1, Strategy::BlueGreen), "{text}");
    let stages = found[0].stages();
    assert_eq!(stages.last().unwrap().share(), Some(Share::ALL));
    (stages.len(), stages[0].hold.known().copied())
}

#[test]
fn a_manual_step_holds_what_waits_for_it() {
    let after = deploy("");
    assert_eq!(held(&format!("{}{after}", manual("", ""))), (2, Some(Hold::Gated)));
    assert_eq!(held(&format!("{after}{}", manual("", ""))).0, 1, "it comes too late");
    assert_eq!(held(&format!("{}{after}", manual("", "is_disabled = true"))).0, 1);
    assert_eq!(held(&format!("{}{after}", manual("condition = \"Failure\"", ""))).0, 1);
    let beside = deploy("start_trigger = \"StartWithPrevious\"");
    assert_eq!(held(&format!("{}{beside}", manual("", ""))).0, 1);
}

#[test]
fn what_the_server_decides_is_unknown() {
    let after = deploy("");
    assert_eq!(held(&format!("{}{after}", manual("condition = \"Variable\"", ""))), (2, None));
    assert_eq!(held(&format!("{}{after}", manual("", "environments = [\"prod\"]"))), (2, None));
    assert_eq!(held(&format!("{}{after}", manual("", "channels = [\"beta\"]"))), (2, None));
    let hidden = format!("process_template \"t\" {{\nname = \"t\"\n}}\n{after}");
    assert_eq!(held(&hidden), (2, None));
    assert!(lower(&hidden)[0].hidden_criteria().is_some());
    let regardless = deploy("condition = \"Always\"");
    assert_eq!(held(&format!("{}{regardless}", manual("", ""))), (2, None));
}

#[test]
fn windows_and_replicas() {
    let text = "step \"web\" {\nproperties = {\n\"Octopus.Action.MaxParallelism\" = \"2\"\n}\naction {\naction_type = \"x\"\n}\n}\n";
    let found = lower(text).remove(0);
    assert_eq!((found.strategy.value, found.plain_workload), (Strategy::Rolling, true));
    assert_eq!(lower(&text.replace("\"2\"", "\"\"")).len(), 0, "an empty window is none");
    let style = |replicas: &str| {
        let set = "Octopus.Action.KubernetesContainers";
        let text = format!(
            "step \"web\" {{\naction {{\naction_type = \"x\"\nproperties = {{\n{set}.DeploymentStyle = \"Recreate\"\n{set}.Replicas = \"{replicas}\"\n}}\n}}\n}}\n"
        );
        lower(&text).remove(0)
    };
    assert_eq!(style("3").replicas.known(), Some(&3));
    assert!(matches!(style("#{N}").replicas, Fact::Dynamic { .. }) && style("#{N}").remarks.is_empty());
}

#[test]
fn projects() {
    assert_eq!(project("chat/.octopus/deployment_process.ocl"), Some("chat"));
    assert_eq!(project("a/.octopus/chat/deployment_process.ocl"), Some("chat"));
    assert_eq!(project(".octopus/deployment_process.ocl"), None);
    assert_eq!(project("deployment_process.ocl"), None);
}
