//! SM4 on the data area (数据区加密, 2025 §6.4): ECB, no padding, whole 16-byte groups between `CP=&&` and the
//! last `&&`; what is left (fewer than 16 bytes) stays plain. Length and CRC are those of the plain segment,
//! so only the CRC, after decryption, tells a wrong key (one in 256 passes).
//!
//! Two wire forms: raw bytes, as the printed lengths demand, and `{0xE4,0x3E,…}`, as the standard prints it and
//! some software sends it.

use sm4::Sm4;
use sm4::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::crc::{self, CrcKind};
use crate::frame::Frame;

/// An SM4 key.
pub type Key = [u8; 16];

/// How ciphertext stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireForm {
    Binary,
    /// `{0xE4,0x3E,…}` and the plain rest.
    Printed,
}

/// Why a frame could not be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CipherError {
    /// No `CP=&&…&&`.
    NoArea,
    /// The printed form is damaged.
    BadPrint,
    /// The CRC does not fit what came out: a wrong key, or a damaged frame.
    WrongKey,
}

impl std::fmt::Display for CipherError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::NoArea => "no data area to decrypt",
            Self::BadPrint => "printed ciphertext is damaged",
            Self::WrongKey => "CRC does not fit after decryption (wrong key or damaged frame)",
        })
    }
}

impl std::error::Error for CipherError {}

/// The plain data segment of an encrypted frame, proven by the frame's CRC.
pub fn open(frame: &Frame<'_>, key: &Key) -> Result<Vec<u8>, CipherError> {
    let plain = decrypt(frame.segment, key)?;
    let field = crc::read_field(frame.crc.field).ok_or(CipherError::WrongKey)?;
    match CrcKind::of(&plain, field).0 {
        CrcKind::Hj212 => Ok(plain),
        CrcKind::Modbus | CrcKind::None => Err(CipherError::WrongKey),
    }
}

/// Decrypts the data area of a segment in either wire form.
pub fn decrypt(segment: &[u8], key: &Key) -> Result<Vec<u8>, CipherError> {
    let (from, to) = area(segment).ok_or(CipherError::NoArea)?;
    let mut plain = segment[..from].to_vec();
    let inner = &segment[from..to];
    if inner.starts_with(b"{0x") {
        read_print(inner, &mut plain).ok_or(CipherError::BadPrint)?;
    } else {
        plain.extend_from_slice(inner);
    }
    let cipher = Sm4::new(key.into());
    for block in groups(&mut plain[from..]) {
        cipher.decrypt_block(block);
    }
    plain.extend_from_slice(&segment[to..]);
    Ok(plain)
}

/// Encrypts the data area of a plain segment. The frame around it must carry the plain segment's length and
/// CRC: [`crate::encode::encrypted_frame`].
pub fn encrypt(segment: &[u8], key: &Key, form: WireForm) -> Result<Vec<u8>, CipherError> {
    let (from, to) = area(segment).ok_or(CipherError::NoArea)?;
    let mut inner = segment[from..to].to_vec();
    let cipher = Sm4::new(key.into());
    for block in groups(&mut inner) {
        cipher.encrypt_block(block);
    }
    let mut out = segment[..from].to_vec();
    match form {
        WireForm::Binary => out.extend_from_slice(&inner),
        WireForm::Printed => {
            let (whole, rest) = inner.split_at(inner.len() / 16 * 16);
            if !whole.is_empty() {
                let bytes: Vec<String> = whole.iter().map(|byte| format!("0x{byte:02X}")).collect();
                out.extend_from_slice(format!("{{{}}}", bytes.join(",")).as_bytes());
            }
            out.extend_from_slice(rest);
        }
    }
    out.extend_from_slice(&segment[to..]);
    Ok(out)
}

/// Whether the 2025 edition has a command's data area encrypted: uploads 2000–2999, 1014 and 3020.
pub const fn applies_to(command: u16) -> bool {
    matches!(command, 2000..=2999 | 1014 | 3020)
}

/// Where the bytes between `CP=&&` and the last `&&` lie.
fn area(segment: &[u8]) -> Option<(usize, usize)> {
    let from = memchr::memmem::find(segment, b"CP=&&")? + 5;
    let to = segment.len().checked_sub(2).filter(|&to| to >= from && segment.ends_with(b"&&"))?;
    Some((from, to))
}

fn groups(bytes: &mut [u8]) -> impl Iterator<Item = &mut Block<Sm4>> {
    bytes.chunks_exact_mut(16).filter_map(|chunk| chunk.try_into().ok())
}

/// `{0xE4,0x3E}rest` → bytes, then the rest as it stands.
fn read_print(inner: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let end = memchr::memchr(b'}', inner)?;
    for piece in inner[1..end].split(|&byte| byte == b',') {
        let digits = std::str::from_utf8(piece.trim_ascii().strip_prefix(b"0x")?).ok()?;
        out.push(u8::from_str_radix(digits, 16).ok().filter(|_| (1..=2).contains(&digits.len()))?);
    }
    out.extend_from_slice(&inner[end + 1..]);
    Some(())
}
