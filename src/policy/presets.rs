//! The policies that come with the program. They use the public syntax and no other door.

/// A policy that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its one name, in `extends` and `--preset`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Every preset, sorted by name.
pub const PRESETS: &[Preset] = &[
    Preset { name: "ai", text: include_str!("../../policies/ai.yaml") },
    Preset { name: "friday-freeze", text: include_str!("../../policies/friday-freeze.yaml") },
    Preset { name: "recommended", text: include_str!("../../policies/recommended.yaml") },
    Preset { name: "strict", text: include_str!("../../policies/strict.yaml") },
];

/// The preset that applies where nothing else is said.
pub const DEFAULT: &str = "recommended";

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|p| p.name == name)
}

/// Rules that are designed and not yet part of the program: a policy that names one gets told so, not a wrong guess.
pub(super) const LATER: &[&str] = &[
    "beta-size",
    "canary-underpowered",
    "criteria-after-exposure",
    "criteria-loosened",
    "flag-required",
    "hold-cut-short",
    "offline-eval-missing",
    "rings-required",
    "rollout-crosses-freeze",
    "shadow-required",
    "stage-skipped",
    "strategy-required",
    "suppression-expired",
    "suppression-unapproved",
    "suppression-unexplained",
    "suppression-unused",
    "ungated-change",
];
