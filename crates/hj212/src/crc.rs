//! The checksum of HJ 212 Annex A, which is not CRC-16/ARC and not CRC-16/MODBUS, and the MODBUS one that
//! some devices send instead.
//!
//! Annex A throws away the low byte of the register at each step, so the state is the high byte alone:
//! `state' = H[state ^ byte]` with H the high bytes of the MODBUS table. H is linear over GF(2), so sixteen
//! bytes are folded at once with sixteen tables of 256 bytes, each one step further than the last.
//! Only 256 results exist: never use it as an identity.

const POLYNOMIAL: u16 = 0xA001;

/// The common table of the reflected polynomial 0xA001.
const TABLE: [u16; 256] = {
    let mut table = [0u16; 256];
    let mut index = 0;
    while index < 256 {
        let mut register = index as u16;
        let mut bit = 0;
        while bit < 8 {
            register = if register & 1 == 1 { register >> 1 ^ POLYNOMIAL } else { register >> 1 };
            bit += 1;
        }
        table[index] = register;
        index += 1;
    }
    table
};

const STRIDE: usize = 16;

/// `FOLD[k][b]`: what byte b contributes to the state k steps after it was taken in.
static FOLD: [[u8; 256]; STRIDE] = {
    let mut fold = [[0u8; 256]; STRIDE];
    let mut index = 0;
    while index < 256 {
        fold[0][index] = (TABLE[index] >> 8) as u8;
        index += 1;
    }
    let mut step = 1;
    while step < STRIDE {
        let mut index = 0;
        while index < 256 {
            fold[step][index] = fold[0][fold[step - 1][index] as usize];
            index += 1;
        }
        step += 1;
    }
    fold
};

/// Checksum of HJ 212 Annex A over the data segment.
pub fn hj212(segment: &[u8]) -> u16 {
    let Some((&last, rest)) = segment.split_last() else { return 0xFFFF };
    let mut state = 0xFFu8;
    let mut chunks = rest.chunks_exact(STRIDE);
    for chunk in &mut chunks {
        let mut folded = FOLD[STRIDE - 1][usize::from(state ^ chunk[0])];
        for place in 1..STRIDE {
            folded ^= FOLD[STRIDE - 1 - place][usize::from(chunk[place])];
        }
        state = folded;
    }
    for &byte in chunks.remainder() {
        state = FOLD[0][usize::from(state ^ byte)];
    }
    TABLE[usize::from(state ^ last)]
}

/// CRC-16/MODBUS, high byte first when printed.
pub fn modbus(segment: &[u8]) -> u16 {
    segment.iter().fold(0xFFFF, |register: u16, &byte| register >> 8 ^ TABLE[usize::from(register as u8 ^ byte)])
}

/// Which algorithm the CRC field of a frame agrees with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrcKind {
    Hj212,
    /// CRC-16/MODBUS, high byte first. Accepted only where a station's binding says so.
    Modbus,
    /// Neither: a damaged frame, or an encrypted one, whose CRC is that of the plain text.
    None,
}

impl CrcKind {
    /// What a CRC field says about a segment.
    pub fn of(segment: &[u8], field: u16) -> (CrcKind, u16) {
        let computed = hj212(segment);
        let kind = if field == computed {
            Self::Hj212
        } else {
            // Low byte first, as on a MODBUS line, is not accepted: two tries would double the false passes.
            if field == modbus(segment) { Self::Modbus } else { Self::None }
        };
        (kind, computed)
    }

    /// Whether a station may send it.
    pub const fn accepted(self, modbus_too: bool) -> bool {
        match self {
            Self::Hj212 => true,
            Self::Modbus => modbus_too,
            Self::None => false,
        }
    }
}

/// Four hex digits of either case; `None` when one is not.
pub(crate) fn read_field(digits: &[u8]) -> Option<u16> {
    if digits.len() != 4 {
        return None;
    }
    let mut value = 0u16;
    for &digit in digits {
        value = value << 4 | (digit as char).to_digit(16)? as u16;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Annex A, word by word.
    fn by_the_letter(segment: &[u8]) -> u16 {
        segment.iter().fold(0xFFFF, |register: u16, &byte| {
            (0..8).fold(register >> 8 ^ u16::from(byte), |register, _| {
                if register & 1 == 1 { register >> 1 ^ POLYNOMIAL } else { register >> 1 }
            })
        })
    }

    fn check(segment: &str, expect: u16, expect_modbus: Option<u16>) {
        assert_eq!(hj212(segment.as_bytes()), expect, "{segment}");
        if let Some(expect) = expect_modbus {
            assert_eq!(modbus(segment.as_bytes()), expect, "{segment}");
        }
    }

    #[test]
    fn vectors_of_the_standards() {
        check("", 0xFFFF, Some(0xFFFF));
        check("123456789", 0x2F80, Some(0x4B37));
        check(
            "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&",
            0x1C80,
            Some(0x0759),
        );
        check("QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&", 0x2200, None);
    }

    proptest::proptest! {
        #[test]
        fn folding_equals_the_letter(segment in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            proptest::prop_assert_eq!(hj212(&segment), by_the_letter(&segment));
        }
    }
}
