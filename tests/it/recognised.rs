//! What git shows of prompts and models decides what is asked of a change, where nothing declares it.

use crate::gate::errors;
use crate::support::{Repo, Run, TUESDAY};

const AI: &str = "version: 1\nextends: [ai]\nrules: {rollback-drill-stale: off}\nservices: [{name: bot, paths: ['prompts/**', 'config/bot.json']}]\n";
const MODEL: &str = "{\"llm\": {\"default_model\": \"gpt-4o\", \"temperature\": 0.2}}\n";
const PROMPT: &str = "You answer questions about invoices.\nNever promise a refund.\n";

fn changed(policy: &str, before: &[(&str, &str)], after: &[(&str, &str)]) -> Run {
    let repo = Repo::new();
    repo.write("rollgate.yaml", policy);
    for (path, text) in before {
        repo.write(path, text);
    }
    repo.commit("2026-11-02T10:00:00Z", "it stands").branch("f");
    for (path, text) in after {
        repo.write(path, text);
    }
    repo.commit(TUESDAY, "fix: a small thing").against_main(&[])
}

/// A plan of the bot with that `change`, if any, and those `parts`, mild enough for a prompt.
fn plan(change: &str, parts: &str) -> String {
    format!(
        "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: p, service: bot}}\n{change}strategy: canary\n{parts}stages: [{{exposure: 10%, hold: 12h}}, {{exposure: 50%, hold: 12h}}, {{exposure: 100%}}]\nmonitors: [latency_p95, error_rate, cost_per_call, eval_score]\nrollback: {{criteria: [{{metric: error_rate, above: 0.5%}}], automatic: true, method: flag-off, keep-old-for: 24h}}\n"
    )
}

#[test]
fn a_model_that_nobody_governs_is_asked_what_its_class_asks() {
    let newer = MODEL.replace("gpt-4o", "gpt-5");
    let run = changed(AI, &[("app/generator.json", MODEL)], &[("app/generator.json", &newer)]).ends(1);
    assert_eq!(errors(&run), ["flag-required", "offline-eval-missing", "shadow-required"]);
    let told = &run.json()["findings"][0];
    let what = "a model-upgrade (model `gpt-4o` becomes `gpt-5`) without a flag: switching it off takes a deploy";
    assert_eq!((&told["message"], &told["rollout"]["name"]), (&what.into(), &"app/generator.json".into()));
    let lenient = AI.replace("[ai]", "[recommended]");
    let run = changed(&lenient, &[("app/generator.json", MODEL)], &[("app/generator.json", &newer)]).ends(0);
    let notice = "no rollout carries `app/generator.json` (model-upgrade: model `gpt-4o` becomes `gpt-5`)";
    assert!(run.out.contains(notice), "{}", run.out);
}

#[test]
fn whoever_does_what_the_help_says_is_asked_no_more() {
    let newer = MODEL.replace("gpt-4o", "gpt-5");
    let before = [("app/generator.json", MODEL)];
    let run = changed(AI, &before, &[("app/generator.json", &newer)]);
    let helps: Vec<String> = run.json()["findings"].as_array().unwrap().iter().map(|f| f["help"].to_string()).collect();
    let told = "`change: {kind: model-upgrade, payload: [{file: app/generator.json}]}`";
    assert!(helps.len() == 3 && helps.iter().all(|help| help.contains(told)), "{helps:?}");
    let parts = "flag: {system: launchdarkly, key: bot}\noffline-eval: {suite: evals/bot.yaml, result: evals/r.json}\nshadow: {duration: 48h, compare: {metrics: [{metric: eval_score, drop: 3pp}]}}\n";
    let plan = plan(&format!("{}\n", told.trim_matches('`')), parts).replace("10%, hold: 12h", "5%, hold: 4 days");
    let plan = plan.replace("50%, hold: 12h", "50%, hold: 4 days");
    let planned = changed(AI, &before, &[("app/generator.json", &newer), ("plan.yaml", &plan)]);
    assert!(errors(&planned).is_empty(), "{}", planned.out);
}

#[test]
fn what_a_service_ships_is_asked_for_a_rollout_with_the_evidence() {
    let run = changed(AI, &[("prompts/a.md", PROMPT)], &[("prompts/a.md", &PROMPT.replace("Never", "Always"))]).ends(1);
    assert_eq!(errors(&run), ["ungated-change"]);
    assert!(run.out.contains("(prompt-tweak: the text of the prompt changes"), "{}", run.out);
}

#[test]
fn a_plan_that_tells_no_kind_is_judged_by_what_it_ships() {
    let newer = MODEL.replace("gpt-4o", "claude-sonnet-4-5");
    let flag = "flag: {system: launchdarkly, key: bot}\n";
    let run = |change: &str| {
        let plan = plan(change, flag);
        changed(AI, &[("config/bot.json", MODEL)], &[("config/bot.json", &newer), ("plan.yaml", &plan)])
    };
    let judged = |change: &str| errors(&run(change));
    let of_a_model = ["offline-eval-missing", "shadow-required", "canary-too-large"];
    assert_eq!(judged(""), of_a_model);
    assert!(
        judged("change: {kind: prompt-tweak, payload: [{file: config/bot.json}]}\n").is_empty(),
        "what is declared holds"
    );
    let declared = run("change: {kind: prompt-tweak, payload: [{file: config/bot.json}]}\n");
    let notice = "`p` is declared as prompt-tweak, which holds; git shows vendor-switch: model `gpt-4o` becomes";
    assert!(declared.out.contains(notice), "{}", declared.out);
}

