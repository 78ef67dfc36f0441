//! Passwords: argon2id (RFC 9106), parameters kept beside each hash so that they can rise later.

use argon2::{Algorithm, Argon2, Params, Version};
use kernel::{ErrorCode, Problem};

/// 19 MiB, 2 passes, 1 lane: the OWASP minimum for argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
const LEAST_CHARACTERS: usize = 10;
const MOST_BYTES: usize = 256;

/// What a new password must be; says what is missing.
pub fn check_new(password: &str, name: &str) -> Result<(), Problem> {
    let refuse = |text: &str| Err(Problem::invalid(text));
    if password.chars().count() < LEAST_CHARACTERS {
        return refuse("密码至少 10 个字符 (a password has at least 10 characters)");
    }
    if password.len() > MOST_BYTES {
        return refuse("密码太长 (the password is too long)");
    }
    if password.to_lowercase().contains(&name.to_lowercase()) {
        return refuse("密码不能包含用户名 (the password must not contain the name)");
    }
    let first = password.chars().next();
    if password.chars().all(|character| Some(character) == first) {
        return refuse("密码不能是同一个字符 (not one character repeated)");
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::Internal, format!("hashing a password: {error}"))
}

fn digest(password: &str, salt: &[u8], memory: u32, passes: u32, lanes: u32) -> Result<[u8; HASH_BYTES], Problem> {
    let params = Params::new(memory, passes, lanes, Some(HASH_BYTES)).map_err(failed)?;
    let mut out = [0; HASH_BYTES];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(password.as_bytes(), salt, &mut out).map_err(failed)?;
    Ok(out)
}

/// `argon2id$memory$passes$lanes$salt$hash`.
pub fn hash(password: &str) -> Result<String, Problem> {
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).map_err(failed)?;
    let out = digest(password, &salt, MEMORY_KIB, PASSES, LANES)?;
    Ok(format!("argon2id${MEMORY_KIB}${PASSES}${LANES}${}${}", hex::encode(salt), hex::encode(out)))
}

/// Compares in constant time; a damaged stored hash never matches.
pub fn matches(password: &str, stored: &str) -> bool {
    let parts: Vec<&str> = stored.split('$').collect();
    let ["argon2id", memory, passes, lanes, salt, expected] = parts[..] else { return false };
    let (Ok(memory), Ok(passes), Ok(lanes)) = (memory.parse(), passes.parse(), lanes.parse()) else { return false };
    let (Ok(salt), Ok(expected)) = (hex::decode(salt), hex::decode(expected)) else { return false };
    if password.len() > MOST_BYTES {
        return false;
    }
    let Ok(found) = digest(password, &salt, memory, passes, lanes) else { return false };
    expected.len() == found.len() && expected.iter().zip(found).fold(0, |sum, (one, other)| sum | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let stored = hash("山清水秀美丽之地1").unwrap();
        assert!(matches("山清水秀美丽之地1", &stored));
        assert!(!matches("山清水秀美丽之地2", &stored));
        assert!(!matches("", "argon2id$19456$2$1$00"));
        assert_ne!(stored, hash("山清水秀美丽之地1").unwrap(), "every hash has its own salt");
    }

    #[test]
    fn weak_passwords_are_refused() {
        for (password, good) in
            [("short", false), ("aaaaaaaaaaaa", false), ("my-name-is-anna", false), ("correct horse 42", true)]
        {
            assert_eq!(check_new(password, "anna").is_ok(), good, "{password}");
        }
    }
}
