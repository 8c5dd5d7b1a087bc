use crate::adapters::testing::lower;
use crate::model::{RemarkKind, Share, Strategy};

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

#[test]
fn what_is_dropped_keeps_what_was_meant() {
    let predictor = "  predictor: {model: {storageUri: s3://m/2}}\n";
    let found = lower(&service("serving.kserve.io/canaryTrafficPercent: '5'", predictor));
    let exposure = *found[0].stages()[0].exposure.known().unwrap();
    assert_eq!((exposure.written, exposure.judged()), (Share::from_percent(5.0), Share::ALL));
    let inner = "  predictor: {model: {storageUri: s3://m/2, canaryTrafficPercent: 5}}\n";
    assert_eq!(lower(&service("", inner))[0].remarks.len(), 1);
}

#[test]
fn components_with_other_shares_are_candidates_of_their_own() {
    let spec = |transformer: &str| {
        format!(
            "  predictor: {{canaryTrafficPercent: 10, model: {{storageUri: s3://m/2}}}}\n  transformer: {{{transformer}containers: [{{image: 't:2'}}]}}\n"
        )
    };
    let same = lower(&service("", &spec("canaryTrafficPercent: 10, ")));
    assert_eq!((same[0].stages().len(), same[0].remarks.len()), (1, 0));
    let other = lower(&service("", &spec("canaryTrafficPercent: 50, ")));
    assert_eq!((other[0].stages().len(), other[0].remarks.len()), (2, 1));
    assert_eq!(other[0].stages()[1].name.as_deref(), Some("transformer"));
    assert_eq!(lower(&service("", &spec("")))[0].stages().len(), 1);
}

#[test]
fn without_knative_it_rolls() {
    let strategy = |more: &str, mode: &str| {
        let spec = format!("  predictor: {{{more}model: {{storageUri: s3://m/2}}}}\n");
        lower(&service(&format!("serving.kserve.io/deploymentMode: {mode}"), &spec)).remove(0)
    };
    assert_eq!(strategy("", "Standard").strategy.value, Strategy::Rolling);
    assert_eq!(strategy("deploymentStrategy: {type: Recreate}, ", "Standard").strategy.value, Strategy::Recreate);
    assert_eq!(strategy("deploymentStrategy: {type: Recreate}, ", "Knative").remarks.len(), 1);
}

#[test]
fn the_old_shape() {
    let text = |more: &str| {
        format!(
            "apiVersion: serving.kubeflow.org/v1alpha2\nkind: InferenceService\nmetadata: {{name: m}}\nspec:\n  default: {{predictor: {{sklearn: {{storageUri: s3://m/1}}}}}}\n{more}"
        )
    };
    assert_eq!(lower(&text(""))[0].stages()[0].share(), Some(Share::ALL));
    let canary = "  canaryTrafficPercent: 10\n  canary: {predictor: {sklearn: {storageUri: s3://m/2}}}\n";
    let found = lower(&text(canary));
    assert_eq!((found[0].stages()[0].share(), found[0].payload.len()), (Some(Share::from_percent(10.0)), 2));
    assert!(found[0].remarks.is_empty());
}

#[test]
fn what_is_shipped() {
    let spec = "  predictor: {model: {args: [--model_name=q, --model_id=Qwen/2], storage: {key: s3, path: onnx/2}}, logger: {url: u}}\n  transformer: {containers: [{image: 't:2', args: [--model, m/3], env: [{name: STORAGE_URI, value: gs://m}]}]}\n";
    let found = lower(&service("", spec));
    let values: Vec<&str> = found[0].payload.iter().map(|p| &*p.value).collect();
    assert_eq!(values, ["--model_id=Qwen/2", "onnx/2", "t:2", "m/3", "gs://m"]);
    let patch = lower(&service("", "  predictor: {canaryTrafficPercent: 10}\n"));
    assert!(patch[0].partial && !found[0].partial);
}
