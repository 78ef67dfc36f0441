//! Named oddities (异常) of frames that are read all the same, and how far a station is tolerated.

/// How far a station is tolerated (容错等级).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strictness {
    /// To the letter of the 2017 and 2025 text: no anomaly passes. For acceptance tests of new stations.
    Strict,
    /// What working stations are known to send.
    #[default]
    Standard,
    /// Whatever can still be read.
    Lenient,
}

impl Strictness {
    pub const ALL: [Strictness; 3] = [Self::Strict, Self::Standard, Self::Lenient];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Standard => "standard",
            Self::Lenient => "lenient",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.name() == name)
    }
}

macro_rules! anomalies {
    ($( $variant:ident, $name:literal, $zh:literal, $en:literal, $from:ident; )*) => {
        /// One kind of oddity. The names are stable: they are stored and counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Anomaly {
            $( #[doc = concat!($zh, " (", $en, ")")] $variant, )*
        }

        impl Anomaly {
            pub const ALL: &'static [Anomaly] = &[ $( Self::$variant, )* ];

            /// Stable name, such as `lower_case_crc`.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }

            pub const fn title_zh(self) -> &'static str {
                match self { $( Self::$variant => $zh, )* }
            }

            pub const fn title_en(self) -> &'static str {
                match self { $( Self::$variant => $en, )* }
            }

            /// The strictest grade that still accepts a packet with this oddity.
            pub const fn tolerated_from(self) -> Strictness {
                match self { $( Self::$variant => Strictness::$from, )* }
            }
        }
    };
}

anomalies! {
    ShortLengthField, "short_length_field", "长度字段不足4位", "length field has fewer than 4 digits", Standard;
    WrongLength, "wrong_length", "长度字段与数据段不符", "declared length differs from the data segment", Standard;
    LongSegment, "long_segment", "数据段超过1024字节", "data segment longer than 1024", Standard;
    LowerCaseCrc, "lower_case_crc", "CRC为小写", "lower-case CRC", Standard;
    ModbusCrc, "modbus_crc", "CRC按MODBUS计算", "CRC is CRC-16/MODBUS", Standard;
    NoQn, "no_qn", "没有QN", "no QN", Standard;
    BadQn, "bad_qn", "QN不是17位数字", "QN is not 17 digits", Standard;
    NoFlag, "no_flag", "没有Flag（2005版写法）", "no Flag (2005 style)", Standard;
    BadFlag, "bad_flag", "Flag不是0～255的数", "Flag is not a number from 0 to 255", Lenient;
    UnknownVersion, "unknown_version", "Flag中的版本号未知", "unknown version in Flag", Lenient;
    SplitMismatch, "split_mismatch", "拆分标志与PNUM/PNO不一致", "split bit and PNUM/PNO presence disagree", Standard;
    BadPart, "bad_part", "PNUM/PNO取值不对", "PNUM or PNO out of range", Standard;
    NonHexMn, "mn_not_24_hex", "MN不是24位十六进制", "MN is not 24 hex digits", Standard;
    NoPassword, "no_pw", "没有PW", "no PW", Standard;
    EmptyPassword, "empty_pw", "PW为空", "empty PW", Standard;
    HeaderOrder, "header_order", "报文头字段顺序不对", "header order", Standard;
    HeaderCase, "header_case", "报文头字段名大小写不对", "header key case", Standard;
    HeaderSeparator, "header_separator", "报文头分隔符不对", "wrong separator in the header", Standard;
    UnknownHeaderField, "unknown_header_field", "报文头有未知字段", "unknown header field", Standard;
    DuplicateHeaderField, "duplicate_header_field", "报文头字段重复", "duplicate header field", Lenient;
    NoCpDelimiters, "no_cp_delimiters", "CP缺少&&", "CP without its && delimiters", Lenient;
    ForeignCharset, "foreign_charset", "文字不是UTF-8", "text is not UTF-8", Standard;
    Encrypted, "encrypted", "数据区已加密", "encrypted data area", Strict;
    PrintedCiphertext, "printed_ciphertext", "密文以文本形式发送", "ciphertext sent as printed text", Standard;
    BlankAroundItem, "blank_around_item", "数据项前后有空格", "blank around item", Standard;
    BlankAroundEquals, "blank_around_equals", "等号前后有空格", "blank around =", Standard;
    EmptyItem, "empty_item", "CP中有空数据项（多余的;）", "empty item in CP (stray ;)", Standard;
    NoEquals, "no_equals", "数据项没有等号", "item without =", Lenient;
    DuplicateKey, "duplicate_key", "CP中字段重复", "duplicate key", Standard;
    LoneFlag, "lone_flag", "Flag单独成项", "Flag stands alone", Standard;
    EmptyValue, "empty_value", "值为空", "empty value", Standard;
    NotANumber, "not_a_number", "值不是数", "value is not a number", Standard;
    UnknownStatistic, "unknown_statistic", "未知的统计后缀", "unknown suffix after the factor code", Standard;
    UnknownFactor, "unknown_factor", "未知的因子编码", "unknown factor code", Standard;
    OldFactorCode, "old_factor_code", "使用2005版因子编码", "2005 factor code in a newer packet", Standard;
    NoDataTime, "no_data_time", "没有DataTime", "no DataTime", Lenient;
    BadDataTime, "bad_data_time", "DataTime不是14位数字", "DataTime is not 14 digits", Standard;
    RoundedNumber, "rounded_number", "数的位数过多，已舍入（原值在原始报文）", "a number has more digits than are kept, rounded (the raw frame has them)", Standard;
    ImpossibleDataTime, "impossible_data_time", "DataTime不是日历上的时间", "DataTime is no time of the calendar", Lenient;
}

/// A set of anomalies; 8 bytes, no allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anomalies(u64);

impl Anomalies {
    pub const NONE: Anomalies = Anomalies(0);

    pub fn add(&mut self, anomaly: Anomaly) {
        self.0 |= 1 << anomaly as u8;
    }

    #[must_use]
    pub const fn with(self, other: Anomalies) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn contains(self, anomaly: Anomaly) -> bool {
        self.0 & (1 << anomaly as u8) != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    pub fn iter(self) -> impl Iterator<Item = Anomaly> {
        Anomaly::ALL.iter().copied().filter(move |&anomaly| self.contains(anomaly))
    }

    /// The first oddity that this grade does not accept.
    pub fn intolerable(self, strictness: Strictness) -> Option<Anomaly> {
        if self.is_empty() || strictness == Strictness::Lenient {
            return None;
        }
        self.iter().find(|anomaly| anomaly.tolerated_from() > strictness)
    }
}

// One bit each.
const _: () = assert!(Anomaly::ALL.len() <= 64);
