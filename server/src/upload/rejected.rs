//! Rows that could not be stored, as a file.

use ::exports::quote;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream::try_unfold;
use store::{ImportId, RejectedRow, Store, StoreError, WorkspaceId};

/// Rows fetched at a time. A row is cut after 8 KiB, so this is 16 MB at the worst.
const PAGE: u32 = 2_000;

/// All rejected rows of an import in the order of its file: line, reason, the row as one field. Page by page, so that
/// neither memory nor a connection is held for a reader who is slow.
pub(super) fn download(store: Store, workspace: WorkspaceId, id: ImportId) -> Response {
    let rows = try_unfold(Some(0), move |after| {
        let store = store.clone();
        async move {
            let Some(after) = after else {
                return Ok::<_, StoreError>(None);
            };
            let page = store
                .rejected_after(workspace, id, after, PAGE)
                .await
                .inspect_err(
                    |error| tracing::warn!(import = id.0, %error, "a download broke off"),
                )?;
            let mut text = String::new();
            if after == 0 {
                text.push_str("line,reason,row\r\n");
            }
            page.iter().for_each(|row| write(row, &mut text));
            let next = page.last().map(|last| last.line);
            Ok(Some((Bytes::from(text), next)))
        }
    });
    (
        [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"rejected-{}.csv\"", id.0),
            ),
        ],
        Body::from_stream(rows),
    )
        .into_response()
}

fn write(row: &RejectedRow, text: &mut String) {
    text.push_str(&row.line.to_string());
    for field in [&row.reason, &row.raw] {
        text.push(',');
        quote(field, text);
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused() {
        for (raw, expected) in [
            ("=1+1", "7,\"bad\",\"'=1+1\"\r\n"),
            ("+1", "7,\"bad\",\"'+1\"\r\n"),
            ("-1", "7,\"bad\",\"'-1\"\r\n"),
            ("@a", "7,\"bad\",\"'@a\"\r\n"),
            ("\ta", "7,\"bad\",\"'\ta\"\r\n"),
            ("\ra", "7,\"bad\",\"'\ra\"\r\n"),
            ("a,\"b\"\nc", "7,\"bad\",\"a,\"\"b\"\"\nc\"\r\n"),
            ("", "7,\"bad\",\"\"\r\n"),
        ] {
            let row = RejectedRow {
                line: 7,
                reason: "bad".to_owned(),
                raw: raw.to_owned(),
            };
            let mut text = String::new();
            write(&row, &mut text);
            assert_eq!(text, expected);
        }
    }
}
