//! Drills are believed only as far as git confirms them.

use crate::support::{Repo, Run, TUESDAY, World};

/// Service `web` with one of its images.
pub(crate) fn web(image: u32) -> String {
    format!(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {{name: web}}\nspec: {{predictor: {{canaryTrafficPercent: 5, model: {{storageUri: 'gs://m/{image}'}}}}}}\n"
    )
}

/// A record of a drill of `web`.
pub(crate) fn record(day: &str, evidence: &str) -> String {
    format!(
        "apiVersion: rollgate/v1\nkind: RollbackDrill\nmetadata: {{service: web}}\nperformed: {day}T10:00:00Z\nmethod: traffic-flip\noutcome: success\ntime-to-rollback: 2m\nevidence: [{evidence}]\n"
    )
}

/// The rules on drills.
pub(crate) const RULES: &str = "rollback-drill-stale,rollback-drill-unproven,rollback-drill-slow";

/// A repository with service `web` and three versions of it, the last of them of 12 November.
pub(crate) fn repo() -> Repo {
    let repo = Repo::new();
    for (version, day) in [(1, 2), (2, 10), (1, 12)] {
        repo.write("web.yaml", &web(version)).commit(&format!("2026-11-{day:02}T10:00:00Z"), "web");
    }
    repo
}

/// Checks what is checked out by these rules.
pub(crate) fn check(repo: &Repo) -> Run {
    repo.world.check(&["--at", TUESDAY, "--select", RULES])
}

