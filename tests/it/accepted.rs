//! Waivers and the baseline: what is accepted, until when, by whom, and that no change accepts its own findings.

use crate::support::{Repo, Run, TUESDAY, World};

/// A canary whose first step is too large, named `name`.
fn rollout(name: &str, first: u32) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: {name}}}\nspec:\n  replicas: 40\n  strategy:\n    canary:\n      steps:\n        - setWeight: {first}\n        - pause: {{duration: 1h}}\n        - setWeight: 50\n"
    )
}

/// One waiver of `rule` for `target` until `expires`.
fn waiver(rule: &str, target: &str, expires: &str) -> String {
    format!(
        "apiVersion: rollgate/v1\nkind: Waivers\nwaivers:\n  - {{rule: {rule}, {target}, reason: internal users only, ticket: OPS-1123, owner: web-team, approved-by: sre@example.com, expires: {expires}}}\n"
    )
}

const WAIVERS: &str = ".rollgate/waivers.yaml";
const BASELINE: &str = ".rollgate/baseline.json";
const ONLY: [&str; 4] = ["--select", "canary-too-large,policy-weakened", "--fail-on", "warning"];

/// The states of the findings of `canary-too-large`, with the name of each one's rollout.
fn states(run: &Run) -> Vec<String> {
    let of =
        |f: &serde_json::Value| format!("{} {}", f["rollout"]["name"].as_str().unwrap(), f["state"].as_str().unwrap());
    run.of("canary-too-large").iter().map(of).collect()
}

fn notices(run: &Run) -> Vec<String> {
    run.json()["notices"].as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect()
}

fn checked(world: &World, args: &[&str]) -> Run {
    world.check(&[&ONLY, args].concat())
}

#[test]
fn a_waiver_covers_rollouts_or_files_until_its_last_day() {
    let world =
        World::new().repository().file("deploy/web.yaml", rollout("web", 20)).file("other.yaml", rollout("other", 20));
    let with = |target: &str, at: &str| {
        world.write(WAIVERS, waiver("canary-too-large", target, "2027-01-31"));
        states(&checked(&world, &["--at", at]))
    };
    let (waived, active) = (["web waived", "other active"], ["web active", "other active"]);
    assert_eq!(with("rollout: web", TUESDAY), waived);
    assert_eq!(with("rollout: 'w*'", TUESDAY), waived);
    assert_eq!(with("path: 'deploy/**'", TUESDAY), waived);
    assert_eq!(with("path: web", TUESDAY), active);
    assert_eq!(with("rollout: web", "2027-01-31T23:59:59Z"), waived);
    assert_eq!(with("rollout: web", "2027-02-01T00:00:00Z"), active);
    let late = checked(&world, &["--at", "2027-02-01T00:00:00Z"]).ends(1);
    assert_eq!(notices(&late), ["a waiver of `canary-too-large` ended on 2027-01-31, so a finding of it counts again"]);
    world.write("other.yaml", rollout("other", 5));
    let _ = checked(&world, &["--at", TUESDAY]).ends(0);
    let _ = checked(&world, &["deploy", "--at", TUESDAY]).ends(0);
}

#[test]
fn why_a_finding_is_waived_is_shown() {
    let world = World::new().repository().file("web.yaml", rollout("web", 20));
    world.write(WAIVERS, waiver("canary-too-large", "rollout: web", "2027-01-31"));
    let _ = world
        .run(&["check", "--show-suppressed", "--at", TUESDAY])
        .says("internal users only, until 2027-01-31, approved by")
        .says("OPS-1123");
}

#[test]
fn what_waives_nothing_is_told() {
    let world = World::new().repository().file("web.yaml", rollout("web", 20));
    let with = |path: &str, text: String| {
        world.write(path, text);
        let run = checked(&world, &["--at", TUESDAY]);
        std::fs::remove_file(world.path().join(path)).unwrap();
        (states(&run), notices(&run).join("; "))
    };
    let active = vec!["web active".to_owned()];
    let typo = waiver("canary-to-large", "rollout: web", "2027-01-31");
    let told =
        "the waiver of `canary-to-large` waives nothing: there is no such rule; did you mean `canary-too-large`?";
    assert_eq!(with(WAIVERS, typo), (active.clone(), told.to_owned()));
    let told = "the waivers in `waivers.yaml` waive nothing: they are read from `.rollgate/waivers.yaml`";
    assert_eq!(
        with("waivers.yaml", waiver("canary-too-large", "rollout: web", "2027-01-31")),
        (active.clone(), told.to_owned())
    );
    let glob = with(WAIVERS, waiver("canary-too-large", "path: 'a['", "2027-01-31"));
    assert!(glob.0 == active && glob.1.contains("waives nothing: "), "{glob:?}");
    world.write(WAIVERS, "apiVersion: rollgate/v1\nkind: Waivers\nwaivers: [{rule: canary-too-large, rollout: web}]\n");
    let run = world.check(&["--at", TUESDAY]).ends(1);
    assert_eq!((states(&run), run.of("manifest-invalid").len()), (active, 2), "expires and reason are missing");
}

