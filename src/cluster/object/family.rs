//! Families of names: a secret or config that is rotated gets a new name, `name-1`, `name-2`.

/// The name without its number or hash at the end: `db-2` and `db_v3` are of `db`. A name that has none
/// is a family of its own.
pub fn family(name: &str) -> &str {
    let Some(at) = name.rfind(['-', '_', '.']) else { return name };
    let (stem, tail) = (&name[..at], &name[at + 1..]);
    let number = tail.strip_prefix(['v', 'V']).unwrap_or(tail);
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let has_digit = tail.bytes().any(|b| b.is_ascii_digit());
    let is_hash = tail.len() >= 6 && has_digit && tail.bytes().all(|b| b.is_ascii_hexdigit());
    if (is_number || is_hash) && !stem.is_empty() { stem } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_rotated_are_of_one_family() {
        for name in ["db", "db-1", "db-22", "db_v3", "db.4", "db-3f9a11", "db-20261121"] {
            assert_eq!(family(name), "db", "{name}");
        }
        for alone in ["db-main", "app", "-1", "v2", "tls-cert", "db-facade", "x-"] {
            assert_eq!(family(alone), alone, "{alone}");
        }
    }
}
