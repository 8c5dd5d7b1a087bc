use crate::adapters::testing::lower;
use crate::model::{Comparer, Hold, Rollout, Share, Strategy};

fn job(name: &str, run: &str) -> String {
    let lines = run.replace('\n', "\n          ");
    format!(
        "on: push\njobs:\n  {name}:\n    steps:\n      - uses: actions/checkout@v4\n      - run: |\n          {lines}\n"
    )
}

fn table(rollout: &Rollout) -> Vec<(f64, Option<Hold>)> {
    rollout.stages().iter().map(|s| (s.share().map_or(-1.0, Share::percent), s.hold.known().copied())).collect()
}

const TEN: &str = "az ml online-endpoint update -n chat --traffic 'blue=90 green=10'\n";
const ALL: &str = "az ml online-endpoint update -n chat --traffic 'blue=0 green=100'\n";
const BACK: &str = "az ml online-endpoint update -n chat --traffic 'blue=100 green=0'\n";

fn one(run: &str) -> Vec<(f64, Option<Hold>)> {
    let found = lower(&job("release", run));
    assert_eq!(found.len(), 1, "{run}");
    table(&found[0])
}

#[test]
fn commands_are_stages_and_sleeps_are_holds() {
    let all = (100.0, Some(Hold::None));
    assert_eq!(one(&format!("{TEN}sleep 7200\n./gate.sh --max 8\n{ALL}")), [(10.0, Some(Hold::Timed(7200))), all]);
    assert_eq!(one(&format!("{TEN}{ALL}")), [(10.0, Some(Hold::None)), all]);
    assert_eq!(one(&format!("{TEN}./gate.sh\n{ALL}")), [(10.0, Some(Hold::Unknown)), all]);
    assert_eq!(one(&format!("{TEN}while ! ready; do sleep 9; done\n{ALL}")), [(10.0, Some(Hold::Unknown)), all]);
    assert_eq!(one(&format!("{TEN}sleep 60\nif ok; then\n{ALL}else\n{BACK}fi")).len(), 2);
    assert_eq!(one(&format!("{TEN}sleep 60\nif bad; then\n{BACK}fi\n{ALL}")).len(), 2);
    assert_eq!(one(&format!("{TEN}{BACK}")), [(10.0, Some(Hold::Unknown))]);
}

#[test]
fn a_dark_start_and_a_switch() {
    let run = "gcloud run deploy chat --no-traffic || true\ngcloud run services update-traffic chat --to-latest";
    let found = lower(&job("release", run));
    assert_eq!((found[0].strategy.value, &*found[0].service), (Strategy::BlueGreen, "chat"));
    assert_eq!(table(&found[0]), [(0.0, Some(Hold::None)), (100.0, Some(Hold::None))]);
    let run = "gcloud run services update-traffic chat --to-revisions $NEW=5\nsleep 10m\ngcloud run services update-traffic chat --to-latest";
    assert_eq!(one(run), [(5.0, Some(Hold::Timed(600))), (100.0, Some(Hold::None))]);
}

#[test]
fn what_is_unknown() {
    let found = lower(&job("release", "az ml online-endpoint update -n chat --traffic \"blue=$OLD green=$NEW\""));
    assert!(found[0].exposure_is_dynamic() && found[0].partial);
    let found = lower(&job("release", TEN));
    assert!(found[0].partial, "the rest is somewhere else");
}

#[test]
fn what_is_silent() {
    let create = "az ml online-deployment create -f green.yml --all-traffic";
    assert_eq!(lower(&job("release", create))[0].strategy.value, Strategy::AllAtOnce);
    for run in [
        &*format!("az ml online-endpoint create -f e.yml\n{create}"),
        ALL,
        "az ml online-endpoint update -n chat --traffic \"$NAME=100\"",
        "gcloud run deploy chat --image x",
        "gcloud run deploy chat --no-traffic",
        &*format!("echo {TEN}# {ALL}"),
        &*format!("cat <<EOF\n{TEN}{ALL}EOF"),
        &*format!("{TEN}{ALL}az ml online-endpoint delete -n chat"),
        &*format!("{TEN}{ALL}").replace("chat", "chat-staging"),
        &*format!("if first; then\n{ALL}fi\nif second; then\n{BACK}fi"),
    ] {
        assert!(lower(&job("release", run)).is_empty(), "{run}");
    }
    let both = format!("{TEN}{ALL}");
    assert!(lower(&job("deploy-test", &both)).is_empty());
    let staged = job("release", &both).replace("    steps:", "    environment: {name: Staging}\n    steps:");
    assert!(lower(&staged).is_empty());
    let staged = job("test-and-release", &both).replace("    steps:", "    environment: production\n    steps:");
    assert_eq!(lower(&staged)[0].environment.as_deref(), Some("production"));
}

