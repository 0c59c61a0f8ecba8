//! Both engines asked the same.

use analysis::period::Grain;
use analysis::query::{RetentionQuery, Unit, Window};
use analysis::report::RetentionReport;
use jiff::Timestamp;
use store::{Engine, Store, StoreError, Workspace};

/// The report of both engines, which must be the same; what the index leaves to the reference it must say so.
pub async fn agree(
    store: &Store,
    workspace: &Workspace,
    query: &RetentionQuery,
) -> RetentionReport {
    let by = |engine| store.retention_by(engine, workspace, query, Timestamp::MAX);
    let reference = by(Engine::Reference).await.unwrap();
    let by_anniversary = matches!(query.grain, Grain::Month | Grain::Quarter | Grain::Year);
    let properties = query.start_where.len() + query.active_where.len() + query.behaviours.len();
    let accounts = query.unit == Unit::Accounts || !query.account_filters.is_empty();
    if accounts || (query.window == Window::Rolling && by_anniversary) || properties > 0 {
        let none = by(Engine::Index).await;
        assert!(matches!(none, Err(StoreError::NotFound)), "{none:?}");
    } else {
        assert_eq!(by(Engine::Index).await.unwrap(), reference, "{query:#?}");
    }
    assert_eq!(by(Engine::Fastest).await.unwrap(), reference);
    reference
}
