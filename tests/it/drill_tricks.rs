//! Drills that are made to look like more than they were.

use crate::drills::{RULES, check, proven, record, repo, web};
use crate::support::{Repo, TUESDAY};

const TRAILER: &str = "drill\n\nRollback-Drill: web\n";

/// What is said of drills here, on a Tuesday: `rule: message`.
fn said(repo: &Repo, args: &[&str]) -> Vec<String> {
    let json = repo.world.check(&[&["--at", TUESDAY, "--select", RULES], args].concat()).json();
    let text = |f: &serde_json::Value| format!("{}: {}", f["rule"].as_str().unwrap(), f["message"].as_str().unwrap());
    json["findings"].as_array().unwrap().iter().map(text).collect()
}

fn head(repo: &Repo) -> String {
    repo.git(&["rev-parse", "HEAD"])
}

/// A record that fits, of the last commit.
fn fitting(repo: &Repo) -> String {
    record("2026-11-12", &format!("{{commit: {}}}", head(repo)))
}

#[test]
fn a_failure_that_becomes_a_success_later() {
    let late = "entered git on 2026-11-23";
    let repo = repo();
    let good = fitting(&repo);
    let failed = good.replace("outcome: success", "outcome: failure");
    repo.write("drills/web.yaml", &failed).commit("2026-11-12T12:00:00Z", "it failed");
    repo.write("drills/web.yaml", &good).commit("2026-11-23T10:00:00Z", "it did not");
    assert!(said(&repo, &[]).iter().all(|f| f.contains(late)), "{:#?}", said(&repo, &[]));
    assert_eq!(said(&repo, &[]).len(), 2);
    // Whoever admits a failure later is believed, and a note changes nothing.
    let admitted = self::repo();
    admitted.write("drills/web.yaml", &fitting(&admitted)).commit("2026-11-12T12:00:00Z", "it worked");
    let first = admitted.git(&["rev-parse", "HEAD~1"]);
    let noted = format!("{}notes: with the team\n", record("2026-11-12", &format!("{{commit: {first}}}")));
    admitted.write("drills/web.yaml", &noted).commit("2026-11-23T10:00:00Z", "a note");
    assert_eq!(said(&admitted, &[]), [""; 0]);
    let failed = noted.replace("outcome: success", "outcome: failure");
    admitted.write("drills/web.yaml", &failed).commit("2026-11-23T11:00:00Z", "it had failed");
    let found = said(&admitted, &[]);
    assert!(found.len() == 1 && found[0].contains("the one of 2026-11-12 failed"), "{found:#?}");
}

#[test]
fn evidence_that_is_exchanged_later() {
    let repo = repo();
    repo.write("drills/web.yaml", &record("2026-11-12", "{tag: lost}")).commit("2026-11-12T12:00:00Z", "no evidence");
    let good = record("2026-11-12", &format!("{{commit: {}}}", repo.git(&["rev-parse", "HEAD~1"])));
    repo.write("drills/web.yaml", &good).commit("2026-11-23T10:00:00Z", "some evidence");
    assert!(said(&repo, &[])[0].contains("entered git on 2026-11-23"));
    // Evidence that comes beside what was there in time takes nothing from it.
    let more = self::repo();
    let good = fitting(&more);
    more.write("drills/web.yaml", &good).commit("2026-11-12T12:00:00Z", "evidence");
    let both = good.replace("evidence: [", "evidence: [{tag: rollback-drill/web/2026-11-12}, ");
    more.write("drills/web.yaml", &both).commit("2026-11-23T10:00:00Z", "more evidence");
    assert_eq!(said(&more, &[]), [""; 0]);
}

#[test]
fn a_record_without_evidence_does_not_count() {
    let repo = repo();
    repo.write("drills/web.yaml", &record("2026-11-12", "")).commit("2026-11-12T12:00:00Z", "trust me");
    repo.branch("change").write("web.yaml", &web(3)).commit(TUESDAY, "change");
    let found = repo.against_main(&["--select", RULES]).ends(1).of("rollback-drill-stale");
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("the one of 2026-11-12 names nothing that git could confirm it by"), "{message}");
}