#[test]
fn conditions_of_steps_may_leave_each_other_out() {
    let steps = |first: &str, second: &str| {
        lower(&format!(
            "jobs:\n  release:\n    steps:\n      - {{run: \"{}\"{first}}}\n      - {{run: \"{}\"{second}}}\n",
            TEN.trim(),
            ALL.trim()
        ))
    };
    assert_eq!(steps("", "")[0].stages().len(), 2);
    assert_eq!(steps(", if: inputs.a", ", if: inputs.a")[0].stages().len(), 2);
    assert_eq!(steps(", if: inputs.a", ", if: inputs.b")[0].stages().len(), 1);
    assert_eq!(steps("", ", if: failure()")[0].stages().len(), 1);
}

#[test]
fn other_systems() {
    let stages = |text: &str| lower(text).iter().map(|r| r.stages().len()).sum::<usize>();
    let (ten, all) = (TEN.trim(), ALL.trim());
    assert_eq!(stages(&format!("release:\n  script:\n    - {ten}\n    - sleep 60\n    - {all}\n")), 2);
    assert_eq!(
        stages(&format!("steps:\n  - bash: {ten}\n  - task: AzureCLI@2\n    inputs: {{inlineScript: \"{all}\"}}\n")),
        2
    );
    let nested = format!(
        "stages:\n  - stage: prod\n    jobs:\n      - deployment: d\n        strategy: {{runOnce: {{deploy: {{steps: [{{script: \"{ten}\"}}]}}}}}}\n"
    );
    assert_eq!(stages(&nested), 1);
    assert_eq!(stages(&nested.replace("prod", "dev")), 0);
    let build = "steps:\n  - name: gcr.io/cloud-builders/gcloud\n    args: [run, services, update-traffic, chat, --to-revisions, 'a=5']\n  - name: gcr.io/google.com/cloudsdktool/cloud-sdk\n    entrypoint: bash\n    args: [-c, gcloud run services update-traffic chat --to-latest]\n";
    assert_eq!(stages(build), 2);
    assert_eq!(stages(&build.replace("entrypoint: bash", "waitFor: ['-']\n    entrypoint: bash")), 0);
}

#[test]
fn what_is_copied_is_a_shadow_for_as_long_as_the_job_sleeps() {
    let mirror = |share: u8| format!("az ml online-endpoint update -n chat --mirror-traffic 'green={share}'\n");
    let shadow = |run: String| {
        let mut found = lower(&job("release", &run)).remove(0);
        let shadow = found.shadow.take().unwrap();
        (
            shadow.share.known().map(|s| s.percent()),
            shadow.duration.known().copied(),
            shadow.comparer,
            found.stages().len(),
        )
    };
    let (on, off, named) = (mirror(10), mirror(0), |name: &str| Comparer::Named(name.into()));
    assert_eq!(shadow(format!("{on}sleep 3600\n{off}")), (Some(10.0), Some(3600), Comparer::Nothing, 0));
    let compared = shadow(format!("{on}sleep 3600\npython diff.py\n{off}{TEN}{ALL}"));
    assert_eq!(compared, (Some(10.0), Some(3600), named("diff.py"), 2));
    assert_eq!(shadow(format!("{on}./diff.sh\n{ALL}")), (Some(10.0), None, named("./diff.sh"), 1));
    assert_eq!(shadow(on), (Some(10.0), None, Comparer::Unknown, 0));
    assert!(lower(&job("release", &off)).is_empty());
}

#[test]
fn app_engine_starts_dark_or_with_everybody() {
    let run =
        "gcloud app deploy app.yaml --version v2 --no-promote\ngcloud app services set-traffic default --splits v2=1";
    assert_eq!(one(run), [(0.0, Some(Hold::None)), (100.0, Some(Hold::None))]);
    let found = lower(&job("release", "gcloud app deploy --promote"));
    assert_eq!(found[0].strategy.value, Strategy::AllAtOnce);
    assert!(lower(&job("release", "gcloud app deploy app.yaml")).is_empty());
}
