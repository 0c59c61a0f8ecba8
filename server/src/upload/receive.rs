//! A form with a file, streamed to disk: memory stays the same for any size, and what is not taken leaves nothing.

use super::refusal::Refusal;
use crate::imports::PARTIAL;
use app::api::imports::Uploads;
use axum::body::Bytes;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_LENGTH;
use futures::{Stream, StreamExt};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use store::{Look, Said};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;

/// Most bytes of a file. A gzip file of this size holds several billion rows, days of work for one machine, while a
/// sender gone astray has not yet filled a common disk. Said on the page as well.
const LIMIT: u64 = 20 * 1_000_000_000;

/// Most bytes of another field.
const TEXT: usize = 4 * 1024;

/// Characters of a file's name that are kept, for show.
const NAME: usize = 200;

/// A form as it came.
pub(super) struct Form {
    texts: BTreeMap<String, String>,
    /// The file, if one was chosen.
    pub(super) file: Option<Received>,
}

impl Form {
    /// A field's text; empty when it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }
}

/// A file that was wholly received. It is removed again unless it is kept.
pub(super) struct Received {
    part: TempPath,
    /// What the sender calls it, for show.
    pub(super) name: String,
    /// Its size.
    pub(super) bytes: u64,
}

impl Received {
    /// What the file is.
    pub(super) async fn look(&self, zone: &str) -> Result<Look, Refusal> {
        let path = self.part.to_path_buf();
        Ok(store::look(path, zone.to_owned(), Said::default()).await?)
    }

    /// Gives it its place.
    pub(super) fn keep(self, place: &Path) -> io::Result<()> {
        Ok(self.part.persist(place)?)
    }
}

/// Receives a form with these fields, of which `file` is one.
///
/// A file that is not taken is read to its end all the same: a browser shows no answer before it has sent everything.
pub(super) async fn receive(
    request: Request,
    uploads: &Uploads,
    fields: &[&str],
) -> Result<Form, Refusal> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| Refusal::Form)?;
    let mut form = Form {
        texts: BTreeMap::new(),
        file: None,
    };
    while let Some(field) = parts.next_field().await.map_err(|_| Refusal::CutOff)? {
        let name = field.name().unwrap_or_default().to_owned();
        if !fields.contains(&name.as_str()) {
            return Err(Refusal::Form);
        }
        if name != "file" {
            let text = text(field).await?;
            form.texts.insert(name, text);
        } else if form.file.is_none() {
            form.file = file(field, uploads, announced).await?;
        } else {
            return Err(Refusal::Form);
        }
    }
    Ok(form)
}

async fn text(mut field: Field<'_>) -> Result<String, Refusal> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|_| Refusal::CutOff)? {
        text.extend_from_slice(&chunk);
        if text.len() > TEXT {
            return Err(Refusal::Form);
        }
    }
    String::from_utf8(text).map_err(|_| Refusal::Form)
}

/// The file; none when the form was sent without one.
async fn file(
    mut field: Field<'_>,
    uploads: &Uploads,
    announced: Option<u64>,
) -> Result<Option<Received>, Refusal> {
    let name = shown_name(field.file_name().unwrap_or_default());
    if announced.is_some_and(|announced| announced > LIMIT) {
        copy(&mut field, &mut tokio::io::sink(), LIMIT).await?;
        return Err(Refusal::TooLarge(LIMIT));
    }
    let (file, part) = tempfile::Builder::new()
        .suffix(PARTIAL)
        .tempfile_in(uploads.folder())?
        .into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let bytes = copy(&mut field, &mut file, LIMIT).await?;
    if bytes == 0 && name.is_empty() {
        return Ok(None);
    }
    Ok(Some(Received { part, name, bytes }))
}

/// Writes what comes, at most `limit` bytes, and returns how many there were. Once something is wrong the rest is read
/// and forgotten, up to as much again.
async fn copy<E>(
    mut from: impl Stream<Item = Result<Bytes, E>> + Unpin,
    to: &mut (impl AsyncWriteExt + Unpin),
    limit: u64,
) -> Result<u64, Refusal> {
    let mut bytes: u64 = 0;
    let mut refusal = None;
    while let Some(chunk) = from.next().await {
        let chunk = chunk.map_err(|_| Refusal::CutOff)?;
        bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if bytes > limit {
            refusal.get_or_insert(Refusal::TooLarge(limit));
            if bytes > limit.saturating_mul(2) {
                break;
            }
        }
        if refusal.is_none()
            && let Err(error) = to.write_all(&chunk).await
        {
            refusal = Some(error.into());
        }
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    to.flush().await?;
    Ok(bytes)
}

/// A sender's name for a file: without its folders and without anything that does not print.
fn shown_name(given: &str) -> String {
    let bare = given.rsplit(['/', '\\']).next().unwrap_or_default();
    bare.chars()
        .filter(|letter| !letter.is_control())
        .take(NAME)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream::iter;

    fn chunks(texts: &[&'static str]) -> impl Stream<Item = Result<Bytes, ()>> + Unpin {
        let chunks: Vec<_> = texts
            .iter()
            .map(|text| match *text {
                "broken" => Err(()),
                text => Ok(Bytes::from_static(text.as_bytes())),
            })
            .collect();
        iter(chunks)
    }

    #[tokio::test]
    async fn a_stream_is_taken_up_to_its_limit() {
        let mut kept = Vec::new();
        let bytes = copy(chunks(&["abc", "de"]), &mut kept, 5).await;
        assert_eq!(
            (bytes.ok(), kept.as_slice()),
            (Some(5), b"abcde".as_slice())
        );

        let mut kept = Vec::new();
        let refused = copy(chunks(&["abc", "def", "gh"]), &mut kept, 5).await;
        assert!(matches!(refused, Err(Refusal::TooLarge(5))));
        assert_eq!(kept, b"abc");

        let mut rest = chunks(&["abcdef", "abcdef", "left"]);
        let refused = copy(&mut rest, &mut tokio::io::sink(), 5).await;
        assert!(matches!(refused, Err(Refusal::TooLarge(5))));
        assert!(rest.next().await.is_some(), "not read for ever");

        let refused = copy(chunks(&["abc", "broken"]), &mut tokio::io::sink(), 5).await;
        assert!(matches!(refused, Err(Refusal::CutOff)));
    }

    #[tokio::test]
    async fn a_full_disk_is_told_as_such() {
        let mut full = tokio::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .await
            .unwrap();
        let mut rest = chunks(&["abc", "def"]);
        let refused = copy(&mut rest, &mut full, 100).await;
        assert!(matches!(refused, Err(Refusal::DiskFull)));
        assert!(rest.next().await.is_none(), "read to its end");
    }

    #[test]
    fn names_are_for_show_only() {
        for (given, expected) in [
            ("events.csv", "events.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\events.csv", "events.csv"),
            ("a\0b\r\nc.csv", "abc.csv"),
            ("", ""),
        ] {
            assert_eq!(shown_name(given), expected);
        }
        assert_eq!(shown_name(&"ü".repeat(300)).chars().count(), NAME);
    }
}
