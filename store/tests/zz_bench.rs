#![allow(clippy::unwrap_used, missing_docs)]
use analysis::period::WeekStart;
use intake::*;
use std::fs::File;
use std::path::Path;
use store::*;
#[tokio::test]
async fn bench() {
    let path = Path::new("/tmp/bench-intake/events.csv");
    let options = Options::new("UTC");
    let mapping = Mapping::new(&preview(File::open(path).unwrap(), &options).unwrap(), &options).unwrap();
    let t = std::time::Instant::now();
    let n = Rows::new(File::open(path).unwrap(), &mapping, jiff::Timestamp::now()).unwrap().count();
    println!("intake alone: {n} rows, {:.0} rows/s", n as f64 / t.elapsed().as_secs_f64());
    let pool = sqlx::PgPool::connect(&std::env::var("BENCH_URL").unwrap()).await.unwrap();
    let store = Store::new(pool);
    store.migrate().await.unwrap();
    let slug = format!("b{}", std::process::id());
    let w = store.create_workspace(&NewWorkspace { slug: slug.clone(), name: slug, zone: "UTC".into(), week_start: WeekStart::Monday, currency: "EUR".into() }).await.unwrap().id;
    for _ in 0..1 {
    let id = store.create_import(w, "x", mapping.kind(), path.metadata().unwrap().len()).await.unwrap();
    store.queue_import(w, id, &mapping).await.unwrap();
    let t = std::time::Instant::now();
    let s = store.run_import(w, id, path, |p| if p.rows % 500_000 == 0 { println!("{} {:.0}/s", p.rows, p.rows_per_second) }).await.unwrap();
    println!("{s:?} {:.0} rows/s", s.rows as f64 / t.elapsed().as_secs_f64());
    let rss = std::fs::read_to_string("/proc/self/status").unwrap();
    let st = std::fs::read_to_string("/proc/self/stat").unwrap();
    println!("cpu ticks (rows/s line) {:?}", st.split(' ').skip(13).take(2).collect::<Vec<_>>());
    println!("{}", rss.lines().find(|l| l.starts_with("VmHWM")).unwrap());
    }
}