#[test]
fn a_change_edits_a_record() {
    let repo = repo();
    let good = fitting(&repo);
    let failed = good.replace("outcome: success", "outcome: failure");
    repo.write("drills/web.yaml", &failed).commit("2026-11-12T12:00:00Z", "it failed");
    repo.branch("change").write("web.yaml", &web(3)).write("drills/web.yaml", &good);
    // However the change's own commit is dated, its record enters now.
    repo.commit("2026-11-13T10:00:00Z", "it did not");
    let found = repo.against_main(&["--select", RULES]).ends(1).of("rollback-drill-stale");
    assert!(found[0]["message"].as_str().unwrap().contains("entered git on 2026-11-24"), "{found:#?}");
}

#[test]
fn a_tag_that_tells_of_no_drill_is_its_commit() {
    let tagged = |touching: &str| {
        let repo = repo();
        repo.write(touching, &web(5)).commit("2026-11-20T10:00:00Z", "release");
        repo.git_at("2026-11-20T11:00:00Z", &["tag", "-a", "-m", "release", "v1.4"]);
        proven(&repo, "2026-11-20", "{tag: v1.4}", "2026-11-20")
    };
    assert_eq!(tagged("web.yaml"), [""; 0]);
    let found = tagged("README.md");
    assert!(found[0].contains("names tag v1.4, whose commit touches nothing of `web`"), "{found:#?}");
    let repo = repo();
    repo.git_at("2026-11-20T11:00:00Z", &["tag", "-a", "-m", "a tree", "v1.5", "HEAD^{tree}"]);
    let found = proven(&repo, "2026-11-20", "{tag: v1.5}", "2026-11-20");
    assert!(found[0].contains("names tag v1.5, which leads to no commit"), "{found:#?}");
}

#[test]
fn old_evidence_under_a_shorter_name() {
    let repo = repo();
    let id = head(&repo);
    repo.write("drills/a.yaml", &record("2026-11-12", &format!("{{commit: {id}}}")));
    repo.git_at("2026-11-12T11:00:00Z", &["tag", "-a", "-m", "x", "v2"]);
    for name in [format!("{{commit: {}}}", &id[..9]), "{tag: v2}".to_owned()] {
        repo.write("drills/b.yaml", &record("2026-11-13", &name)).commit("2026-11-13T12:00:00Z", "twice");
        let found = said(&repo, &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("rests on the same evidence as the drill of 2026-11-12"), "{found:#?}");
    }
}

#[test]
fn a_revert_of_what_never_was_on_the_line() {
    let repo = repo();
    repo.branch("side").write("web.yaml", &web(8)).commit("2026-11-13T00:00:00Z", "version 8");
    repo.write("web.yaml", &web(9)).commit("2026-11-13T01:00:00Z", "version 9");
    let message = format!("forward to 8\n\nThis reverts commit {}.\n", head(&repo));
    repo.switch("main").write("web.yaml", &web(8)).commit("2026-11-14T00:00:00Z", &message);
    assert_eq!(check(&repo).of("rollback-drill-stale").len(), 1);
    // A commit of the line that changed another file is not taken back either.
    let other = self::repo();
    other.write("web.yaml", &web(8)).commit("2026-11-13T00:00:00Z", "version 8");
    let eight = head(&other);
    other.write("README.md", "x").commit("2026-11-13T01:00:00Z", "docs");
    let docs = head(&other);
    other.write("web.yaml", &web(9)).commit("2026-11-13T02:00:00Z", "version 9");
    let message = format!("Revert\n\nThis reverts commit {docs}.\n");
    other.write("web.yaml", &web(8)).commit("2026-11-14T00:00:00Z", &message);
    assert_eq!(check(&other).of("rollback-drill-stale").len(), 1);
    let message = format!("Revert\n\nThis reverts commit {eight}.\n");
    other.write("web.yaml", &web(1)).commit("2026-11-15T00:00:00Z", &message);
    assert_eq!(check(&other).of("rollback-drill-stale").len(), 0, "and this one is");
}

