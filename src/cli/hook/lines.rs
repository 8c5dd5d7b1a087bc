//! What git tells hooks: lines on standard input, push options in the environment.

use crate::cli::failure::Failure;
use crate::history::ObjectId;

/// One line of pre-push: a ref that is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct PushedRef {
    /// What is pushed, as it was named; `(delete)` for a deletion.
    pub(in crate::cli) local_ref: String,
    /// The commit that is pushed; `None` takes the remote's ref away.
    pub(in crate::cli) local: Option<ObjectId>,
    /// The ref on the other side.
    pub(in crate::cli) remote_ref: String,
    /// Where it is; `None` where it is new.
    pub(in crate::cli) remote: Option<ObjectId>,
}

/// All of what pre-push is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct PrePush {
    /// The remote's name, or its URL where it has none.
    pub(in crate::cli) remote: String,
    /// Its URL.
    pub(in crate::cli) url: String,
    /// What is pushed. Nothing, where everything is there already.
    pub(in crate::cli) refs: Vec<PushedRef>,
}

/// One line of pre-receive: a ref that would move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct UpdatedRef {
    /// Where it is; `None` where it is new.
    pub(in crate::cli) old: Option<ObjectId>,
    /// Where it would be; `None` takes it away.
    pub(in crate::cli) new: Option<ObjectId>,
    /// Its whole name.
    pub(in crate::cli) name: String,
}

/// Reads what git tells pre-push: `<local ref> <local id> <remote ref> <remote id>` a line.
///
/// # Errors
/// When a line is no such line: what can't be read must not be pushed unseen.
pub(in crate::cli) fn pre_push_lines(stdin: &[u8], remote: &str, url: &str) -> Result<PrePush, Failure> {
    let one = |line: &str| {
        // What is pushed is shown as it was typed, and `main@{1 day ago}` has spaces.
        let mut parts = line.rsplitn(4, ' ');
        let (remote_id, remote_ref, local_id, local_ref) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (local, remote) = ids(local_id, remote_id)?;
        let named = !local_ref.is_empty() && remote_ref.starts_with("refs/");
        let (local_ref, remote_ref) = (local_ref.to_owned(), remote_ref.to_owned());
        named.then_some(PushedRef { local_ref, local, remote_ref, remote })
    };
    let refs = each_line(stdin, "pre-push", "<local ref> <local id> <remote ref> <remote id>", one)?;
    Ok(PrePush { remote: remote.to_owned(), url: url.to_owned(), refs })
}

/// Reads what git tells pre-receive: `<old id> <new id> <ref>` a line.
///
/// # Errors
/// When a line is no such line.
pub(in crate::cli) fn pre_receive_lines(stdin: &[u8]) -> Result<Vec<UpdatedRef>, Failure> {
    let one = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let (old, new) = ids(parts.next()?, parts.next()?)?;
        let name = parts.next().filter(|name| name.starts_with("refs/") && !name.contains(' '))?.to_owned();
        Some(UpdatedRef { old, new, name })
    };
    each_line(stdin, "pre-receive", "<old id> <new id> <ref>", one)
}

fn each_line<T>(stdin: &[u8], hook: &str, form: &str, one: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Failure> {
    // A ref's name may hold any bytes; it is shown and looked up, never taken apart.
    let text = String::from_utf8_lossy(stdin);
    let read = |(at, line): (usize, &str)| {
        one(line).ok_or_else(|| {
            let message = format!("line {} of {hook}'s standard input is not `{form}`", at + 1);
            Failure::new(message, "let git call the hook, or pipe in what git would")
        })
    };
    text.strip_suffix('\n').unwrap_or(&text).split('\n').enumerate().filter(|_| !text.is_empty()).map(read).collect()
}

/// Two ids of one format; zeros are none, and never both.
fn ids(one: &str, other: &str) -> Option<(Option<ObjectId>, Option<ObjectId>)> {
    let (one_id, other_id) = (ObjectId::from_hex(one)?, ObjectId::from_hex(other)?);
    let given = |id: ObjectId| (!id.is_zero()).then_some(id);
    let pair = (given(one_id), given(other_id));
    (one.len() == other.len() && pair != (None, None)).then_some(pair)
}

/// What `git push --push-option` sent: `GIT_PUSH_OPTION_COUNT` and `GIT_PUSH_OPTION_<n>`.
pub(in crate::cli) fn push_options(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    const MOST: usize = 1000;
    let count = variable("GIT_PUSH_OPTION_COUNT").and_then(|n| n.parse().ok()).unwrap_or(0);
    (0..MOST.min(count)).map_while(|n| variable(&format!("GIT_PUSH_OPTION_{n}"))).collect()
}

/// The reason that a push option gives for passing the gate: `rollgate-override=REASON` or `Rollgate-Override: REASON`.
///
/// # Errors
/// When such an option gives no reason.
pub(in crate::cli) fn override_reason(options: &[String]) -> Result<Option<String>, Failure> {
    let reason = |option: &String| {
        let (key, reason) = option.split_once(['=', ':'])?;
        key.trim().eq_ignore_ascii_case("rollgate-override").then(|| reason.trim().to_owned())
    };
    let bare = |option: &String| option.trim().eq_ignore_ascii_case("rollgate-override");
    let reasons: Vec<String> = options.iter().filter_map(reason).collect();
    if options.iter().any(bare) || reasons.iter().any(String::is_empty) {
        let help = "say why: `git push -o 'rollgate-override=REASON'`";
        return Err(Failure::new("the push option `rollgate-override` gives no reason", help));
    }
    Ok((!reasons.is_empty()).then(|| reasons.join("; ")))
}