#[test]
fn a_manifest_that_cannot_be_read_is_never_accepted() {
    let world = World::new().repository().file("web.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n[");
    world.write(WAIVERS, waiver("manifest-unreadable", "path: '**'", "2027-01-31"));
    let _ = world.run(&["baseline", "write"]).ends(0).says("0 findings\n1 finding can't be hidden and still counts");
    let run = world.check(&["--at", TUESDAY]).ends(1);
    assert_eq!(run.of("manifest-unreadable")[0]["state"], "active");
}

#[test]
fn waivers_alone_are_nothing_to_check() {
    let world = World::new().repository();
    world.write(WAIVERS, waiver("big-bang", "path: '**'", "2027-01-31"));
    let _ = world.check(&[]).ends(2);
}

#[test]
fn an_ignore_comes_before_a_waiver_and_that_before_the_baseline() {
    let ignored = rollout("web", 20)
        .replace("setWeight: 20", "setWeight: 20 # rollgate: ignore[canary-too-large] reason=x until=2026-12-31");
    let world = World::new().repository().file("web.yaml", rollout("web", 20));
    let _ = world.run(&["baseline", "write", "--at", TUESDAY]).ends(0);
    assert_eq!(states(&checked(&world, &["--at", TUESDAY])), ["web baselined"]);
    world.write(WAIVERS, waiver("canary-too-large", "rollout: web", "2027-01-31"));
    assert_eq!(states(&checked(&world, &["--at", TUESDAY])), ["web waived"]);
    world.write("web.yaml", ignored);
    assert_eq!(states(&checked(&world, &["--at", TUESDAY])), ["web suppressed"]);
}

#[test]
fn a_baseline_hides_what_was_there_and_nothing_new() {
    let world = World::new().repository().file("a.yaml", rollout("a", 20)).file("b.yaml", rollout("b", 20));
    let _ =
        world.run(&["baseline", "write", "--at", TUESDAY]).ends(0).says("wrote .rollgate/baseline.json: 8 findings");
    let run = checked(&world, &["--at", TUESDAY]).ends(0);
    assert_eq!((states(&run), notices(&run)), (vec!["a baselined".to_owned(), "b baselined".to_owned()], vec![]));
    let text = std::fs::read_to_string(world.path().join(BASELINE)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&json["schema"], &json["tool"]["version"]),
        (&"rollgate/baseline/v1".into(), &env!("CARGO_PKG_VERSION").into())
    );
    let prints: Vec<&str> =
        json["findings"].as_array().unwrap().iter().map(|f| f["fingerprint"].as_str().unwrap()).collect();
    assert!(run.of("canary-too-large").iter().all(|f| prints.contains(&f["fingerprint"].as_str().unwrap())));
    // Lines that move and values that get worse are the same finding; another rollout is not.
    world.write("a.yaml", format!("# a comment\n{}", rollout("a", 30)));
    world.write("c.yaml", rollout("c", 20));
    let run = checked(&world, &["--at", TUESDAY]).ends(1);
    assert_eq!(states(&run), ["a baselined", "b baselined", "c active"]);
}

