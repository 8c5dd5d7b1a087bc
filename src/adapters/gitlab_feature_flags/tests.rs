use crate::adapters::testing::lower;
use crate::model::{Basis, Rollout, Stage};

/// The stages that a flag comes to: environments, names and percents, -1 for a ring, -2 for a share that is not known.
type Wanted = &'static [(&'static str, &'static str, f64)];

fn stages(found: &[Rollout]) -> Vec<(String, String, f64)> {
    let percent = |s: &Stage| match s.share() {
        Some(share) => share.percent(),
        None if s.exposure.is_dynamic() => -2.0,
        None => -1.0,
    };
    let name = |s: &Stage| s.name.as_deref().unwrap_or("?").to_owned();
    let place = |r: &Rollout| r.environment.as_deref().unwrap_or("").to_owned();
    found.iter().flat_map(|r| r.stages().iter().map(move |s| (place(r), name(s), percent(s)))).collect()
}

fn owned(wanted: Wanted) -> Vec<(String, String, f64)> {
    wanted.iter().map(|(e, n, p)| ((*e).to_owned(), (*n).to_owned(), *p)).collect()
}

fn strategy(name: &str, parameters: &str, scope: &str) -> String {
    format!(r#"{{"name": "{name}", "parameters": {{{parameters}}}, "scopes": [{{"environment_scope": "{scope}"}}]}}"#)
}

fn flag(strategies: &[String]) -> String {
    let strategies = strategies.join(", ");
    format!(r#"[{{"name": "model", "active": true, "version": "new_version_flag", "strategies": [{strategies}]}}]"#)
}

#[test]
fn shares_are_those_of_the_engine() {
    let by_user =
        |percent: &str, scope: &str| strategy("gradualRolloutUserId", &format!(r#""percentage": "{percent}""#), scope);
    let flexible = |more: &str| strategy("flexibleRollout", more, "*");
    let everybody = |scope: &str| strategy("default", "", scope);
    let users = strategy("userWithId", r#""userIds": "a,b""#, "*");
    let list = strategy("gitlabUserList", "", "production")
        .replace("}]}", r#"}], "user_list": {"name": "friends", "user_xids": "a,b,c"}}"#);
    let table: [(Vec<String>, Wanted); 16] = [
        (vec![by_user("2", "production")], &[("production", "on", 2.0)]),
        (vec![by_user("2", "*")], &[("", "on", 2.0)]),
        (vec![by_user("2", "prod*")], &[("", "on", 2.0)]),
        (vec![by_user("2.7", "*")], &[("", "on", 2.0)]),
        (vec![by_user("0.5", "*")], &[("", "on", 0.0)]),
        (vec![by_user("many", "*")], &[("", "?", -2.0)]),
        (vec![by_user("100", "*")], &[]),
        (vec![strategy("gradualRolloutUserId", "", "*")], &[]),
        (vec![flexible(r#""rollout": "25", "stickiness": "sessionId""#)], &[("", "on", 25.0)]),
        (vec![flexible("")], &[]),
        (
            vec![by_user("2", "production"), by_user("50", "staging")],
            &[("production", "on", 2.0), ("staging", "on", 50.0)],
        ),
        (vec![by_user("2", "production"), everybody("staging")], &[("production", "on", 2.0)]),
        (vec![by_user("2", "production"), by_user("5", "*")], &[("", "on", 5.0), ("production", "on", 5.0)]),
        (
            vec![by_user("5", "production"), flexible(r#""rollout": "5", "stickiness": "random""#)],
            &[("", "on", 5.0), ("production", "on", 9.75)],
        ),
        (vec![users, by_user("1", "*")], &[("", "user a, b: on", -1.0), ("", "on", 1.0)]),
        (vec![list], &[("production", "list friends: on", -1.0)]),
    ];
    for (strategies, wanted) in table {
        let text = flag(&strategies);
        assert_eq!(stages(&lower(&text)), owned(wanted), "{text}");
        assert!(lower(&text.replace("true", "false")).iter().all(|r| r.stages().is_empty()), "off: {text}");
    }
    assert!(lower(&flag(&[])).is_empty(), "no client is given it");
}

#[test]
fn a_default_everywhere_overrides_the_shares_beside_it() {
    let text =
        flag(&[strategy("default", "", "*"), strategy("gradualRolloutUserId", r#""percentage": "2""#, "production")]);
    let found = lower(&text);
    assert_eq!((found.len(), found[0].remarks.len()), (1, 1));
    assert_eq!(found[0].environment.as_deref(), Some("production"));
}

const TERRAFORM: &str = r#"
resource "gitlab_project_feature_flag_user_list" "friends" {
  name      = "friends"
  user_xids = "t-1,t-2"
}
resource "gitlab_project_feature_flag" "model" {
  project = "42"
  name    = "answer_v2"
  strategies = [
    { name = "gitlabUserList", user_list_id = gitlab_project_feature_flag_user_list.friends.list_id },
    { name = "userWithId", parameters = { user_ids = "u-1" } },
    { name = "flexibleRollout", parameters = { rollout = "2", group_id = "a", stickiness = "tenantId" } },
  ]
}
"#;

#[test]
fn terraform_spells_with_underscores() {
    let found = lower(TERRAFORM);
    let wanted: Wanted = &[("", "list friends: on", -1.0), ("", "user u-1: on", -1.0), ("", "on", 2.0)];
    assert_eq!(stages(&found), owned(wanted));
    assert_eq!((&*found[0].id.name, found[0].stages()[0].audience.as_ref().unwrap().size), ("answer_v2", Some(2)));
    assert_eq!(found[0].stages()[2].exposure.known().unwrap().basis, Basis::Tenants);
    let unmanaged = "resource \"gitlab_project_feature_flag\" \"model\" {\n  name = \"answer_v2\"\n}\n";
    assert!(lower(unmanaged)[0].exposure_is_dynamic(), "its strategies are left as they are");
    assert!(lower(&TERRAFORM.replace("\"2\"", "var.share"))[0].exposure_is_dynamic());
}

#[test]
fn gates_of_an_installation() {
    let gates = |gates: &str| format!(r#"[{{"name": "x", "state": "conditional", "gates": [{gates}]}}]"#);
    let gate = |key: &str, value: &str| format!(r#"{{"key": "{key}", "value": {value}}}"#);
    let (actors, time) = (gate("percentage_of_actors", "0.5"), gate("percentage_of_time", "50"));
    let table: [(String, Wanted); 5] = [
        (actors.clone(), &[("", "on", 0.5)]),
        (format!("{actors}, {time}"), &[("", "on", 50.25)]),
        (format!("{actors}, {}", gate("boolean", "true")), &[]),
        (gate("boolean", "false"), &[]),
        (gate("actors", r#"["Group:9970"]"#), &[("", "actors Group:9970: on", -1.0)]),
    ];
    for (text, wanted) in table {
        assert_eq!(stages(&lower(&gates(&text))), owned(wanted), "{text}");
    }
    assert_eq!(lower(&gates(&time))[0].stages()[0].exposure.known().unwrap().basis, Basis::Requests);
}

#[test]
fn definitions_are_on_or_off() {
    let definition = |default: &str| format!("name: x\ntype: beta\ngroup: group::a\ndefault_enabled: {default}\n");
    assert!(lower(&definition("true")).is_empty(), "wholly on counts for who compares");
    assert_eq!(lower(&definition("maybe"))[0].remarks.len(), 1);
    let without = "name: x\ntype: beta\nrollout_issue_url: y\n";
    assert!(lower(without).is_empty(), "off where nothing is written");
    assert!(crate::adapters::testing::with_root(without, |root| super::own::is_definition(root, "x.yml")));
    assert!(lower("name: x\ntype: y\ndefault_enabled: maybe\n").is_empty(), "nothing tells whose it is");
}
