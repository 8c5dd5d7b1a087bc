//! The language server, spoken to as an editor speaks.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::support::{World, rollgate};

const PLAN: &str = "\
apiVersion: rollgate/v1
kind: RolloutPlan
metadata: {name: assistant}
change: {kind: config}
strategy: canary
stages:
  - {exposure: 5%, hold: 30s}
  - {exposure: 50%, hold: 24h}
monitors: [latency_p95, error_rate]
rollback:
  criteria: [error rate exceeds 0.5% over 10m]
  keep-old-for: 1h
";

/// An editor with nothing in it.
struct Editor {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    asked: i64,
    /// What the server showed last, by URI.
    shown: std::collections::BTreeMap<String, Value>,
}

impl Editor {
    fn start(world: &World, capabilities: &Value) -> Self {
        let mut child = rollgate(world.path()).arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut editor = Self { child, to, from, asked: 0, shown: std::collections::BTreeMap::default() };
        let told = editor.ask("initialize", &json!({"capabilities": capabilities}));
        assert_eq!(told["serverInfo"]["name"], "rollgate");
        editor.tell("initialized", &json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to.as_mut().unwrap(), "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn hear(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the server hung up");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", n)) => length = n.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap();
        if message["method"] == "textDocument/publishDiagnostics" {
            let params = &message["params"];
            self.shown.insert(params["uri"].as_str().unwrap().to_owned(), params.clone());
        }
        message
    }

    /// Sends a request, and returns its number.
    fn request(&mut self, method: &str, params: &Value) -> i64 {
        self.asked += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}));
        self.asked
    }

    /// The answer to request `id`, errors included.
    fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = self.hear();
            if message["id"] == id {
                return message;
            }
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.request(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
    }

    fn change(&mut self, uri: &str, version: i64, text: &str) {
        let params = json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]});
        self.tell("textDocument/didChange", &params);
    }

    /// What is shown of `uri` once all that was told has been looked at.
    fn settle(&mut self, uri: &str) -> Vec<Value> {
        let place = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}});
        self.ask("textDocument/hover", &place);
        self.shown.get(uri).map(|p| p["diagnostics"].as_array().unwrap().clone()).unwrap_or_default()
    }

    fn actions(&mut self, uri: &str, line: u32, character: u32) -> Vec<Value> {
        let at = json!({"line": line, "character": character});
        let params =
            json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}});
        self.ask("textDocument/codeAction", &params).as_array().unwrap().clone()
    }

    fn end(mut self) {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

fn uri(world: &World, path: &str) -> String {
    format!("file://{}", world.path().canonicalize().unwrap().join(path).display())
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().filter(|d| d["severity"] != 3).map(|d| d["code"].as_str().unwrap()).collect()
}

/// `text` with the edits of a code action made; columns are ASCII here.
fn applied(text: &str, action: &Value) -> String {
    let edit = &action["edit"]["documentChanges"][0]["edits"][0];
    let at = |end: &str| {
        let (line, column) =
            (edit["range"][end]["line"].as_u64().unwrap(), edit["range"][end]["character"].as_u64().unwrap());
        let start: usize = text.split_inclusive('\n').take(usize::try_from(line).unwrap()).map(str::len).sum();
        start + usize::try_from(column).unwrap()
    };
    format!("{}{}{}", &text[..at("start")], edit["newText"].as_str().unwrap(), &text[at("end")..])
}

#[test]
fn what_is_typed_counts_and_not_what_is_saved() {
    let world = World::new().file("plan.yaml", PLAN.replace("30s", "24h"));
    let uri = uri(&world, "plan.yaml");
    let mut editor = Editor::start(&world, &json!({}));
    editor.open(&uri, PLAN);
    let shown = editor.settle(&uri);
    assert_eq!(codes(&shown), ["hold-too-short"]);
    assert_eq!(shown[0]["range"], json!({"start": {"line": 6, "character": 25}, "end": {"line": 6, "character": 28}}));
    assert_eq!(
        shown[0]["message"],
        "the stage at 5% lasts 30s; this policy asks for at least 10m\nhelp: hold the stage for 10m or more"
    );
    editor.change(&uri, 2, &PLAN.replace("30s", "1h"));
    assert_eq!(codes(&editor.settle(&uri)), Vec::<&str>::new());
    assert_eq!(editor.shown[&uri]["version"], 2);
    editor.change(&uri, 3, PLAN);
    editor.tell("textDocument/didClose", &json!({"textDocument": {"uri": uri}}));
    assert_eq!(editor.settle(&uri), Vec::<Value>::new(), "what is closed shows nothing");
    editor.end();
}

#[test]
fn a_hover_shows_the_stages_and_the_rule() {
    let world = World::new();
    let uri = uri(&world, "plan.yaml");
    let mut editor = Editor::start(&world, &json!({}));
    editor.open(&uri, PLAN);
    let place = json!({"textDocument": {"uri": uri}, "position": {"line": 6, "character": 26}});
    let hover = editor.ask("textDocument/hover", &place);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.starts_with("**hold-too-short**: the stage at 5% lasts 30s"), "{text}");
    assert!(text.contains("#### Why it matters") && !text.contains("Examples"), "{text}");
    assert!(text.contains("RolloutPlan assistant (rollgate)") && text.contains("50%"), "{text}");
    editor.end();
}

