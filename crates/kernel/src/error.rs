//! Numbered errors that a user or integrator can look up; each maps to one HTTP status.
//! The table in `docs/errors.md` says what to do for each; a test keeps the two equal.

/// What went wrong, by number. Numbers never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    NotSignedIn,
    WrongCredentials,
    NotAllowed,
    SetupClosed,
    NotFound,
    InvalidInput,
    RevisionConflict,
    OwnerMayNotClose,
    EvidenceMissing,
    NoTransition,
    TooLarge,
    TooMany,
    Busy,
    StationNotConnected,
    StoreFull,
    Internal,
}

impl ErrorCode {
    pub const ALL: [ErrorCode; 16] = [
        Self::NotSignedIn,
        Self::WrongCredentials,
        Self::NotAllowed,
        Self::SetupClosed,
        Self::NotFound,
        Self::InvalidInput,
        Self::RevisionConflict,
        Self::OwnerMayNotClose,
        Self::EvidenceMissing,
        Self::NoTransition,
        Self::TooLarge,
        Self::TooMany,
        Self::Busy,
        Self::StationNotConnected,
        Self::StoreFull,
        Self::Internal,
    ];

    /// Number, HTTP status, title in Chinese, title in English.
    pub const fn describe(self) -> (&'static str, u16, &'static str, &'static str) {
        match self {
            Self::NotSignedIn => ("QS-1001", 401, "未登录", "not signed in"),
            Self::WrongCredentials => ("QS-1002", 401, "用户名或密码不对", "wrong name or password"),
            Self::NotAllowed => ("QS-1003", 403, "无此权限", "not allowed"),
            Self::SetupClosed => ("QS-1004", 403, "初始化链接无效或已用过", "the set-up link is not valid any more"),
            Self::NotFound => ("QS-2001", 404, "没有这个对象", "no such thing"),
            Self::InvalidInput => ("QS-2002", 422, "输入有误", "invalid input"),
            Self::RevisionConflict => ("QS-2003", 409, "已被别人修改", "changed by somebody else"),
            Self::OwnerMayNotClose => ("QS-3001", 403, "不能由承办人自己关闭", "nobody closes their own case"),
            Self::EvidenceMissing => ("QS-3002", 422, "缺少证据", "evidence is missing"),
            Self::NoTransition => ("QS-3003", 409, "当前状态不能这样做", "not possible in this state"),
            Self::TooLarge => ("QS-4001", 413, "内容过大", "too large"),
            Self::TooMany => ("QS-4002", 429, "请求过多", "too many requests"),
            Self::Busy => ("QS-4003", 503, "正忙", "busy"),
            Self::StationNotConnected => ("QS-5001", 409, "站点未连接", "the station is not connected"),
            Self::StoreFull => ("QS-9001", 507, "存储空间已满", "the disk is full"),
            Self::Internal => ("QS-9999", 500, "内部错误", "internal error"),
        }
    }
}

/// An error on its way to a user: the number, and what was being done.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {detail}", code.describe().0)]
pub struct Problem {
    pub code: ErrorCode,
    /// Chinese first, English second where both are known.
    pub detail: String,
}

impl Problem {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::NotFound, what.to_string())
    }

    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidInput, detail)
    }
}