#[test]
fn several_kinds_answer_for_all_of_them() {
    let flag = "flag: {system: launchdarkly, key: bot}\n";
    let plan = plan("", flag);
    let before = [("config/bot.json", MODEL), ("prompts/a.md", PROMPT)];
    let (model, prompt) = (MODEL.replace("gpt-4o", "gpt-5"), PROMPT.replace("Never", "Always"));
    let run = changed(AI, &before, &[("config/bot.json", &model), ("prompts/a.md", &prompt), ("plan.yaml", &plan)]);
    assert_eq!(errors(&run), ["offline-eval-missing", "shadow-required", "rollout-too-fast", "canary-too-large"]);
    assert!(run.out.contains("at least 7d"), "the longer of the two: {}", run.out);
    let only = changed(AI, &before, &[("prompts/a.md", &prompt), ("plan.yaml", &plan)]);
    assert!(errors(&only).is_empty(), "{}", only.out);
}

#[test]
fn the_environment_of_a_plain_workload_names_a_model_too() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: chat}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: chat}}\n  template:\n    metadata: {labels: {app: chat}}\n    spec:\n      containers: [{name: chat, image: 'chat:1', env: [{name: OPENAI_MODEL, value: gpt-4o}]}]\n";
    let newer = deployment.replace("gpt-4o", "gpt-5");
    let run = changed(AI, &[("d.yaml", deployment)], &[("d.yaml", &newer)]).ends(1);
    assert_eq!(errors(&run), ["flag-required", "offline-eval-missing", "shadow-required"]);
    let image = deployment.replace("chat:1", "chat:2");
    assert!(errors(&changed(AI, &[("d.yaml", deployment)], &[("d.yaml", &image)])).is_empty(), "code is no model");
}

#[test]
fn going_back_and_moving_are_no_change_of_a_prompt() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", AI).write("app/answer.prompty", &prompty("gpt-4o"));
    repo.commit("2026-11-02T10:00:00Z", "one").write("app/answer.prompty", &prompty("gpt-5"));
    repo.commit("2026-11-03T10:00:00Z", "two").branch("back").write("app/answer.prompty", &prompty("gpt-4o"));
    assert!(errors(&repo.commit(TUESDAY, "back").against_main(&[])).is_empty());
    repo.switch("main").branch("move");
    repo.git(&["rm", "-q", "app/answer.prompty"]);
    repo.write("lib/answer.prompty", &prompty("gpt-5"));
    assert!(errors(&repo.commit(TUESDAY, "moved").against_main(&[])).is_empty());
    repo.switch("main").branch("on").write("app/answer.prompty", &prompty("o3"));
    assert_eq!(errors(&repo.commit(TUESDAY, "on").against_main(&[])).len(), 3);
}

fn prompty(model: &str) -> String {
    format!("---\nname: answer\nmodel: {model}\n---\nsystem:\n{PROMPT}\nuser:\n{{{{question}}}}\n")
}

#[test]
fn a_gate_of_an_evaluation_is_loosened_in_a_change_of_its_own() {
    let gate = "prompts: [file://a.md]\nproviders: ['openai:chat:gpt-4o']\ndefaultTest: {assert: [{type: llm-rubric, value: kind, threshold: 0.8}]}\ntests: [{vars: {q: hello}}]\n";
    let (lower, higher) = (gate.replace("0.8", "0.5"), gate.replace("0.8", "0.9"));
    let before = [("promptfooconfig.yaml", gate), ("app/answer.prompty", &*prompty("gpt-4o"))];
    let policy = "version: 1\nrules: {rollback-drill-stale: off}\n";
    let judged = |gate: &str, model: &str| {
        errors(&changed(policy, &before, &[("promptfooconfig.yaml", gate), ("app/answer.prompty", &prompty(model))]))
    };
    assert_eq!(judged(&lower, "gpt-5"), ["criteria-loosened"]);
    assert!(judged(&lower, "gpt-4o").is_empty(), "on its own");
    assert!(judged(&higher, "gpt-5").is_empty(), "tightened");
}

#[test]
fn a_flag_that_chooses_among_models_ships_a_model() {
    let flag = |model: &str, weights: [u32; 2]| {
        format!(
            "{{\"flags\": {{\"m\": {{\"key\": \"m\", \"on\": true, \"variations\": [\"gpt-4o\", \"{model}\"], \"offVariation\": 0, \"fallthrough\": {{\"rollout\": {{\"variations\": [{{\"variation\": 0, \"weight\": {}}}, {{\"variation\": 1, \"weight\": {}}}]}}}}, \"targets\": [], \"rules\": [], \"salt\": \"x\", \"version\": 3}}}}, \"segments\": {{}}}}\n",
            weights[0], weights[1]
        )
    };
    let judged = |before: &str, after: &str| errors(&changed(AI, &[("flags.json", before)], &[("flags.json", after)]));
    let some = flag("gpt-5", [97_000, 3_000]);
    let asked = |found: &[String], rule: &str| found.iter().any(|r| r == rule);
    for after in [flag("gpt-5", [96_000, 4_000]), flag("claude-sonnet-4-5", [97_000, 3_000])] {
        let found = judged(&some, &after);
        assert!(asked(&found, "shadow-required") && asked(&found, "offline-eval-missing"), "{found:?}");
        assert!(!asked(&found, "flag-required"), "it is one: {found:?}");
    }
    let words = |w: u32| flag("a longer greeting", [100_000 - w, w]);
    assert!(!asked(&judged(&words(3_000), &words(4_000)), "shadow-required"));
    assert!(!asked(&judged(&some, &flag("gpt-5", [99_000, 1_000])), "shadow-required"), "a way back");
}