#[test]
fn days_are_those_of_the_policys_zone() {
    let repo = repo();
    repo.write("rollgate.yaml", "version: 1\ntimezone: Pacific/Auckland\n").commit("2026-11-13T00:00:00Z", "zone");
    // Half past midnight of the 17th in Auckland.
    repo.git_at("2026-11-16T11:35:00Z", &["tag", "-a", "-m", "x", "rollback-drill/web/2026-11-17"]);
    let late = "performed: 2026-11-18T23:30:00+13:00";
    let text = record("2026-11-12", "{tag: rollback-drill/web/2026-11-17}");
    repo.write("drills/web.yaml", &text.replace("performed: 2026-11-12T10:00:00Z", late));
    repo.commit("2026-11-18T12:00:00Z", "record");
    assert_eq!(said(&repo, &[]), [""; 0]);
    let later = late.replace("2026-11-18T23:30", "2026-11-19T00:30");
    repo.write("drills/web.yaml", &text.replace("performed: 2026-11-12T10:00:00Z", &later));
    repo.commit("2026-11-18T12:00:00Z", "a day later");
    assert!(said(&repo, &[])[0].contains("is of another day"));
}

#[test]
fn a_tag_of_this_morning_counts_this_morning() {
    let repo = repo();
    repo.git_at("2026-11-24T08:30:00Z", &["tag", "-a", "-m", "x", "rollback-drill/web/2026-11-24"]);
    assert_eq!(said(&repo, &[]), [""; 0]);
}

#[test]
fn a_commit_is_no_newer_than_what_came_after_it() {
    let repo = repo();
    repo.write("web.yaml", &web(7)).commit("2026-11-23T00:00:00Z", "rolled back");
    let id = head(&repo);
    repo.write("README.md", "x").commit("2026-11-13T00:00:00Z", "later");
    let evidence = format!("{{commit: {id}}}");
    let text = record("2026-11-22", &evidence);
    repo.write("drills/web.yaml", &text).commit("2026-11-23T10:00:00Z", "record");
    assert!(said(&repo, &[])[0].contains("which is of 2026-11-13"), "{:#?}", said(&repo, &[]));
}

/// A branch off `main` with a commit of that day, merged by a merge commit two days later.
fn merged(repo: &Repo, day: u32, commit: impl FnOnce(&str)) {
    repo.branch("side");
    commit(&format!("2026-11-{day:02}T10:00:00Z"));
    repo.switch("main").write("README.md", "x").commit(&format!("2026-11-{day:02}T11:00:00Z"), "meanwhile");
    let merge = ["merge", "-q", "--no-ff", "-m", "Merge pull request #5", "side"];
    repo.git_at(&format!("2026-11-{:02}T10:00:00Z", day + 2), &merge);
    repo.write("README.md", "y").commit(&format!("2026-11-{:02}T12:00:00Z", day + 2), "and on");
}

/// The day of the last drill of `web`, and how it is known.
fn last(repo: &Repo) -> String {
    let all = repo.world.run(&["drill", "list", "--format", "json", "--at", TUESDAY]).json();
    let last = &all["services"][0]["last"];
    let text = |key: &str| last[key].as_str().unwrap_or_default().to_owned();
    let known_by = text("known_by");
    format!("{} {}", text("day"), known_by.split(' ').next().unwrap()).trim().to_owned()
}

#[test]
fn a_revert_in_a_branch_that_was_merged() {
    let repo = repo();
    repo.write("web.yaml", &web(5)).commit("2026-11-14T00:00:00Z", "version 5");
    merged(&repo, 15, |time| _ = repo.git_at(time, &["revert", "--no-edit", "HEAD"]));
    assert_eq!(said(&repo, &[]), [""; 0]);
    assert_eq!(last(&repo), "2026-11-17 revert");
    // What the branch takes back of its own was never live.
    let own = self::repo();
    merged(&own, 15, |time| {
        own.write("web.yaml", &web(5)).commit(time, "version 5");
        own.git_at(time, &["revert", "--no-edit", "HEAD"]);
        own.write("other.md", "x").commit(time, "docs");
    });
    assert_eq!(last(&own), "");
    // Nor is it a way back where the merge brings something else.
    let forward = self::repo();
    forward.write("web.yaml", &web(5)).commit("2026-11-14T00:00:00Z", "version 5");
    merged(&forward, 15, |time| {
        forward.git_at(time, &["revert", "--no-edit", "HEAD"]);
        forward.write("web.yaml", &web(6)).commit(time, "version 6");
    });
    assert_eq!(last(&forward), "");
}

#[test]
fn a_trailer_in_a_branch_that_was_merged() {
    let drill = |repo: &Repo, time: &str| _ = repo.write("staging/web.yaml", &web(2)).commit(time, TRAILER);
    let soon = repo();
    merged(&soon, 15, |time| drill(&soon, time));
    assert_eq!(last(&soon), "2026-11-17 trailer");
    let late = repo();
    merged(&late, 15, |_| drill(&late, "2026-11-05T10:00:00Z"));
    assert_eq!(last(&late), "", "it is told twelve days later");
}

