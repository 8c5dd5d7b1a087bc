//! Who gets what: rules in their order, the first that matches ends it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::condition::{self, Condition, People};
use super::spec::{On, Rule, Spec};
use crate::adapters::flag::{Arm, Ring, Split};
use crate::model::Share;
use crate::text::Span;

/// Gates that conditions may ask.
pub(super) struct Gates<'g, 'd> {
    find: &'g dyn Fn(&str) -> Option<Spec<'d>>,
    known: RefCell<BTreeMap<InEnvironment, Option<f64>>>,
}

/// A gate's name, and the environment.
type InEnvironment = (String, Option<String>);

impl<'g, 'd> Gates<'g, 'd> {
    pub(super) const fn new(find: &'g dyn Fn(&str) -> Option<Spec<'d>>) -> Self {
        Self { find, known: RefCell::new(BTreeMap::new()) }
    }

    /// The part of everybody that passes the gate, where no ring stands in it.
    fn share(&self, name: &str, environment: Option<&str>) -> Option<f64> {
        let key = (name.to_owned(), environment.map(str::to_owned));
        if let Some(known) = self.known.borrow().get(&key) {
            return *known;
        }
        // A gate that leads back to itself has no share.
        self.known.borrow_mut().insert(key.clone(), None);
        let found = (self.find)(name).and_then(|spec| {
            let served = serve(&spec, environment, self);
            let passes = |arm: &&Arm| arm.variation == Some(0);
            let all = served.rest.arms.iter().filter(passes).map(|arm| arm.share.map(part_of));
            let is_known = served.rings.is_empty() && !served.rest.arms.is_empty();
            all.sum::<Option<f64>>().filter(|_| is_known)
        });
        self.known.borrow_mut().insert(key, found);
        found
    }
}

fn part_of(share: Share) -> f64 {
    share.percent() / 100.0
}

/// What a spec serves in one environment.
pub(super) struct Served<'s, 'd> {
    pub(super) rings: Vec<Ring>,
    pub(super) rest: Split,
    /// The rule that picks the rest, or some of it, first.
    pub(super) by: Option<&'s Rule<'d>>,
    /// Rules that nobody comes to, with the one that takes everybody.
    pub(super) never: Vec<(&'s Rule<'d>, &'s Rule<'d>)>,
}

/// Follows the rules of `spec` in `environment`; `None` is every one that no rule names.
pub(super) fn serve<'s, 'd>(spec: &'s Spec<'d>, environment: Option<&str>, gates: &Gates<'_, '_>) -> Served<'s, 'd> {
    let span = spec.field.get("rules").map_or(spec.name_span, |r| r.anchor());
    let mut served = Served { rings: Vec::new(), rest: Split::unknown(span), by: None, never: Vec::new() };
    match spec.on {
        On::Yes => {}
        On::No(at) => return Served { rest: Split::all(spec.default, at), ..served },
        On::Launched(at) => return Served { rest: Split::all(Some(0), at), ..served },
        On::Unknown(at) => return Served { rest: Split::unknown(at), ..served },
    }
    let mut left = Left::default();
    let mut last = None;
    for rule in spec.rules.iter().filter(|rule| rule.scope.holds_in(environment)) {
        if let Some(taken) = last.filter(|_| left.is_nobody()) {
            served.never.push((rule, taken));
            continue;
        }
        match whom(rule, environment, gates) {
            Whom::AtTimes => {
                served.rest = Split::unknown(rule.field.span());
                return served;
            }
            Whom::Some(people) => served.rings.push(Ring {
                name: people.name.into(),
                size: people.size,
                customers: people.customers,
                split: Split { arms: arms(spec, rule, 1.0).into(), span: rule.field.span() },
            }),
            Whom::Part(key, cells) => {
                let part = left.take(key, &cells);
                if part > 0.0 {
                    served.by = served.by.or(Some(rule));
                    served.rest.arms.extend(arms(spec, rule, part));
                    last = Some(rule);
                }
            }
        }
    }
    let others = left.part();
    served.rest.arms.retain(|arm| arm.share != Some(Share::NONE));
    if others > 0.0 || served.rest.arms.is_empty() {
        served.rest.arms.push(Arm { variation: spec.default, share: Some(share(others)), written: None, span });
    }
    served
}

