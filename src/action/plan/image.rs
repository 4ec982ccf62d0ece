//! Image references: finds typing mistakes, and a digest left over from another tag.

/// `registry:5000/shop/api:1.9@sha256:…` in its parts.
#[derive(Clone, Copy)]
struct ImageReference<'i> {
    /// Without tag and digest.
    name: &'i str,
    tag: Option<&'i str>,
    digest: Option<&'i str>,
}

impl<'i> ImageReference<'i> {
    fn read(image: &'i str) -> Self {
        let (rest, digest) =
            image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
        // A colon before the last slash is that of the registry's port.
        let path = rest.rfind('/').map_or(0, |at| at + 1);
        match rest[path..].find(':').map(|at| path + at) {
            Some(at) => Self { name: &rest[..at], tag: Some(&rest[at + 1..]), digest },
            None => Self { name: rest, tag: None, digest },
        }
    }
}

/// The image without its digest, if that is the one `before` had under another tag: nodes run the
/// image of the digest, so the new tag would run the old image. An image that was moved to another
/// registry with its tag, or that is pinned by its digest alone, keeps it.
pub fn without_old_digest<'i>(before: &str, image: &'i str) -> Option<&'i str> {
    let (old, new) = (ImageReference::read(before), ImageReference::read(image));
    let left_over = new.digest.is_some() && new.digest == old.digest;
    let other_tag = new.tag.is_some() && new.tag != old.tag;
    (left_over && other_tag).then(|| image.split('@').next().unwrap_or(image))
}

/// Whether it can be an image; the engine judges the rest.
///
/// # Errors
/// Why not, for the user.
pub(super) fn check(image: &str) -> Result<(), String> {
    if image.is_empty() {
        return Err("the image is empty".into());
    }
    // The longest name, tag and digest that docker takes (distribution/reference).
    if image.len() > 520 || ImageReference::read(image).name.len() > 255 {
        return Err("an image name has at most 255 characters".into());
    }
    if let Some(bad) = image.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("an image name can't hold {bad:?}"));
    }
    let ImageReference { name, tag, digest } = ImageReference::read(image);
    let repository = name.rsplit('/').next().unwrap_or(name);
    if repository.is_empty() || repository.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(format!(
            "'{image}' is not an image: a repository name is lower case, as in api:1.9"
        ));
    }
    if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
        return Err(format!("'{tag}' is not a tag: letters, digits, and . _ - after the first"));
    }
    if let Some(digest) = digest.filter(|digest| !is_digest(digest)) {
        return Err(format!(
            "the digest must be sha256: and 64 hexadecimal digits, which '{digest}' is not"
        ));
    }
    Ok(())
}

/// As docker's reference grammar has it (distribution/reference).
fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// Checks for a known algorithm (opencontainers/go-digest) and the length of its digests.
fn is_digest(digest: &str) -> bool {
    let Some((algorithm, sum)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    sum.len() == length && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_digest_goes_with_its_tag() {
        let with = |image: &str| format!("{image}@{SUM}");
        let before = with("reg:5000/shop/api:1.8");
        let dropped = |image: &str| without_old_digest(&before, image).map(str::to_owned);
        assert_eq!(
            dropped(&with("reg:5000/shop/api:1.9")).as_deref(),
            Some("reg:5000/shop/api:1.9")
        );
        assert_eq!(dropped(&before), None, "nothing was changed");
        assert_eq!(dropped(&with("mirror/api:1.8")), None, "moved with its tag");
        assert_eq!(dropped(&with("reg:5000/shop/api")), None, "pinned by the digest alone");
        assert_eq!(dropped("reg:5000/shop/api:1.9"), None);
        let other = "a".repeat(64);
        assert_eq!(dropped(&format!("api:1.9@sha256:{other}")), None, "a digest of its own");
        assert_eq!(without_old_digest(&with("api"), &with("api:2")), Some("api:2"));
    }

    #[test]
    fn slips_are_told() {
        for good in ["api", "api:1.9", "reg:5000/a/b", "reg:5000/a/b:v1.0_x-y"] {
            assert_eq!(check(good), Ok(()));
            assert_eq!(check(&format!("{good}@{SUM}")), Ok(()));
        }
        for (bad, says) in [
            ("api@", "digest"),
            ("api:1@sha256:0123", "digest"),
            ("api:1@sha256", "digest"),
            ("api:1@md5:0123456789abcdef0123456789abcdef", "digest"),
            ("api:1.8:1.9", "not a tag"),
            ("api:", "not a tag"),
            ("api:-1", "not a tag"),
            ("API", "lower case"),
            ("a b", "can't hold"),
        ] {
            assert!(check(bad).is_err_and(|why| why.contains(says)), "{bad}");
        }
        let upper = SUM.to_uppercase().replace("SHA", "sha");
        assert!(check(&format!("api@{upper}")).is_err());
        assert!(check(&format!("api@{SUM}0")).is_err(), "one too many");
    }
}