#[test]
fn a_trailer_has_to_touch_the_service() {
    let repo = repo();
    repo.commit("2026-11-15T10:00:00Z", TRAILER);
    repo.write("README.md", "x").commit("2026-11-16T10:00:00Z", TRAILER);
    assert_eq!(last(&repo), "");
    repo.write("rollgate.yaml", "version: 1\nservices: [{name: web, paths: ['runbooks/web/**']}]\n");
    repo.write("runbooks/web/drill.md", "done").commit("2026-11-17T10:00:00Z", TRAILER);
    assert_eq!(last(&repo), "2026-11-17 trailer");
}

#[test]
fn a_trailer_is_no_newer_than_what_came_after_it() {
    let repo = repo();
    repo.write("staging/web.yaml", &web(2)).commit("2026-11-23T10:00:00Z", TRAILER);
    repo.write("README.md", "x").commit("2026-11-13T10:00:00Z", "later");
    assert_eq!(last(&repo), "2026-11-13 trailer");
}

#[test]
fn a_record_that_a_change_moves() {
    let repo = repo();
    repo.write("drills/web.yaml", &fitting(&repo)).commit("2026-11-12T12:00:00Z", "record");
    repo.branch("change").write("web.yaml", &web(3)).git(&["mv", "drills", "ops"]);
    repo.commit(TUESDAY, "elsewhere");
    assert_eq!(repo.against_main(&["--select", RULES]).ends(0).rules(), [""; 0]);
}

#[test]
fn a_merge_brings_what_no_merge_brought_before() {
    let merge = |repo: &Repo, day: u32, branch: &str| {
        _ = repo.git_at(&format!("2026-11-{day}T10:00:00Z"), &["merge", "-q", "--no-ff", "-m", "merge", branch]);
    };
    let repo = repo();
    repo.branch("side").write("a.md", "x").commit("2026-11-13T10:00:00Z", "a side");
    repo.switch("main").write("staging/web.yaml", &web(2)).commit("2026-11-14T10:00:00Z", TRAILER);
    repo.write("b.md", "x").commit("2026-11-15T10:00:00Z", "meanwhile");
    repo.switch("side");
    merge(&repo, 16, "main");
    repo.switch("main");
    merge(&repo, 18, "side");
    assert_eq!(last(&repo), "2026-11-14 trailer", "it was on the line before");
    repo.branch("below").write("staging/web.yaml", &web(3)).commit("2026-11-18T11:00:00Z", TRAILER);
    repo.switch("side").write("c.md", "x").commit("2026-11-18T12:00:00Z", "more");
    merge(&repo, 19, "below");
    repo.switch("main");
    merge(&repo, 20, "side");
    assert_eq!(last(&repo), "2026-11-20 trailer", "with the branch of a branch");
    repo.branch("again").write("d.md", "x").commit("2026-11-21T10:00:00Z", "nothing new");
    repo.switch("main");
    merge(&repo, 22, "again");
    assert_eq!(last(&repo), "2026-11-20 trailer");
}

#[test]
fn a_clone_that_cuts_a_branch_off() {
    let origin = repo();
    origin.branch("side").write("staging/web.yaml", &web(2)).commit("2026-11-19T10:00:00Z", TRAILER);
    for text in ["1", "2", "3", "4", "5", "6"] {
        origin.write("a.md", text).commit("2026-11-19T11:00:00Z", "more");
    }
    origin.switch("main").git_at("2026-11-20T10:00:00Z", &["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    origin.git_at("2026-11-20T10:00:00Z", &["tag", "-a", "-m", "x", "v1"]);
    assert_eq!(last(&origin), "2026-11-20 trailer");
    let clone = Repo::new();
    let url = format!("file://{}", origin.world.path().display());
    clone.git(&["fetch", "-q", "--depth=5", &url, "main", "refs/tags/*:refs/tags/*"]);
    clone.git(&["checkout", "-q", "FETCH_HEAD"]);
    assert_eq!(clone.git(&["rev-list", "--first-parent", "--count", "HEAD"]), "4", "the line is whole");
    assert_eq!(check(&clone).reasons(), ["history-truncated"]);
}