/// The steps of the draw: a ten-thousandth.
const STEPS: f64 = 10_000.0;

/// What those get whom `rule` picks, who are `part` of everybody: its own value, and the default for who loses the draw.
fn arms(spec: &Spec<'_>, rule: &Rule<'_>, part: f64) -> [Arm; 2] {
    let at = rule.field.get("PassPercentage").map_or_else(|| rule.field.anchor(), |p| p.span());
    let written = rule.percent.map(Share::from_percent);
    let drawn = rule.percent.map(|p| ((p / 100.0 * STEPS - 1e-6).ceil().max(0.0)) / STEPS);
    let served = drawn.map(|d| share(part * d));
    let own = written.filter(|w| *w != Share::ALL && Some(*w) != served);
    let lost = drawn.map(|d| share(part * (1.0 - d)));
    [
        Arm { variation: rule.variation, share: served, written: own, span: at },
        Arm { variation: spec.default, share: lost, written: None, span: at },
    ]
}

fn share(part: f64) -> Share {
    Share::from_percent(part * 100.0)
}

/// Whom a rule picks.
enum Whom {
    /// People whose number these files do not tell.
    Some(People),
    /// Those cells of one division of everybody.
    Part(String, Vec<Cell>),
    /// Everybody, at some times.
    AtTimes,
}

/// A cell of a division: its size, and whether it is picked.
struct Cell {
    size: f64,
    picked: bool,
}

fn whom(rule: &Rule<'_>, environment: Option<&str>, gates: &Gates<'_, '_>) -> Whom {
    let people = || {
        let spelled = condition::spelled(&rule.conditions);
        Whom::Some(People { name: rule.name.map_or(spelled.name, str::to_owned), ..spelled })
    };
    match &*rule.conditions {
        [] => Whom::Part(String::new(), vec![Cell { size: 1.0, picked: true }]),
        [Condition::Buckets { salt, of }] => {
            // A salt has a thousand of them.
            let size = 0.001;
            Whom::Part(format!("bucket {salt}"), of.iter().map(|picked| Cell { size, picked: *picked }).collect())
        }
        [Condition::Gate { name, pass }] => match gates.share(name, environment) {
            Some(passes) => {
                let cells = [(passes, *pass), (1.0 - passes, !*pass)];
                Whom::Part(format!("gate {name}"), cells.map(|(size, picked)| Cell { size, picked }).into())
            }
            None => people(),
        },
        all if all.iter().all(|c| matches!(c, Condition::Time)) => Whom::AtTimes,
        _ => people(),
    }
}

/// Who is left: independent divisions of everybody, and what is left of each.
#[derive(Default)]
struct Left {
    divisions: BTreeMap<String, Vec<f64>>,
    is_nobody: bool,
}

impl Left {
    /// Takes the picked cells of the division `key` away; how much of everybody that is.
    fn take(&mut self, key: String, cells: &[Cell]) -> f64 {
        let whole = self.part();
        let division = self.divisions.entry(key).or_insert_with(|| cells.iter().map(|c| c.size).collect());
        let before: f64 = division.iter().sum();
        let mut picked = 0.0;
        for (left, _) in division.iter_mut().zip(cells).filter(|(_, cell)| cell.picked) {
            picked += *left;
            *left = 0.0;
        }
        let taken = if before > 0.0 { whole * picked / before } else { 0.0 };
        self.is_nobody = self.part() < 1e-9;
        taken
    }

    fn part(&self) -> f64 {
        if self.is_nobody {
            0.0
        } else {
            self.divisions.values().map(|division| division.iter().sum::<f64>()).product()
        }
    }

    const fn is_nobody(&self) -> bool {
        self.is_nobody
    }
}

/// Where the percentage of the rest stands, for what is remarked on it.
pub(super) fn place(rule: &Rule<'_>) -> Span {
    rule.field.get("name").map_or_else(|| rule.field.anchor(), |n| n.span())
}
