//! Attachments of records: added, taken off with a reason, read. The original is for those who may edit the record;
//! everybody else gets photos without place and device.

use kernel::{Actor, ErrorCode, EventDraft, Id, Problem, Timestamp};
use store::event_log;

use super::write::{need, reason_of};
use super::{Register, refuse};
use crate::attachment::{self, MOST_FILES};
use crate::attachment_rows::{self, Attachment};
use crate::rows;
use crate::{photo, thumbnail};

const LONGEST_NOTE: usize = 200;

/// A file as somebody may have it.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub attachment: Attachment,
    pub bytes: Vec<u8>,
}

impl Register {
    /// Attaches a file to a record.
    pub fn attach(
        &self,
        actor: &Actor,
        record: Id,
        file_name: &str,
        note: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Attachment, Problem> {
        let accepted = attachment::accept(bytes)?;
        if note.chars().count() > LONGEST_NOTE {
            return Err(Problem::invalid(format!("说明最多 {LONGEST_NOTE} 字 (the note is too long)")));
        }
        let small = thumbnail::of(bytes, accepted.content_type);
        let attachment = Attachment {
            thumbnail: small.is_some(),
            editors_only: Some(photo::stripped(bytes).is_none()),
            hash: accepted.hash,
            file_name: kernel::upload::clean_name(file_name),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            content_type: accepted.content_type.to_owned(),
            note: note.trim().to_owned(),
            place: accepted.place.map(|(lon, lat)| format!("{lon:.6},{lat:.6}")),
            by: actor.name.clone(),
            at: now,
            removed: None,
        };
        self.store.write(|transaction| {
            let reader = transaction.as_reader();
            let found = rows::find(reader, self.division, record)?
                .ok_or_else(|| refuse(Problem::not_found(format!("没有记录 {record} (no such record)"))))?;
            need(actor, found.content.owner.as_deref())?;
            let there = attachment_rows::of_record(reader, self.division, record)?;
            let living = there.iter().filter(|one| one.removed.is_none());
            if living.clone().any(|one| one.hash == attachment.hash) {
                return Err(refuse(Problem::new(ErrorCode::NoTransition, "这个文件已经在了 (it is there already)")));
            }
            if living.count() as i64 >= MOST_FILES {
                let what = format!("一条记录最多 {MOST_FILES} 个附件 (too many attachments)");
                return Err(refuse(Problem::new(ErrorCode::TooMany, what)));
            }
            attachment_rows::add(transaction, self.division, record, &attachment, Some(bytes))?;
            if let Some(small) = &small {
                attachment_rows::keep_thumbnail(transaction, self.division, &attachment.hash, small)?;
            }
            let event = EventDraft {
                kind: "register.attached",
                actor: actor.id.to_string(),
                subject: record.to_string(),
                payload: serde_json::json!({ "hash": attachment.hash, "file_name": attachment.file_name }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(())
        })?;
        Ok(attachment)
    }

    /// Takes a file off a record; its bytes stay, so that history can be shown.
    pub fn take_off(&self, actor: &Actor, record: Id, hash: &str, reason: &str, now: Timestamp) -> Result<(), Problem> {
        let reason = reason_of(reason, false)?;
        self.store.write(|transaction| {
            let reader = transaction.as_reader();
            let found = rows::find(reader, self.division, record)?
                .ok_or_else(|| refuse(Problem::not_found(format!("没有记录 {record} (no such record)"))))?;
            need(actor, found.content.owner.as_deref())?;
            let there = attachment_rows::of_record(reader, self.division, record)?;
            if !there.iter().any(|one| one.hash == hash && one.removed.is_none()) {
                return Err(refuse(Problem::not_found("没有这个附件 (no such attachment)")));
            }
            attachment_rows::take_off(transaction, self.division, record, hash, &reason)?;
            let event = EventDraft {
                kind: "register.attachment_removed",
                actor: actor.id.to_string(),
                subject: record.to_string(),
                payload: serde_json::json!({ "hash": hash, "reason": reason }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(())
        })?;
        Ok(())
    }

    /// Attachments of a record that the actor may see; what was taken off is for those who may edit.
    pub fn attachments(&self, actor: &Actor, record: Id) -> Result<Vec<Attachment>, Problem> {
        let record = self.record(actor, record)?;
        let edits = need(actor, record.content.owner.as_deref()).is_ok();
        let all = self.store.read(|reader| attachment_rows::of_record(reader, self.division, record.id))?;
        let seen = all.into_iter().filter(|one| edits || one.removed.is_none());
        Ok(seen.map(|one| Attachment { place: one.place.filter(|_| edits), ..one }).collect())
    }

    /// The small picture of an attachment as somebody may have it; the file itself where there is none.
    pub fn attached_thumbnail(&self, actor: &Actor, record: Id, hash: &str) -> Result<File, Problem> {
        let seen = self.attachments(actor, record)?.into_iter().find(|one| one.hash == hash && one.thumbnail);
        if let Some(attachment) = seen {
            let small = self.store.read(|reader| attachment_rows::thumbnail_of(reader, self.division, hash))?;
            if let Some(bytes) = small {
                let attachment = Attachment { content_type: "image/jpeg".to_owned(), ..attachment };
                return Ok(File { attachment, bytes });
            }
        }
        self.attached_file(actor, record, hash)
    }

    pub fn attached_file(&self, actor: &Actor, record: Id, hash: &str) -> Result<File, Problem> {
        let unknown = || Problem::not_found("没有这个附件 (no such attachment)");
        let owner = self.record(actor, record)?.content.owner;
        let attachment =
            self.attachments(actor, record)?.into_iter().find(|one| one.hash == hash).ok_or_else(unknown)?;
        let bytes = self.store.read(|reader| attachment_rows::bytes_of(reader, self.division, hash))?;
        let bytes = bytes.ok_or_else(unknown)?;
        if need(actor, owner.as_deref()).is_ok() {
            return Ok(File { attachment, bytes });
        }
        let bytes = photo::stripped(&bytes).ok_or_else(|| {
            let what = "这个文件里的地点、设备和时间去不掉，只给能改这条记录的人 (what it tells of place, device and time cannot \
                        be taken out: for editors only)";
            Problem::new(ErrorCode::NotAllowed, what)
        })?;
        Ok(File { attachment, bytes })
    }
}