#[test]
fn entries_that_match_nothing_any_more_are_told() {
    let world = World::new().repository().file("a.yaml", rollout("a", 20)).file("b.yaml", rollout("b", 20));
    let _ = world.run(&["baseline", "write", "--at", TUESDAY]).ends(0);
    world.write("a.yaml", rollout("a", 5));
    let told = "`.rollgate/baseline.json` holds what is not found any more: canary-too-large in a.yaml; `rollgate baseline write` takes it out";
    assert_eq!(notices(&checked(&world, &["--at", TUESDAY])), [told]);
    assert_eq!(notices(&checked(&world, &["b.yaml", "--at", TUESDAY])), [""; 0], "a.yaml was not looked at");
    assert_eq!(notices(&world.check(&["--select", "big-bang"])), [""; 0], "the rule was not asked");
    let path = world.path().join(BASELINE);
    let text = std::fs::read_to_string(&path).unwrap();
    world.write(BASELINE, text.replace(env!("CARGO_PKG_VERSION"), "0.0.9"));
    assert!(notices(&checked(&world, &["--at", TUESDAY]))[0].contains("any more, by rollgate 0.0.9: canary"));
    let _ = world.run(&["baseline", "write", "--at", TUESDAY]).ends(0);
    assert_eq!(notices(&checked(&world, &["--at", TUESDAY])), [""; 0]);
}

#[test]
fn objects_of_one_name_are_told_apart_by_their_files() {
    let world =
        World::new().repository().file("staging/web.yaml", rollout("web", 20)).file("prod/web.yaml", rollout("web", 5));
    let _ = world.run(&["baseline", "write", "--at", TUESDAY]).ends(0);
    world.write("staging/web.yaml", rollout("web", 5));
    world.write("prod/web.yaml", rollout("web", 20));
    assert_eq!(states(&checked(&world, &["--at", TUESDAY])), ["web active"]);
    // A file that moves takes its findings with it.
    world.write("prod/web.yaml", rollout("web", 5));
    world.write("stage/web.yaml", rollout("web", 20));
    std::fs::remove_file(world.path().join("staging/web.yaml")).unwrap();
    assert_eq!(states(&checked(&world, &["--at", TUESDAY])), ["web baselined"]);
}

#[test]
fn a_baseline_is_named_and_has_to_be_one() {
    let world = World::new().repository().file("a.yaml", rollout("a", 20));
    let _ = world.run(&["baseline", "write", "--output", "old.json", "--at", TUESDAY]).ends(0).says("wrote old.json");
    assert_eq!(states(&checked(&world, &["--at", TUESDAY])), ["a active"]);
    assert_eq!(states(&checked(&world, &["--at", TUESDAY, "--baseline", "old.json"])), ["a baselined"]);
    let _ = world.check(&["--baseline", "none.json"]).ends(2).complains("there is no baseline `none.json`");
    world.write(BASELINE, "{}");
    let _ = world
        .check(&[])
        .ends(2)
        .complains("the baseline `.rollgate/baseline.json` is no baseline: missing field `schema`");
}

#[test]
fn what_the_policy_forbids_to_hide_is_in_no_baseline() {
    let policy = "version: 1\nsuppressions: {forbid: [canary-too-large]}\n";
    let world = World::new().repository().file("a.yaml", rollout("a", 20));
    let _ = world.run(&["baseline", "write", "--at", TUESDAY]).ends(0);
    world.write("rollgate.yaml", policy);
    assert_eq!(states(&checked(&world, &["--at", TUESDAY])), ["a active"]);
    let _ =
        world.run(&["baseline", "write", "--at", TUESDAY]).ends(0).says("1 finding can't be hidden and still counts");
}

/// No drill is asked for: drills have tests of their own.
const POLICY: &str = "version: 1\nrules: {rollback-drill-stale: off}\n";

/// A repository with this policy and a rollout, on a branch where its first step became too large.
fn change() -> Repo {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("web.yaml", &rollout("web", 5)).commit("2026-11-02T10:00:00Z", "base");
    repo.branch("change").write("web.yaml", &rollout("web", 20)).commit(TUESDAY, "change");
    repo
}

#[test]
fn a_waiver_counts_where_the_base_has_it() {
    let repo = change();
    let text = waiver("canary-too-large", "rollout: web", "2027-01-31");
    repo.write(WAIVERS, &text).commit(TUESDAY, "waive it here");
    let run = repo.against_main(&ONLY);
    assert_eq!((states(&run), run.of("policy-weakened").len()), (vec!["web active".to_owned()], 1));
    repo.switch("main").write(WAIVERS, &text).commit(TUESDAY, "approved").switch("change");
    let run = repo.against_main(&ONLY);
    assert_eq!(states(&run), ["web waived"], "the tip of the base has it now");
    assert_eq!(
        states(&repo.world.check(&["--base", "main", "--at", "2027-02-01T10:00:00Z"])),
        ["web active"],
        "the day after"
    );
    repo.switch("main").git(&["rm", "-q", WAIVERS]);
    repo.commit(TUESDAY, "withdrawn").switch("change");
    assert_eq!(states(&repo.against_main(&ONLY)), ["web active"], "withdrawn since");
}

