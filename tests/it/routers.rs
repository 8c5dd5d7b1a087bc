//! Routers: each rule's requests are followed from where they went to where they go.

use crate::gate::{PLAN, POLICY, errors};
use crate::support::{Repo, Run, TUESDAY};

/// The subsets that one rule sends to, with their weights.
type Split<'a> = &'a [(&'a str, u32)];

/// A VirtualService whose rules have these prefixes; "" matches everything.
fn rules(rules: &[(&str, Split<'_>)]) -> String {
    let mut text = String::from(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web, annotations: {rollgate/plan: plan.yaml}}\nspec:\n  hosts: [web]\n  http:\n",
    );
    for (prefix, arms) in rules {
        let arm = |(to, weight): &(&str, u32)| {
            let (host, subset) = to.split_once('/').unwrap_or(("web", to));
            format!("{{destination: {{host: {host}, subset: {subset}}}, weight: {weight}}}")
        };
        let route = arms.iter().map(arm).collect::<Vec<_>>().join(", ");
        let matching =
            if prefix.is_empty() { String::new() } else { format!("match: [{{uri: {{prefix: {prefix}}}}}], ") };
        text.push_str(&format!("    - {{{matching}route: [{route}]}}\n"));
    }
    text
}

/// An HTTPRoute of one rule.
fn route(path: &str, arms: Split<'_>) -> String {
    let arm = |(name, weight): &(&str, u32)| format!("{{name: {name}, port: 80, weight: {weight}}}");
    let arms = arms.iter().map(arm).collect::<Vec<_>>().join(", ");
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: web, annotations: {{rollgate/plan: plan.yaml}}}}\nspec:\n  rules:\n    - matches: [{{path: {{value: {path}}}}}]\n      backendRefs: [{arms}]\n"
    )
}

/// What is found when `head` comes after `before`, each a commit of a day.
fn judge(before: &[String], head: &str) -> Run {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("plan.yaml", PLAN);
    for (day, text) in before.iter().enumerate() {
        repo.write("r.yaml", text).commit(&format!("2026-11-{:02}T10:00:00Z", day + 2), "before");
    }
    repo.branch("change").write("r.yaml", head).commit(TUESDAY, "change");
    repo.against_main(&[])
}

const V1: Split<'_> = &[("v1", 100)];
const V2: Split<'_> = &[("v2", 100)];
const TENTH: Split<'_> = &[("v1", 90), ("v2", 10)];
const NINETEENTH: Split<'_> = &[("v1", 95), ("v2", 5)];

#[test]
fn a_rule_that_is_new_takes_its_requests_from_the_one_that_takes_the_rest() {
    let before = [rules(&[("", V1)]), rules(&[("", TENTH)])];
    let head = |list: &[(&str, Split<'_>)]| judge(&before, &rules(list));
    assert_eq!(errors(&head(&[("/x", V2), ("", TENTH)])), ["stage-skipped"]);
    assert_eq!(errors(&head(&[("/x", V2), ("", NINETEENTH)])), ["stage-skipped"], "a fall elsewhere covers nothing");
    assert_eq!(errors(&head(&[("/x", V2), ("/", TENTH)])), ["stage-skipped"], "another way to match everything");
    let more = head(&[("/x", V1), ("", TENTH)]);
    assert_eq!((errors(&more), more.json()["notices"].to_string().contains("rollback")), (vec![], false));
    assert_eq!(errors(&head(&[("", &[("v1", 75), ("v2", 25)])])), [""; 0]);
    let back = head(&[("", NINETEENTH)]);
    assert!(back.json()["notices"].to_string().contains("goes back from 10% to 5%"));
}

#[test]
fn a_rule_is_the_same_whatever_it_matches_from_now_on() {
    let before = [rules(&[("/a", V1), ("", V1)]), rules(&[("/a", TENTH), ("", V1)])];
    assert_eq!(errors(&judge(&before, &rules(&[("/b", V2), ("", V1)]))), ["stage-skipped"]);
    assert_eq!(errors(&judge(&before, &rules(&[("/b", TENTH), ("", V1)]))), [""; 0]);
    // The way back of a rule that was matched otherwise when it was there.
    let moved = [rules(&[("/a", V1), ("", V1)]), rules(&[("/b", V1), ("", V1)]), rules(&[("/b", V2), ("", V1)])];
    assert_eq!(errors(&judge(&moved, &rules(&[("/b", V1), ("", V1)]))), [""; 0]);
    let idle = [route("/", &[("web-stable", 100), ("web-canary", 0)])];
    assert_eq!(errors(&judge(&idle, &route("/api", &[("web-stable", 0), ("web-canary", 100)]))), ["big-bang"]);
    assert_eq!(errors(&judge(&idle, &route("/api", &[("web-stable", 100), ("web-canary", 0)]))), [""; 0]);
}

#[test]
fn another_service_is_said_to_be_unclear_and_what_stays_is_not() {
    let unclear = |run: &Run| run.reasons().contains(&"another-way".to_owned());
    let before = [rules(&[("", V1)])];
    assert!(unclear(&judge(&before, &rules(&[("", &[("other/v2", 100)])]))));
    assert!(unclear(&judge(&[route("/", &[("shop", 100)])], &route("/", &[("shopng", 100)]))));
    // Rules that go, come and stay.
    let two = [rules(&[("/a", V1), ("", V2)])];
    assert!(unclear(&judge(&two, &rules(&[("", V2)]))), "the requests of /a meet v2 now");
    assert!(!unclear(&judge(&two, &rules(&[("/a", V1), ("/b", V2), ("", V2)]))));
    let alone = [rules(&[("/a", &[("cart/v1", 100)])])];
    assert!(!unclear(&judge(&alone, &rules(&[("/a", &[("cart/v1", 100)]), ("/b", &[("orders/v1", 100)])]))));
}

fn deployment(name: &str, labels: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: 3\n  selector: {{matchLabels: {{app: web}}}}\n  template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: web, image: '{image}'}}]}}}}\n"
    )
}

