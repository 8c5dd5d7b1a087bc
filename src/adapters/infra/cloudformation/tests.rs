use crate::adapters::Template;
use crate::adapters::infra::Field;
use crate::adapters::infra::field::Known;
use crate::adapters::testing::with_root;

/// What is known of property `P` of resource `R` in a template with these parameters, mappings and conditions.
fn property(head: &str, value: &str) -> String {
    let text = format!(
        "{head}\nResources:\n  Other: {{Type: 'AWS::X::Y'}}\n  R: {{Type: 'AWS::X::Y', Properties: {{P: {value}}}}}\n"
    );
    with_root(&text, |root| {
        let template = Template::new(root).unwrap();
        let object = template.objects().into_iter().find(|o| o.name() == "R").unwrap();
        let Some(field) = object.body().unwrap().get("P") else { return "absent".to_owned() };
        told(&field)
    })
}

fn told(field: &Field<'_>) -> String {
    match field.known {
        Known::Written => field.text().unwrap_or("a collection").to_owned(),
        Known::Default(_) => format!("default {}", field.text().unwrap_or_default()),
        Known::No(why) => format!("unknown: {why}"),
        Known::Resource => format!("resource {}", field.resource().map_or("nowhere", |o| o.name())),
    }
}

#[test]
fn parameters_count_by_their_defaults() {
    let head = "Parameters: {With: {Type: Number, Default: 5}, Without: {Type: Number}, Kept: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/b}}";
    assert_eq!(property(head, "!Ref With"), "default 5");
    assert_eq!(property(head, "{Ref: With}"), "default 5");
    assert_eq!(property(head, "!Ref Without"), "unknown: parameter");
    assert_eq!(property(head, "!Ref Kept"), "unknown: parameter");
    assert_eq!(property(head, "!Ref AWS::NoValue"), "absent");
    assert_eq!(property(head, "!Ref AWS::Region"), "unknown: reference");
    assert_eq!(property(head, "'{{resolve:ssm:/a/b}}'"), "unknown: dynamic-reference");
    assert_eq!(property(head, "!ImportValue other-stack"), "unknown: import");
    assert_eq!(property(head, "'10'"), "10");
}

#[test]
fn references_find_resources_in_every_spelling() {
    for text in
        ["!Ref Other", "{Ref: Other}", "!GetAtt Other.Arn", "{'Fn::GetAtt': [Other, Arn]}", "{'Fn::GetAtt': Other.Arn}"]
    {
        assert_eq!(property("", text), "resource Other", "{text}");
    }
    assert_eq!(property("", "!Sub 'plain'"), "plain");
    assert_eq!(property("", "!Sub '${Other}-x'"), "unknown: expression");
}

#[test]
fn conditions_hold_where_the_users_are() {
    let head = "Parameters: {Env: {Type: String, Default: dev}, Flag: {Type: String, Default: 'no'}, Arn: {Type: String, Default: ''}, Bare: {Type: String}}\nConditions:\n  IsProd: !Equals [!Ref Env, prod]\n  IsDev: !Equals [dev, !Ref Env]\n  Flagged: !Equals [!Ref Flag, 'yes']\n  HasArn: !Not [!Equals [!Ref Arn, '']]\n  Unsure: !Equals [!Ref Bare, x]\n  Both: !And [!Condition IsProd, !Not [!Condition Flagged]]\n  Any: {'Fn::Or': [{Condition: Unsure}, {Condition: IsProd}]}\n";
    let chosen = |condition: &str| property(head, &format!("!If [{condition}, a, b]"));
    assert_eq!(chosen("IsProd"), "a", "held against the name of production");
    assert_eq!(chosen("IsDev"), "b", "a parameter of that name");
    assert_eq!(chosen("Flagged"), "b", "by its default");
    assert_eq!(chosen("HasArn"), "unknown: condition", "whether anything is given is not told by the default");
    assert_eq!(chosen("Unsure"), "unknown: condition");
    assert_eq!(chosen("Both"), "a");
    assert_eq!(chosen("Any"), "a");
    assert_eq!(chosen("Missing"), "unknown: condition");
    assert_eq!(property(head, "!If [Unsure, same, same]"), "same", "both arms agree");
    assert_eq!(property(head, "!If [IsProd, !Ref AWS::NoValue, b]"), "absent");
    assert_eq!(property(head, "!If [Unsure, !Ref AWS::NoValue, b]"), "unknown: condition");
}

#[test]
fn a_mapping_has_an_entry_for_production() {
    let head = "Parameters: {Env: {Type: String, Default: dev}}\nMappings:\n  M: {dev: {Type: a}, production: {Type: b}}\n  N: {dev: {Type: c}}\n";
    assert_eq!(property(head, "!FindInMap [M, !Ref Env, Type]"), "default b");
    assert_eq!(property(head, "!FindInMap [N, !Ref Env, Type]"), "default c");
    assert_eq!(property(head, "!FindInMap [M, dev, Type]"), "a");
    assert_eq!(property(head, "!FindInMap [M, !Ref AWS::Region, Type]"), "default b");
    assert_eq!(property(head, "!FindInMap [N, !Ref AWS::Region, Type]"), "unknown: mapping");
}

#[test]
fn what_exists_elsewhere_only_is_left_out() {
    let text = "Parameters: {Env: {Type: String}}\nConditions: {IsDev: !Equals [!Ref Env, dev]}\nResources:\n  A: {Type: 'AWS::X::Y', Condition: IsDev}\n  B: {Type: 'AWS::X::Y'}\n";
    let names = with_root(text, |root| {
        Template::new(root).unwrap().objects().iter().map(|o| o.name().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(names, ["B"]);
}

#[test]
fn conditions_that_hold_each_other_end() {
    let head = "Conditions:\n  A: !Condition B\n  B: !Not [!Condition A]\n";
    assert_eq!(property(head, "!If [A, x, y]"), "unknown: condition");
}
