//! Numbers as Go and the YAML 1.2 core schema spell them.

use super::resolve::Scalar;
use std::borrow::Cow;
use std::fmt::Write as _;

/// A number as go-yaml (v2 and v3 alike) reads a plain scalar that starts with a digit, a sign or a point.
pub(super) fn go(text: &str) -> Option<Scalar<'static>> {
    if text.starts_with('.') {
        return if is_float(text) { float(text) } else { None };
    }
    let plain: Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    if let Some(n) = go_int(&plain) {
        return Some(n);
    }
    if is_float(&plain) {
        return float(&plain);
    }
    go_odd(&plain)
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`.
fn go_int(plain: &str) -> Option<Scalar<'static>> {
    let (sign, rest) = split_sign(plain);
    let (radix, digits) = match rest.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &rest[2..]),
        [b'0', b'b' | b'B', ..] => (2, &rest[2..]),
        [b'0', b'o' | b'O', ..] => (8, &rest[2..]),
        [b'0', _, ..] => (8, &rest[1..]),
        _ => (10, rest),
    };
    if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    integer(sign, magnitude)
}

/// The branch for `0b` and `0o` that lets a sign follow the prefix.
fn go_odd(plain: &str) -> Option<Scalar<'static>> {
    let radix = match plain.as_bytes() {
        [b'0', b'b', b'+' | b'-', ..] => 2,
        [b'0', b'o', b'+' | b'-', ..] => 8,
        _ => return None,
    };
    i64::from_str_radix(&plain[2..], radix).ok().map(Scalar::Int)
}

/// A number of the YAML 1.2 core schema.
pub(super) fn core(text: &str) -> Option<Scalar<'static>> {
    let radix = match text.as_bytes() {
        [b'0', b'x', ..] => 16,
        [b'0', b'o', ..] => 8,
        _ => 10,
    };
    if radix != 10 {
        let digits = &text[2..];
        if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
            return None;
        }
        return u64::from_str_radix(digits, radix).ok().and_then(|n| integer("", n));
    }
    decimal(text)
}

/// A number of JSON text, or any decimal number.
pub(super) fn decimal(text: &str) -> Option<Scalar<'static>> {
    let (sign, rest) = split_sign(text);
    if !rest.is_empty()
        && rest.bytes().all(|b| b.is_ascii_digit())
        && let Some(n) = rest.parse::<u64>().ok().and_then(|n| integer(sign, n))
    {
        return Some(n);
    }
    if is_float(text) { text.parse().ok().map(Scalar::Float) } else { None }
}

fn split_sign(text: &str) -> (&str, &str) {
    text.split_at(usize::from(text.starts_with(['+', '-'])))
}

fn integer(sign: &str, magnitude: u64) -> Option<Scalar<'static>> {
    if sign == "-" {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(n) => Some(Scalar::Int(n)),
        Err(_) if sign.is_empty() => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

/// Go refuses a float that overflows; the text then stays text.
fn float(text: &str) -> Option<Scalar<'static>> {
    text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Scalar::Float)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let (_, rest) = split_sign(text);
    let (whole, rest) = split_digits(rest);
    let (fraction, rest, point) = match rest.strip_prefix('.') {
        Some(after) => {
            let (digits, rest) = split_digits(after);
            (digits, rest, true)
        }
        None => ("", rest, false),
    };
    if whole.is_empty() && (!point || fraction.is_empty()) {
        return false;
    }
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else { return rest.is_empty() };
    let (_, digits) = split_sign(exponent);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// `.inf` and `.nan` in the spellings YAML allows.
pub(super) fn non_finite(text: &str) -> Option<Scalar<'static>> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(Scalar::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Some(Scalar::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => Some(Scalar::Float(f64::NAN)),
        _ => None,
    }
}

/// A float key as sigs.k8s.io/yaml spells it: Go's `%g` of the nearest 32-bit float.
#[expect(clippy::cast_possible_truncation, reason = "the library rounds to 32 bits, and so must we")]
pub(super) fn key_32(f: f64) -> String {
    go_g(f, &format!("{:e}", f as f32))
}

/// A float key as Go prints it with 64 bits.
pub(super) fn key_64(f: f64) -> String {
    if f.is_finite() {
        return go_g(f, &format!("{f:e}"));
    }
    (if f.is_nan() {
        "NaN"
    } else if f > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    })
    .to_owned()
}

/// Go's shortest `%g`, from the shortest scientific spelling (`1.25e-7`).
fn go_g(f: f64, scientific: &str) -> String {
    if !f.is_finite() {
        return (if f.is_nan() {
            ".nan"
        } else if f > 0.0 {
            ".inf"
        } else {
            "-.inf"
        })
        .to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return plain_decimal(mantissa, exponent);
    }
    let mut out = mantissa.to_owned();
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "e{sign}{:02}", exponent.abs());
    out
}

/// `1.25` and 1 as `12.5`.
fn plain_decimal(mantissa: &str, exponent: i32) -> String {
    let (sign, rest) = split_sign(mantissa);
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let point = exponent + 1;
    let mut out = sign.to_owned();
    match usize::try_from(point) {
        Ok(0) | Err(_) => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', usize::try_from(-point).unwrap_or(0)));
            out.push_str(&digits);
        }
        Ok(n) if n >= digits.len() => {
            out.push_str(&digits);
            out.extend(std::iter::repeat_n('0', n - digits.len()));
        }
        Ok(n) => {
            out.push_str(&digits[..n]);
            out.push('.');
            out.push_str(&digits[n..]);
        }
    }
    out
}