const BLUE: Split<'_> = &[("blue", 100), ("green", 0)];
const GREEN: Split<'_> = &[("blue", 0), ("green", 100)];

/// Blue served everybody version 1, and now green serves version 2; both are called `names`.
fn switched(names: [&str; 2], more: &str) -> Repo {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("plan.yaml", PLAN).write("more.yaml", more);
    repo.write("b.yaml", &deployment(names[0], "app: web, side: b", "web:1"));
    repo.write("g.yaml", &deployment(names[1], "app: web, side: g", "web:2"));
    repo.write("r.yaml", &rules(&[("", BLUE)])).commit("2026-11-02T10:00:00Z", "blue");
    repo.write("r.yaml", &rules(&[("", GREEN)])).commit("2026-11-03T10:00:00Z", "green");
    repo
}

#[test]
fn going_back_to_a_name_is_going_back_to_what_it_was() {
    let subsets = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: web}\nspec: {host: web, subsets: [{name: blue, labels: {side: b}}, {name: green, labels: {side: g}}]}\n";
    for (names, more) in [(["blue", "green"], ""), (["web-blue", "web-green"], ""), (["one", "two"], subsets)] {
        let repo = switched(names, more);
        let new = deployment(names[0], "app: web, side: b", "web:3");
        repo.branch("back").write("r.yaml", &rules(&[("", BLUE)])).commit(TUESDAY, "back to blue");
        let run = repo.against_main(&[]);
        assert_eq!(errors(&run), [""; 0], "{names:?}");
        assert!(run.json()["notices"].to_string().contains("returns to what it shipped before"));
        repo.write("b.yaml", &new).commit(TUESDAY, "and blue is new");
        assert_eq!(errors(&repo.against_main(&[])), ["big-bang"], "{names:?} in the same change");
        repo.switch("main").write("b.yaml", &new).commit("2026-11-04T10:00:00Z", "blue is new");
        repo.branch("later").write("r.yaml", &rules(&[("", BLUE)])).commit(TUESDAY, "on to blue");
        assert_eq!(errors(&repo.against_main(&[])), ["big-bang"], "{names:?} in an earlier commit");
    }
    // No workload is found: the name alone tells.
    let repo = switched(["x", "y"], "");
    repo.branch("back").write("r.yaml", &rules(&[("", BLUE)])).commit(TUESDAY, "back to blue");
    assert_eq!(errors(&repo.against_main(&[])), [""; 0]);
}

#[test]
fn the_second_switch_is_judged_as_the_first_was() {
    let repo = switched(["blue", "green"], "");
    repo.write("b.yaml", &deployment("blue", "app: web", "web:3")).commit("2026-11-04T10:00:00Z", "blue is new");
    let blue = |percent: u32| rules(&[("", &[("blue", percent), ("green", 100 - percent)])]);
    repo.write("r.yaml", &blue(5)).commit("2026-11-05T10:00:00Z", "5 %");
    repo.branch("jump").write("r.yaml", &blue(80)).commit(TUESDAY, "80 %");
    assert_eq!(errors(&repo.against_main(&[])), ["stage-skipped"], "green is the baseline, whatever the names say");
    assert_eq!(errors(&repo.write("r.yaml", &blue(25)).commit(TUESDAY, "25 %").against_main(&[])), [""; 0]);
    let other = deployment("blue", "app: web", "web:4");
    repo.write("r.yaml", &blue(4)).write("b.yaml", &other).commit(TUESDAY, "less of something else");
    assert!(!repo.against_main(&[]).json()["notices"].to_string().contains("rollback: VirtualService"));
    repo.write("b.yaml", &deployment("blue", "app: web", "web:3")).commit(TUESDAY, "less");
    assert!(repo.against_main(&[]).json()["notices"].to_string().contains("rollback: VirtualService"));
}
