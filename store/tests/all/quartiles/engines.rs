//! Both engines at a question about features.

use analysis::quartiles::{QuartileReport, Wanted};
use analysis::query::QuartileQuery;
use jiff::Timestamp;
use store::{Engine, Store, Workspace};

/// Asks both engines, whatever is wanted, which must agree; returns the whole report.
pub async fn agree(store: &Store, workspace: &Workspace, query: &QuartileQuery) -> QuartileReport {
    let by = async |engine, wanted| {
        store
            .quartiles_by(engine, workspace, query, wanted, Timestamp::MAX)
            .await
            .unwrap()
    };
    let whole = by(Engine::Reference, Wanted::Both).await;
    assert_eq!(by(Engine::Index, Wanted::Both).await, whole, "{query:#?}");
    assert_eq!(by(Engine::Fastest, Wanted::Both).await, whole);
    let scan = by(Engine::Index, Wanted::Scan).await;
    assert_eq!(
        (&scan.scan, scan.not_scanned),
        (&whole.scan, whole.not_scanned)
    );
    assert_eq!(scan.reading.all, whole.reading.all);
    let one = by(Engine::Index, Wanted::Feature).await;
    assert_eq!((&one.reading, &one.other), (&whole.reading, &whole.other));
    assert_eq!(
        (&one.experiment, &one.launch),
        (&whole.experiment, &whole.launch)
    );
    whole
}