#[test]
fn actions_mend_or_ignore_for_a_reason() {
    let world = World::new();
    let uri = uri(&world, "plan.yaml");
    let mut editor = Editor::start(&world, &json!({}));
    editor.open(&uri, PLAN);
    let actions = editor.actions(&uri, 6, 26);
    let titles: Vec<&str> = actions.iter().map(|a| a["title"].as_str().unwrap()).collect();
    assert_eq!(titles[0], "rollgate: write `hold: 10m` (changes the rollout)");
    let mended = applied(PLAN, &actions[0]);
    assert_eq!(mended, PLAN.replace("30s", "10m"));
    editor.change(&uri, 2, &mended);
    assert_eq!(codes(&editor.settle(&uri)), Vec::<&str>::new());
    assert!(titles[1].starts_with("rollgate: ignore hold-too-short until "), "{titles:?}");
    let ignored = applied(PLAN, &actions[1]);
    assert!(ignored.contains("stages:\n  # rollgate: ignore[hold-too-short] reason=\"\" until=20"), "{ignored}");
    // Without a reason it hides nothing, and says so itself.
    editor.change(&uri, 3, &ignored);
    assert_eq!(codes(&editor.settle(&uri)), ["suppression-unexplained", "hold-too-short"]);
    editor.change(&uri, 4, &ignored.replace("reason=\"\"", "reason=\"nobody uses it yet\""));
    assert_eq!(codes(&editor.settle(&uri)), Vec::<&str>::new());
    editor.end();
}

#[test]
fn columns_are_counted_as_the_editor_counts() {
    let text = PLAN.replace("{exposure: 5%,", "{name: \"é\u{1F600}\", exposure: 5%,");
    for (encodings, column) in [(json!(["utf-8", "utf-16"]), 41), (json!(["utf-16"]), 38), (Value::Null, 38)] {
        let world = World::new();
        let uri = uri(&world, "plan.yaml");
        let mut editor = Editor::start(&world, &json!({"general": {"positionEncodings": encodings}}));
        editor.open(&uri, &text);
        let shown = editor.settle(&uri);
        assert_eq!(shown[0]["range"]["start"]["character"], column, "{encodings}");
        assert_eq!(editor.actions(&uri, 6, column).len(), 2);
        editor.end();
    }
}

#[test]
fn half_typed_text_never_ends_the_server() {
    let world = World::new();
    let uri = uri(&world, "plan.yaml");
    let mut editor = Editor::start(&world, &json!({}));
    editor.open(&uri, "");
    for (version, end) in (0..=PLAN.len()).step_by(7).chain([PLAN.len()]).enumerate() {
        editor.change(&uri, i64::try_from(version).unwrap() + 2, &PLAN[..end]);
        let place = json!({"textDocument": {"uri": uri}, "position": {"line": 6, "character": 26}});
        editor.ask("textDocument/hover", &place);
        editor.actions(&uri, 6, 26);
    }
    assert_eq!(codes(&editor.settle(&uri)), ["hold-too-short"]);
    editor.end();
}

#[test]
fn the_policy_is_the_repositorys_and_its_faults_are_shown_in_it() {
    let world = World::new()
        .file("rollgate.yaml", "version: 1\nrules: {hold-too-short: {min: 10s}}\n")
        .file("deploy/x.yaml", "a: 1\n")
        .repository();
    let (plan, policy) = (uri(&world, "deploy/plan.yaml"), uri(&world, "rollgate.yaml"));
    let mut editor = Editor::start(&world, &json!({}));
    editor.open(&plan, PLAN);
    assert_eq!(codes(&editor.settle(&plan)), Vec::<&str>::new());
    editor.open(&policy, "version: 1\nrules: {hold-too-short: {min: 48h}}\n");
    assert_eq!(codes(&editor.settle(&plan)), ["hold-too-short", "hold-too-short"]);
    editor.change(&policy, 2, "version: 1\nrules: {hold-too-shrt: {min: 48h}}\n");
    assert_eq!(editor.settle(&plan), Vec::<Value>::new(), "nothing is known then");
    let faults = editor.settle(&policy);
    assert_eq!(faults[0]["range"]["start"], json!({"line": 1, "character": 8}));
    assert!(faults[0]["message"].as_str().unwrap().contains("hold-too-short"), "{faults:?}");
    editor.change(&policy, 3, "version: 1\n");
    assert_eq!(editor.settle(&policy), Vec::<Value>::new());
    assert_eq!(codes(&editor.settle(&plan)), ["hold-too-short"]);
    editor.end();
}

#[test]
fn what_is_withdrawn_is_not_worked_on() {
    let world = World::new();
    let uri = uri(&world, "plan.yaml");
    let mut editor = Editor::start(&world, &json!({}));
    editor.open(&uri, PLAN);
    let id = editor
        .request("textDocument/hover", &json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}));
    editor.tell("$/cancelRequest", &json!({"id": id}));
    let later = editor.request("workspace/symbol", &json!({"query": ""}));
    // It may have been answered before it was withdrawn; it is answered once, and the next one after it.
    let first = editor.answer(id);
    assert!(first["error"]["code"] == -32800 || first["result"].is_object(), "{first}");
    assert_eq!(editor.answer(later)["error"]["code"], -32601);
    editor.end();
}

#[test]
fn an_editor_that_hangs_up_ends_the_server() {
    let world = World::new();
    let mut editor = Editor::start(&world, &json!({}));
    drop(editor.to.take());
    assert_eq!(editor.child.wait().unwrap().code(), Some(1));
}
