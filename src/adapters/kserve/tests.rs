use crate::adapters::testing::lower;
use crate::model::{RemarkKind, Share};

fn service(annotations: &str, spec: &str) -> String {
    format!(
        "apiVersion: \"serving.kserve.io/v1beta1\"\nkind: InferenceService\nmetadata:\n  name: ranker\n  annotations: {{{annotations}}}\nspec:\n{spec}"
    )
}

#[test]
fn absent_is_everybody_and_zero_is_nobody() {
    let share = |more: &str| {
        let spec = format!("  predictor: {{{more}model: {{storageUri: s3://m/2}}}}\n");
        let found = lower(&service("", &spec));
        assert_eq!(&*found[0].payload[0].value, "s3://m/2");
        found[0].stages()[0].share()
    };
    assert_eq!(share(""), Some(Share::ALL));
    assert_eq!(share("canaryTrafficPercent: 0, "), Some(Share::NONE));
    assert_eq!(share("canaryTrafficPercent: 5, "), Some(Share::from_percent(5.0)));
}

#[test]
fn the_mode_decides_whether_the_percent_works() {
    let spec = "  predictor: {canaryTrafficPercent: 5, model: {storageUri: s3://m/2}}\n";
    let found = lower(&service("serving.kserve.io/deploymentMode: RawDeployment", spec));
    assert_eq!(found[0].stages()[0].share(), Some(Share::ALL));
    assert_eq!(found[0].remarks[0].kind, RemarkKind::Ignored);
    let found = lower(&service("serving.kserve.io/deploymentMode: Serverless", spec));
    assert!(found[0].remarks.is_empty());
}

#[test]
fn a_percent_at_the_wrong_level_is_dropped() {
    let spec = "  canaryTrafficPercent: 5\n  predictor: {model: {storageUri: s3://m/2}}\n";
    let found = lower(&service("", spec));
    assert_eq!(found[0].stages()[0].share(), Some(Share::ALL));
    assert_eq!(found[0].remarks[0].kind, RemarkKind::Ignored);
}

#[test]
fn splitters_add_up_to_a_hundred() {
    let text = "
apiVersion: serving.kserve.io/v1alpha1
kind: InferenceGraph
metadata: {name: g}
spec:
  nodes:
    root:
      routerType: Splitter
      routes: [{serviceName: ranker-v1, weight: 80}, {serviceName: ranker-v2, weight: 10}]
";
    let found = lower(text);
    assert_eq!(found[0].remarks[0].kind, RemarkKind::Invalid);
    assert_eq!(found[0].stages().len(), 1);
}

#[test]
fn members_of_a_group_share_its_requests() {
    let member = |name: &str, weight: u64| {
        format!(
            "apiVersion: serving.kserve.io/v1alpha1\nkind: LLMInferenceService\nmetadata: {{name: {name}}}\nspec:\n  model: {{uri: hf://m}}\n  router: {{route: {{group: chat, weight: {weight}}}}}\n"
        )
    };
    let found = lower(&format!("{}---\n{}", member("chat-v1", 18), member("chat-v2", 2)));
    assert!(found[0].stages().is_empty(), "the baseline is no candidate");
    assert_eq!(found[1].stages()[0].share(), Some(Share::from_percent(10.0)));
    assert_eq!(lower(&member("chat-v1", 7))[0].stages()[0].share(), Some(Share::ALL));
}
