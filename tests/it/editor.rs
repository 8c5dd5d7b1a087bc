//! A real editor's client: Neovim, headless, where it is installed.

use std::path::Path;
use std::process::Command;

use crate::support::World;

#[test]
fn neovim_is_served() {
    let Ok(version) = Command::new("nvim").arg("--version").output() else {
        println!("nvim is not installed: the language server is not tried with it");
        return;
    };
    assert!(version.status.success());
    let plan = "\
apiVersion: rollgate/v1
kind: RolloutPlan
metadata: {name: assistant}
change: {kind: config}
strategy: canary
stages:
  - {exposure: 5%, hold: 24h}  # é
  - {exposure: 50%, hold: 24h}
monitors: [latency_p95, error_rate]
rollback:
  criteria: [error rate exceeds 0.5% over 10m]
  keep-old-for: 1h
";
    let world = World::new().file("plan.yaml", plan);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editor/nvim.lua");
    let output = Command::new("nvim")
        .args(["--headless", "--clean", "-n", "-S"])
        .arg(script)
        .current_dir(world.path())
        .env("ROLLGATE", env!("CARGO_BIN_EXE_rollgate"))
        .env("XDG_STATE_HOME", world.path().join("state"))
        .env("HOME", world.path())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let expected = "\
diagnostic 7:26 hold-too-short
hover hold-too-short
action rollgate: write `hold: 10m` (changes the rollout)
line   - {exposure: 5%, hold: 10m}  # é
done
";
    assert_eq!(out, expected, "stderr:\n{err}");
    assert_eq!(std::fs::read_to_string(world.path().join("plan.yaml")).unwrap(), plan, "nothing was saved");
}