#[test]
fn a_broken_list_of_waivers_at_the_base_is_told() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY)
        .write("web.yaml", &rollout("web", 5))
        .write(WAIVERS, "apiVersion: rollgate/v1\nkind: Waivers\nwaivers: [{rule: big-bang}]\n");
    repo.commit("2026-11-02T10:00:00Z", "base")
        .branch("change")
        .write("web.yaml", &rollout("web", 20))
        .commit(TUESDAY, "change");
    let told = notices(&repo.against_main(&ONLY)).join("\n");
    assert!(told.contains("`.rollgate/waivers.yaml` of the base: "), "{told}");
}

#[test]
fn a_baseline_counts_where_the_base_has_it_and_does_not_grow_unseen() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("old.yaml", &rollout("old", 20)).write("web.yaml", &rollout("web", 5));
    let _ = repo.world.run(&["baseline", "write", "--at", TUESDAY]).ends(0);
    repo.commit("2026-11-02T10:00:00Z", "base").branch("change");
    repo.write("old.yaml", &rollout("old", 30)).write("web.yaml", &rollout("web", 20)).commit(TUESDAY, "change");
    assert_eq!(states(&repo.against_main(&ONLY)), ["old baselined", "web active"]);
    let _ = repo.world.run(&["baseline", "write", "--at", TUESDAY]).ends(0);
    repo.commit(TUESDAY, "write it again");
    let run = repo.against_main(&ONLY);
    assert_eq!(states(&run), ["old baselined", "web active"]);
    let grown = &run.of("policy-weakened")[0];
    assert_eq!(grown["message"], "the baseline grows by a finding: canary-too-large in web.yaml");
    assert_eq!((&grown["file"], &grown["state"]), (&BASELINE.into(), &"active".into()));
    let run = repo.world.check(&["--base", "main", "--at", TUESDAY, "--baseline", BASELINE]);
    assert_eq!(states(&run), ["old baselined", "web baselined"]);
    assert!(notices(&run).iter().any(|n| n.starts_with("`--baseline` was given")));
    repo.write(BASELINE, "{").commit(TUESDAY, "break it");
    let _ = repo.against_main(&ONLY).ends(2);
}

#[test]
fn what_is_excused_is_not_overridden() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", &format!("{POLICY}overrides: {{allow: true}}\n")).write("web.yaml", &rollout("web", 5));
    repo.write(WAIVERS, &waiver("canary-too-large", "rollout: web", "2027-01-31"))
        .commit("2026-11-02T10:00:00Z", "base");
    repo.branch("change")
        .write("web.yaml", &rollout("web", 20))
        .commit(TUESDAY, "change\n\nRollgate-Override: outage\n");
    let run = repo.against_main(&[]);
    assert_eq!(states(&run), ["web waived"]);
    assert_eq!(run.of("rollback-criteria-missing")[0]["state"], "overridden");
}

#[test]
fn a_file_of_waivers_without_any_is_told() {
    let told =
        "`.rollgate/waivers.yaml` waives nothing: it does not begin with `apiVersion: rollgate/v1` and `kind: Waivers`";
    let world = World::new().repository().file("web.yaml", rollout("web", 20));
    let bare = "- {rule: canary-too-large, rollout: web, reason: few, owner: web, expires: 2027-01-31}\n";
    world.write(WAIVERS, bare);
    let run = checked(&world, &["--at", TUESDAY]).ends(1);
    assert_eq!((notices(&run), states(&run)), (vec![told.to_owned()], vec!["web active".to_owned()]));
    world.write(WAIVERS, "apiVersion: rollgate/v1\nkind: Waivers\nwaivers: []\n");
    assert!(notices(&checked(&world, &["--at", TUESDAY])).is_empty());

    let repo = Repo::new();
    repo.write("web.yaml", &rollout("web", 20)).write(WAIVERS, bare).commit("2026-11-02T10:00:00Z", "base");
    repo.branch("change").write("web.yaml", &rollout("web", 30)).commit(TUESDAY, "more at once");
    let notices = notices(&repo.against_main(&ONLY).ends(1));
    assert!(notices.contains(&format!("the base's {told}")), "{notices:?}");
}
