//! Named oddities of what comes in (异常), beside those of the wire protocol itself. Names are stored and
//! counted; they never change their meaning.

use hj212::packet::PacketError;
use hj212::{Anomaly, RefusalKind};
use kernel::Name;

macro_rules! names {
    ($( $constant:ident, $name:literal, $zh:literal, $en:literal; )*) => {
        $( #[doc = concat!($zh, " (", $en, ")")] pub const $constant: &str = $name; )*

        const OWN: &[(&str, &str, &str)] = &[ $( ($name, $zh, $en), )* ];
    };
}

names! {
    BAD_CRC, "bad_crc", "CRC校验不对，已拒收", "wrong CRC, refused";
    MODBUS_CRC_REFUSED, "modbus_crc_refused", "CRC按MODBUS计算而该站不允许，已拒收", "MODBUS CRC where the station does not allow it, refused";
    NOT_DECRYPTED, "not_decrypted", "密文无法解密（密钥不对或未配置），已拒收", "ciphertext that no key opens, refused";
    WRONG_PASSWORD, "wrong_password", "访问密码不对，已拒收", "wrong password, refused";
    ADDRESS_NOT_ALLOWED, "address_not_allowed", "来源地址不在白名单，已拒收", "address not on the station's list, refused";
    EDITION_DIFFERS, "edition_differs", "协议版本与登记的不同", "edition differs from the registered one";
    NO_BINDING, "no_binding", "设备已登记，但此系统编码或时间没有绑定点位，已隔离", "known device without a binding for this system code or time, quarantined";
    UNKNOWN_DEVICE, "unknown_device", "设备未登记，已隔离", "unknown device, quarantined";
    QUARANTINE_FULL, "quarantine_full", "此设备在隔离区的报文已满，已拒收", "the device's places in quarantine are taken, refused";
    QUARANTINE_DEVICES_FULL, "quarantine_devices_full", "隔离区设备数已满，已拒收", "too many devices in quarantine, refused";
    NOT_STORED, "not_stored", "数据无法入库，未应答", "could not be stored, not acknowledged";
    FUTURE_DATA_TIME, "future_data_time", "数据时间在未来：已入库，不参与评价", "data time in the future: stored, never judged";
    TOO_MANY_FACTORS, "too_many_factors", "因子编码过多，其值只留在原始报文", "too many factor codes, value left in the raw frame";
    PERIOD_UNKNOWN, "period_unknown", "时段数据没有可读的DataTime：只留原始报文，不入库", "a value of a period without a readable DataTime: the raw frame is kept, no value is stored";
    CLOCK_OFF, "clock_off", "现场机时钟偏差超过5分钟", "device clock is off by more than 5 minutes";
    FRAME_TIMEOUT, "frame_timeout", "报文长时间不完整，连接已关闭", "a frame stayed incomplete, connection closed";
    IDLE_TIMEOUT, "idle_timeout", "长时间无报文，连接已关闭", "nothing heard for long, connection closed";
    NOT_READING, "not_reading", "对方不接收应答，连接已关闭", "the peer does not read its answers, connection closed";
    TOO_MUCH_GARBAGE, "too_much_garbage", "无法识别的字节过多，连接已关闭", "too many bytes that are no frames, connection closed";
    TOO_MANY_CONNECTIONS, "too_many_connections", "连接数超限，已拒绝", "too many connections, refused";
    TOO_MANY_FROM_ADDRESS, "too_many_from_address", "同一地址连接数超限，已拒绝", "too many connections from one address, refused";
    COMMAND_FROM_DEVICE, "command_from_device", "收到平台下行命令，未执行", "a platform-to-device command came in, not executed";
    UNKNOWN_COMMAND, "unknown_command", "未知的命令编码", "unknown command code";
    UNEXPECTED_ANSWER, "unexpected_answer", "应答没有对应的命令", "an answer to no command of ours";
    BAD_JSON, "bad_json", "MQTT消息不是约定的JSON，已拒收", "MQTT message is not the agreed JSON, refused";
    BAD_TOPIC, "bad_topic", "MQTT主题不是 qingshan/MN/CN，已拒收", "MQTT topic is not qingshan/MN/CN, refused";
}

/// What an anomaly is called; an unknown name (of a newer version) stands for itself.
pub fn title(name: &str) -> Name {
    if let Some(&(_, zh, en)) = OWN.iter().find(|own| own.0 == name) {
        return Name::new(zh, en);
    }
    if let Some(anomaly) = Anomaly::ALL.iter().find(|anomaly| anomaly.name() == name) {
        return Name::new(anomaly.title_zh(), anomaly.title_en());
    }
    if let Some(kind) = RefusalKind::ALL.iter().find(|kind| kind.name() == name) {
        return Name::new(kind.title_zh(), kind.title_en());
    }
    if let Some(error) = PacketError::ALL.iter().find(|error| error.name() == name) {
        return Name::new(error.title_zh(), error.title_en());
    }
    Name::new(name, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_unique_and_has_both_titles() {
        let mut names: Vec<&str> = OWN.iter().map(|own| own.0).collect();
        names.extend(Anomaly::ALL.iter().map(|anomaly| anomaly.name()));
        names.extend(RefusalKind::ALL.iter().map(|kind| kind.name()));
        names.extend(PacketError::ALL.iter().map(|error| error.name()));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| title(name).zh != *name && title(name).en != *name));
    }
}