/// What is said of a drill of `day` with this evidence, recorded on `recorded`.
pub(crate) fn proven(repo: &Repo, day: &str, evidence: &str, recorded: &str) -> Vec<String> {
    repo.write("drills/web.yaml", &record(day, evidence)).commit(&format!("{recorded}T10:00:00Z"), "record");
    let json = check(repo).json();
    let text = |f: &serde_json::Value| format!("{}: {}", f["rule"].as_str().unwrap(), f["message"].as_str().unwrap());
    json["findings"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn a_commit_that_touches_the_service_in_time() {
    let id = |rev: &str| repo().git(&["rev-parse", rev]);
    let says = |evidence: String, day: &str| proven(&repo(), day, &format!("{{commit: {evidence}}}"), "2026-11-13");
    assert_eq!(says(id("HEAD"), "2026-11-12"), [""; 0]);
    assert_eq!(says(id("HEAD")[..9].to_owned(), "2026-11-12"), [""; 0]);
    let unproven = |found: &[String], part: &str| {
        assert!(found.len() == 2 && found.iter().all(|f| f.contains(part)), "{part}: {found:#?}");
    };
    unproven(
        &says("abcdef12".to_owned(), "2026-11-12"),
        "names commit abcdef12, which is no commit of this repository",
    );
    unproven(&says(id("HEAD~1"), "2026-11-12"), "which is of 2026-11-10");
    let other = repo();
    other.write("README.md", "x").commit("2026-11-12T11:00:00Z", "not the service");
    let head = other.git(&["rev-parse", "HEAD"]);
    unproven(&proven(&other, "2026-11-12", &format!("{{commit: {head}}}"), "2026-11-13"), "touches nothing of `web`");
    let aside = repo();
    aside.branch("aside").write("web.yaml", &web(9)).commit("2026-11-12T11:00:00Z", "never merged");
    let head = aside.git(&["rev-parse", "HEAD"]);
    aside.switch("main");
    unproven(&proven(&aside, "2026-11-12", &format!("{{commit: {head}}}"), "2026-11-13"), "not on the checked line");
}

#[test]
fn a_tag_that_is_annotated_and_of_that_day() {
    let says = |tag: &[&str], time: &str| {
        let repo = repo();
        repo.git_at(time, &[&["tag"], tag].concat());
        proven(&repo, "2026-11-12", "{tag: rollback-drill/web/2026-11-12}", "2026-11-13")
    };
    let name = "rollback-drill/web/2026-11-12";
    assert_eq!(says(&["-a", "-m", "drill", name], "2026-11-12T12:00:00Z"), [""; 0]);
    // The record is refuted, and a tag of that day would count by itself: one that was made weeks later does not.
    assert!(says(&["-a", "-m", "drill", name], "2026-11-23T12:00:00Z")[0].contains("was made on 2026-11-23"));
    assert!(says(&[name], "2026-11-12T12:00:00Z")[0].contains("lightweight"));
    assert!(says(&["-a", "-m", "x", "other"], "2026-11-12T12:00:00Z")[0].contains("which is not there"));
}

#[test]
fn records_that_come_late_or_rest_on_old_evidence() {
    let repo = repo();
    let head = repo.git(&["rev-parse", "HEAD"]);
    let evidence = format!("{{commit: {head}}}");
    assert!(proven(&repo, "2026-11-12", &evidence, "2026-11-23")[0].contains("entered git on 2026-11-23"));
    let again = self::repo();
    again.write("drills/first.yaml", &record("2026-11-12", &evidence)).commit("2026-11-13T10:00:00Z", "first");
    let found = proven(&again, "2026-11-16", &evidence, "2026-11-17");
    assert!(found[0].contains("rests on the same evidence as the drill of 2026-11-12"), "{found:#?}");
    assert!(found.iter().all(|f| !f.starts_with("rollback-drill-stale")), "the first one counts: {found:#?}");
}

#[test]
fn a_record_that_is_added_to_or_changed_later() {
    let repo = repo();
    let head = repo.git(&["rev-parse", "HEAD"]);
    let evidence = format!("{{commit: {head}}}");
    let old = record("2026-08-30", "{commit: abcdef12}");
    repo.write("drills/web.yaml", &old).commit("2026-11-13T10:00:00Z", "an old one");
    let both = format!("{old}---\n{}", record("2026-11-12", &evidence));
    repo.write("drills/web.yaml", &both).commit("2026-11-23T10:00:00Z", "a newer one, told late");
    let found = check(&repo).of("rollback-drill-unproven");
    let said: Vec<&str> = found.iter().map(|f| f["message"].as_str().unwrap()).collect();
    assert!(said.iter().any(|s| s.contains("entered git on 2026-11-23")), "{said:#?}");
}

#[test]
fn a_threshold_that_is_taken_back_is_no_drill() {
    let repo = repo();
    repo.write("web.yaml", &web(1).replace("{name: web}", "{name: web, labels: {a: b}}"))
        .commit("2026-11-16T10:00:00Z", "label");
    repo.git_at("2026-11-16T12:00:00Z", &["revert", "--no-edit", "HEAD"]);
    assert_eq!(check(&repo).of("rollback-drill-stale").len(), 1);
}

#[test]
fn records_are_written_listed_and_verified() {
    let repo = repo();
    let head = repo.git(&["rev-parse", "HEAD"]);
    let missing = repo.world.run(&["drill", "record", "--service", "web"]).ends(2);
    let _ = missing.complains("`--performed`").complains("--commit");
    let args = ["drill", "record", "--service", "web", "--performed", "2026-11-12T10:00:00Z", "--method", "flag-off"];
    let with = |more: &[&str]| repo.world.run(&[&args, more].concat());
    let _ = with(&["--outcome", "success", "--commit", "abcdef12"]).ends(2).complains("no commit of this repository");
    let _ = with(&["--outcome", "fine", "--commit", &head]).ends(2).complains("success, failure");
    let _ = with(&["--outcome", "success", "--commit", &head, "--time-to-rollback", "4m10s"])
        .ends(0)
        .says("git add drills/2026-11-12-web.yaml");
    let _ = with(&["--outcome", "success", "--commit", &head]).ends(2).complains("cannot be written");
    repo.commit("2026-11-13T10:00:00Z", "record");
    let _ =
        repo.world.run(&["drill", "verify"]).ends(0).says("drills/2026-11-12-web.yaml:2: web, 2026-11-12: confirmed");
    let list = repo.world.run(&["drill", "list", "--at", TUESDAY]).ends(0);
    let _ = list.says("web      ok     2026-11-12  12d  2027-02-12  record");
    repo.write("drills/x.yaml", &record("2026-11-10", "{tag: none}")).commit("2026-11-13T11:00:00Z", "made up");
    let _ = repo.world.run(&["drill", "verify"]).ends(1).says("refuted: it names tag none, which is not there");
    let _ = repo.world.run(&["drill", "verify", "drills/2026-11-12-web.yaml"]).ends(0);
    let _ = repo.world.run(&["drill", "verify", "nothing.yaml"]).ends(2);
    let _ = World::new().run(&["drill", "verify"]).ends(2).complains("no git repository");
}

#[test]
fn git_alone_tells_of_drills() {
    assert_eq!(check(&repo()).of("rollback-drill-stale").len(), 1, "there is none");
    let tagged = repo();
    tagged.git_at("2026-11-16T12:00:00Z", &["tag", "-a", "-m", "x", "rollback-drill/web/2026-11-16"]);
    assert_eq!(check(&tagged).of("rollback-drill-stale").len(), 0);
    let light = repo();
    light.git(&["tag", "rollback-drill/web/2026-11-16"]);
    assert_eq!(check(&light).of("rollback-drill-stale").len(), 1);
    let told = repo();
    told.write("staging/web.yaml", &web(2)).commit("2026-11-16T12:00:00Z", "drill\n\nRollback-Drill: web\n");
    assert_eq!(check(&told).of("rollback-drill-stale").len(), 0);
    let old = repo();
    old.write("staging/web.yaml", &web(2)).commit("2026-11-16T12:00:00Z", "drill\n\nRollback-Drill: web\n");
    let late = old.world.check(&["--at", "2027-03-01T10:00:00Z", "--select", RULES]);
    assert!(late.of("rollback-drill-stale")[0]["message"].as_str().unwrap().contains("(trailer "));
    let reverted = repo();
    reverted.write("web.yaml", &web(7)).commit("2026-11-16T10:00:00Z", "version 7");
    reverted.git_at("2026-11-16T12:00:00Z", &["revert", "--no-edit", "HEAD"]);
    assert_eq!(check(&reverted).of("rollback-drill-stale").len(), 0);
    let claimed = repo();
    claimed.write("web.yaml", &web(7)).commit("2026-11-16T10:00:00Z", "version 7");
    let id = claimed.git(&["rev-parse", "HEAD"]);
    claimed
        .write("web.yaml", &web(8))
        .commit("2026-11-16T12:00:00Z", &format!("Revert\n\nThis reverts commit {id}.\n"));
    assert_eq!(check(&claimed).of("rollback-drill-stale").len(), 1, "it says so, and is none");
}

#[test]
fn a_clone_that_ends_too_early_tells_nothing() {
    let origin = repo();
    let clone = Repo::new();
    clone.git(&["remote", "add", "origin", &format!("file://{}", origin.world.path().display())]);
    clone.git(&["fetch", "-q", "--depth=1", "origin", "main"]);
    clone.git(&["checkout", "-q", "FETCH_HEAD"]);
    assert_eq!(check(&clone).ends(0).reasons(), ["history-no-tags"]);
    origin.git_at("2026-08-01T12:00:00Z", &["tag", "-a", "-m", "x", "rollback-drill/other/2026-08-01"]);
    clone.git(&["fetch", "-q", "--depth=1", "origin", "main", "refs/tags/*:refs/tags/*"]);
    assert_eq!(check(&clone).ends(0).reasons(), ["history-truncated"]);
    let none = World::new().file("web.yaml", web(1)).check(&["--select", RULES]);
    assert_eq!(none.reasons(), ["no-repository"]);
    assert_eq!(origin.world.check(&["--no-git", "--select", RULES]).reasons(), ["no-repository"]);
}

#[test]
fn a_change_is_asked_for_the_drills_of_what_it_touches() {
    let repo = repo();
    let other = web(1).replace("name: web", "name: other");
    repo.write("other.yaml", &other).commit("2026-11-13T10:00:00Z", "another service");
    repo.write("staging/web.yaml", &web(2)).commit("2026-11-16T12:00:00Z", "drill\n\nRollback-Drill: web\n");
    let touch = |path: &str, text: &str| {
        repo.git(&["switch", "-q", "-C", "change", "main"]);
        repo.write(path, text).commit(TUESDAY, "change");
        repo.against_main(&["--select", RULES])
    };
    assert_eq!(touch("web.yaml", &web(3)).ends(0).rules(), [""; 0]);
    assert_eq!(touch("other.yaml", &other.replace("m/1", "m/3")).ends(1).rules(), ["rollback-drill-stale"]);
}
